// SPDX-License-Identifier: Apache-2.0
// Any bytes as captured calls, for signatures with every role and kind of element; what is read comes back
// from JSON and from a blob as it was. Any bytes as a packed corpus, too.
#include "steps/shared/target/captured.h"
#include "steps/shared/target/generate.h"

#include <stdlib.h>

enum { CORPUS_BYTES = 1 << 20, TRIED_CALLS = 20, FRESH_CALLS = 12 };

#define HEADER                                                                                         \
    "\"members\": {\"name\": {\"type\": \"const char *\", \"role\": \"text\"}, \"value\": {\"type\": " \
    "\"char *\", "                                                                                     \
    "\"role\": \"inout\", \"length\": \"nul\"}}"

// The parameters of the signatures, as benchmark files have them.
static const char *const params[] = {
    "\"in\": {\"type\": \"const char *\", \"role\": \"in\"},"
    "\"in_len\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"in\"},"
    "\"out\": {\"type\": \"char *\", \"role\": \"out\", \"length\": \"result\"},"
    "\"out_cap\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"out\"}",
    "\"a\": {\"type\": \"const int *\", \"role\": \"in\", \"of\": \"f\"},"
    "\"o\": {\"type\": \"short *\", \"role\": \"out\", \"of\": \"f\"},"
    "\"d\": {\"type\": \"double *\", \"role\": \"inout\", \"of\": \"f\"},"
    "\"f\": {\"type\": \"const float *\", \"role\": \"in\"},"
    "\"n\": {\"type\": \"int\", \"role\": \"count\", \"of\": \"f\"}",
    "\"t\": {\"type\": \"const char *\", \"role\": \"text\"},"
    "\"p\": {\"type\": \"uint64_t *\", \"role\": \"inout\", \"count\": 1},"
    "\"q\": {\"type\": \"bool *\", \"role\": \"out\", \"count\": 4},"
    "\"u\": {\"type\": \"uint16_t\", \"role\": \"scalar\"},"
    "\"b\": {\"type\": \"bool\", \"role\": \"scalar\"},"
    "\"x\": {\"type\": \"double\", \"role\": \"scalar\"}",
    "\"s\": {\"type\": \"struct s *\", \"element\": \"struct s\", \"role\": \"inout\", \"count\": 1, "
    "\"members\": {"
    "  \"x\": {\"type\": \"short\", \"role\": \"scalar\"}, \"on\": {\"type\": \"bool\", \"role\": "
    "\"scalar\"},"
    "  \"at\": {\"type\": \"struct p\", \"element\": \"struct p\", \"role\": \"scalar\", \"members\": {"
    "    \"y\": {\"type\": \"float\", \"role\": \"scalar\"}}},"
    "  \"name\": {\"type\": \"char [8]\", \"role\": \"array\", \"length\": \"nul\"},"
    "  \"sides\": {\"type\": \"uint16_t [3]\", \"role\": \"array\"},"
    "  \"v\": {\"type\": \"int *\", \"role\": \"inout\"},"
    "  \"n\": {\"type\": \"uint8_t\", \"role\": \"count\", \"of\": \"v\"},"
    "  \"h\": {\"type\": \"struct h *\", \"element\": \"struct h\", \"role\": \"inout\", " HEADER "},"
    "  \"hn\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"h\"}}},"
    "\"by\": {\"type\": \"struct h\", \"element\": \"struct h\", \"role\": \"scalar\", " HEADER "}",
    "\"l\": {\"type\": \"const char *const *\", \"element\": \"char *\", \"role\": \"in\"},"
    "\"ln\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"l\"},"
    "\"z\": {\"type\": \"char **\", \"element\": \"char *\", \"role\": \"text\"},"
    "\"e\": {\"type\": \"char *\", \"role\": \"inout\", \"length\": \"nul\"},"
    "\"r\": {\"type\": \"char *\", \"role\": \"inout\", \"length\": \"nul\"},"
    "\"rn\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"r\"},"
    "\"c\": {\"type\": \"struct t *\", \"role\": \"context\", \"setup\": \"make\", \"members\": {"
    "  \"size\": {\"type\": \"size_t\", \"role\": \"scalar\"}}}",
};
enum { SIGNATURES = sizeof(params) / sizeof(params[0]) };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// What was read must come back the same.
static void
expect(bool same)
{
    if (!same)
        abort();
}

static void
try_json(const struct corpus *corpus, const struct signature *signature)
{
    struct corpus back;
    struct err err;
    corpus_init(&back, CORPUS_BYTES);
    for (size_t i = 0; i < corpus->count && i < TRIED_CALLS; i++) {
        AUTO_JSON *call = corpus_call_json(corpus, i, signature);
        expect(captured_add(&back, signature, call, "back", &err) == 0);
        expect(str_eq(corpus_call(corpus, i), corpus_call(&back, i)));
    }
    corpus_release(&back);
}

static void
try_blob(const struct corpus *corpus)
{
    AUTO_BUF packed = BUF(2 * CORPUS_BYTES + 8);
    struct corpus back;
    struct err err;
    corpus_pack(corpus, &packed);
    expect(corpus_unpack(buf_str(&packed), &back, &err) == 0);
    expect(back.count == corpus->count && str_eq(buf_str(&back.bytes), buf_str(&corpus->bytes)));
    corpus_release(&back);
}

static void
try_bytes(struct str bytes, const struct signature *signature)
{
    struct corpus corpus;
    struct err err;
    if (corpus_unpack(bytes, &corpus, &err) == 0)
        for (size_t i = 0; i < corpus.count && i < TRIED_CALLS; i++)
            json_decref(corpus_call_json(&corpus, i, signature));
    corpus_release(&corpus);
}

// Fresh calls like those that were read are calls, too.
static void
try_fresh(const struct corpus *corpus, const struct signature *signature)
{
    struct corpus fresh;
    struct err err;
    struct rng rng;
    if (corpus->count == 0)
        return;
    AUTO_JSON *learned = distribution_of(corpus, signature);
    corpus_init(&fresh, CORPUS_BYTES);
    rng_init(&rng, corpus->bytes.len, 1);
    if (generate_calls(&fresh, signature, learned, corpus, &rng, FRESH_CALLS, &err) == 0)
        try_json(&fresh, signature);
    corpus_release(&fresh);
}

// The signatures, read once for all runs.
static const struct signature *
signatures(void)
{
    static struct signature list[SIGNATURES];
    static struct arena arena;
    struct err err;
    for (size_t i = 0; i < SIGNATURES && list[i].result_type == NULL; i++) {
        const char *text = arena_printf(&arena, "{\"result\": \"int\", \"params\": {%s}}", params[i]);
        AUTO_JSON *json = json_read(str_of(text), "signature", &err);
        expect(json != NULL && signature_from_json(&arena, json, &list[i], &err) == 0);
    }
    return list;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = str_n((const char *)bytes, size);
    for (size_t i = 0; i < SIGNATURES; i++) {
        const struct signature *signature = &signatures()[i];
        struct corpus train, holdout;
        struct err err;
        corpus_init(&train, CORPUS_BYTES);
        corpus_init(&holdout, CORPUS_BYTES);
        if (captured_read(text, "fuzz", signature, &train, &holdout, &err) == 0) {
            try_json(&train, signature);
            try_json(&holdout, signature);
            try_blob(&train);
            try_fresh(&train, signature);
        }
        try_bytes(text, signature);
        corpus_release(&train);
        corpus_release(&holdout);
    }
    return 0;
}
