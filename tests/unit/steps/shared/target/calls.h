// SPDX-License-Identifier: Apache-2.0
// Signatures and calls for tests, both as JSON text. Everything aborts the test when it fails.
#ifndef ATOLL_TESTS_TARGET_CALLS_H
#define ATOLL_TESTS_TARGET_CALLS_H

#include "steps/shared/target/captured.h"
#include "tests/unit/unit.h"

struct calls {
    struct arena arena;
    struct err err;
    struct signature signature;
    struct corpus corpus;
};

#define AUTO_CALLS __attribute__((cleanup(calls_release))) struct calls

// An empty corpus for a signature whose parameters are given as the members of an object, without its braces;
// the result is an int. At most 1 MiB.
static inline struct calls
calls_of(const char *params)
{
    struct calls calls = {0};
    const char *text = arena_printf(&calls.arena, "{\"result\": \"int\", \"params\": {%s}}", params);
    AUTO_JSON *json = json_read(str_of(text), "signature", &calls.err);

    ck_assert_msg(json != NULL, "%s", calls.err.message);
    ck_assert_msg(signature_from_json(&calls.arena, json, &calls.signature, &calls.err) == 0, "%s",
                  calls.err.message);
    corpus_init(&calls.corpus, 1 << 20);
    return calls;
}

// Frees what calls_of made.
static inline void
calls_release(struct calls *calls)
{
    corpus_release(&calls->corpus);
    arena_release(&calls->arena);
}

// Adds a call given as the text of its arguments' array. 0 or -1.
static inline int
calls_add(struct calls *calls, const char *arguments)
{
    AUTO_JSON *json = json_read(str_of(arguments), "arguments", &calls->err);

    ck_assert_msg(json != NULL, "%s", calls->err.message);
    return captured_add(&calls->corpus, &calls->signature, json, "x.jsonl:7", &calls->err);
}

// Call `index` as compact JSON. The arena's.
static inline const char *
calls_text(struct calls *calls, size_t index)
{
    AUTO_JSON *json = corpus_call_json(&calls->corpus, index, &calls->signature);
    char *compact = json_compact(json);
    const char *text = arena_dup(&calls->arena, compact);

    free(compact);
    return text;
}

// Parameters of a function like `int f(const char *in, size_t len, char *out, size_t cap)`.
#define CALLS_COPY                                                          \
    "\"in\": {\"type\": \"const char *\", \"role\": \"in\"},"               \
    "\"len\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"in\"}," \
    "\"out\": {\"type\": \"char *\", \"role\": \"out\"},"                   \
    "\"cap\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"out\"}"

#endif
