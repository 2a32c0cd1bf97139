// SPDX-License-Identifier: Apache-2.0
// Any bytes as captured calls, for signatures with every role and kind of element; what is read comes back
// from JSON and from a blob as it was. Any bytes as a packed corpus, too.
#include "steps/shared/target/captured.h"

#include <stdlib.h>

enum { CORPUS_BYTES = 1 << 20, TRIED_CALLS = 20 };

static struct parameter copies[] = {
    {"in", "const char *", "char", CELL_IN, -1, 1, true, false, false, 0, 0, 0},
    {"in_len", "size_t", "size_t", CELL_COUNT, 0, 8, false, false, false, 0, 0, 0},
    {"out", "char *", "char", CELL_OUT, -1, 1, true, false, true, 0, 0, 0},
    {"out_cap", "size_t", "size_t", CELL_COUNT, 2, 8, false, false, false, 0, 0, 0},
};
static struct parameter shares[] = {
    {"a", "const int *", "int", CELL_IN, 3, 4, true, false, false, 0, 0, 0},
    {"o", "short *", "short", CELL_OUT, 3, 2, true, false, false, 0, 0, 0},
    {"d", "double *", "double", CELL_INOUT, 3, 8, true, true, false, 0, 0, 0},
    {"f", "const float *", "float", CELL_IN, -1, 4, true, true, false, 0, 0, 0},
    {"n", "int", "int", CELL_COUNT, 3, 4, true, false, false, 0, 0, 0},
};
static struct parameter values[] = {
    {"t", "const char *", "char", CELL_TEXT, -1, 1, true, false, false, 0, 0, 0},
    {"p", "uint64_t *", "uint64_t", CELL_INOUT, -1, 8, false, false, false, 1, 0, 0},
    {"q", "bool *", "bool", CELL_OUT, -1, 1, false, false, false, 4, 0, 0},
    {"u", "uint16_t", "uint16_t", CELL_SCALAR, -1, 2, false, false, false, 0, 0, 0},
    {"b", "bool", "bool", CELL_SCALAR, -1, 1, false, false, false, 0, 0, 0},
    {"x", "double", "double", CELL_SCALAR, -1, 8, true, true, false, 0, 0, 0},
};
static const struct signature signatures[] = {
    {"int", "int", 4, true, false, copies, sizeof(copies) / sizeof(copies[0])},
    {"int", "int", 4, true, false, shares, sizeof(shares) / sizeof(shares[0])},
    {"void", "void", 0, false, false, values, sizeof(values) / sizeof(values[0])},
};

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

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct str text = str_n((const char *)bytes, size);
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        struct corpus train, holdout;
        struct err err;
        corpus_init(&train, CORPUS_BYTES);
        corpus_init(&holdout, CORPUS_BYTES);
        if (captured_read(text, "fuzz", &signatures[i], &train, &holdout, &err) == 0) {
            try_json(&train, &signatures[i]);
            try_json(&holdout, &signatures[i]);
            try_blob(&train);
        }
        try_bytes(text, &signatures[i]);
        corpus_release(&train);
        corpus_release(&holdout);
    }
    return 0;
}
