// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/generate.h"

#include "tests/unit/steps/shared/target/calls.h"

#include <math.h>

#define EVERYTHING                                                                      \
    "\"a\": {\"type\": \"const int *\", \"role\": \"in\"},"                             \
    "\"b\": {\"type\": \"double *\", \"role\": \"inout\", \"of\": \"a\"},"              \
    "\"o\": {\"type\": \"char *\", \"role\": \"out\", \"of\": \"a\"},"                  \
    "\"n\": {\"type\": \"size_t\", \"role\": \"count\", \"of\": \"a\"},"                \
    "\"t\": {\"type\": \"const char *\", \"role\": \"text\"},"                          \
    "\"f\": {\"type\": \"float *\", \"role\": \"inout\", \"count\": 5},"                \
    "\"g\": {\"type\": \"const bool *\", \"role\": \"in\", \"count\": 40},"             \
    "\"x\": {\"type\": \"int\", \"role\": \"scalar\", \"min\": -5, \"max\": 1000},"     \
    "\"y\": {\"type\": \"double\", \"role\": \"scalar\", \"min\": -0.5, \"max\": 100}," \
    "\"q\": {\"type\": \"short *\", \"role\": \"out\"},"                                \
    "\"m\": {\"type\": \"int8_t\", \"role\": \"count\", \"of\": \"q\"}"

enum { A, B, O, N, T, F, G, X, Y, Q, M };

static double
real_of(uint64_t bits)
{
    double real;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

// Every call of EVERYTHING keeps what the signature says.
static void
check_calls(const struct calls *calls)
{
    struct corpus_part p[SIGNATURE_PARAMETERS_MAX];
    for (size_t i = 0; i < calls->corpus.count; i++) {
        corpus_call_parts(&calls->corpus, i, &calls->signature, p);
        ck_assert_uint_eq(p[A].content.len, 4 * p[A].value);
        ck_assert_uint_eq(p[B].value, p[A].value);
        ck_assert_uint_eq(p[O].value, p[A].value);
        for (size_t k = 0; k < p[B].value; k++) {
            double real;
            memcpy(&real, p[B].content.ptr + 8 * k, 8);
            ck_assert(isfinite(real));
        }
        ck_assert_uint_eq(p[T].content.len, p[T].value);
        ck_assert_int_eq(str_find_byte(p[T].content, '\0'), -1);
        ck_assert_int_eq(p[T].content.ptr ? p[T].content.ptr[p[T].value] : 0, 0);
        ck_assert_uint_eq(p[F].value, 5);
        ck_assert_uint_eq(p[G].value, 40);
        for (size_t k = 0; k < 40; k++)
            ck_assert_uint_le((unsigned char)p[G].content.ptr[k], 1);
        ck_assert((int64_t)p[X].value >= -5 && (int64_t)p[X].value <= 1000);
        ck_assert(real_of(p[Y].value) >= -0.5 && real_of(p[Y].value) <= 100);
        ck_assert_uint_le(p[Q].value, 127);
    }
}

START_TEST(calls_keep_the_signature)
{
    AUTO_CALLS calls = calls_of(EVERYTHING), like = calls_of(EVERYTHING);
    corpus_release(&calls.corpus);
    corpus_init(&calls.corpus, 64 << 20);
    struct rng rng;
    rng_init(&rng, 1, 2);
    AUTO_JSON *unknown = distribution_of(&like.corpus, &like.signature);

    ck_assert_int_eq(
        generate_calls(&calls.corpus, &calls.signature, unknown, &like.corpus, &rng, 300, &calls.err), 0);
    ck_assert_uint_eq(calls.corpus.count, 300);
    ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, unknown, &rng, &calls.err), 0);
    for (int k = 0; k < 20; k++)
        ck_assert_msg(
            calls_add(&like, arena_printf(&like.arena,
                                          "[[%d, 2, 3], [0.5, 1, -7], null, 3, \"word %d\", [1,2,3,4,5], "
                                          "\"\\u0001%039d\", %d, 0.5, null, 100]",
                                          k, k, 0, k)) == 0,
            "%s", like.err.message);
    AUTO_JSON *learned = distribution_of(&like.corpus, &like.signature);
    size_t before = calls.corpus.count;
    ck_assert_int_eq(
        generate_calls(&calls.corpus, &calls.signature, learned, &like.corpus, &rng, 300, &calls.err), 0);
    ck_assert_uint_eq(calls.corpus.count, before + 300);
    ck_assert_int_eq(
        generate_calls(&calls.corpus, &calls.signature, learned, &calls.corpus, &rng, 100, &calls.err),
        0); // like itself
    ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, learned, &rng, &calls.err), 0);
    check_calls(&calls);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_calls)
{
    AUTO_CALLS a = calls_of(EVERYTHING), b = calls_of(EVERYTHING);
    struct rng one, same;
    struct corpus none = {0};
    rng_init(&one, 9, 9);
    rng_init(&same, 9, 9);
    ck_assert_int_eq(generate_calls(&a.corpus, &a.signature, NULL, &none, &one, 20, &a.err), 0);
    ck_assert_int_eq(generate_calls(&b.corpus, &b.signature, NULL, &none, &same, 20, &b.err), 0);
    ck_assert(str_eq(buf_str(&a.corpus.bytes), buf_str(&b.corpus.bytes)));
    ck_assert(!str_eq(corpus_call(&a.corpus, 0), corpus_call(&a.corpus, 1)));
}
END_TEST

START_TEST(calls_are_like_the_captured_ones)
{
    AUTO_CALLS like = calls_of(CALLS_COPY), calls = calls_of(CALLS_COPY);
    for (int k = 0; k < 30; k++)
        ck_assert_int_eq(calls_add(&like, arena_printf(&like.arena, "[\"abcdefgh %d\", null, null, 64]", k)),
                         0);
    AUTO_JSON *learned = distribution_of(&like.corpus, &like.signature);
    struct rng rng;
    rng_init(&rng, 4, 4);
    ck_assert_int_eq(
        generate_calls(&calls.corpus, &calls.signature, learned, &like.corpus, &rng, 500, &calls.err), 0);

    struct corpus_part p[SIGNATURE_PARAMETERS_MAX];
    size_t prefixed = 0, other_length = 0, capacity = 0, letters = 0, bytes = 0;
    for (size_t i = 0; i < 500; i++) {
        corpus_call_parts(&calls.corpus, i, &calls.signature, p);
        prefixed += str_starts(p[0].content, STR("abcd"));
        other_length += p[0].value < 10 || p[0].value > 11;
        capacity += p[2].value == 64;
        bytes += p[0].content.len;
        for (size_t k = 0; k < p[0].content.len; k++)
            letters += p[0].content.ptr[k] >= 'a' && p[0].content.ptr[k] <= 'z';
    }
    ck_assert_uint_gt(prefixed, 100);
    ck_assert_uint_lt(prefixed, 450);
    ck_assert_uint_gt(other_length, 50);
    ck_assert_uint_gt(capacity, 400);
    ck_assert_uint_gt(letters, bytes / 3);
}
END_TEST

// Whether some call has `value` as part `index`.
static bool
has(const struct calls *calls, size_t index, uint64_t value)
{
    struct corpus_part p[SIGNATURE_PARAMETERS_MAX];
    for (size_t i = 0; i < calls->corpus.count; i++) {
        corpus_call_parts(&calls->corpus, i, &calls->signature, p);
        if (p[index].value == value)
            return true;
    }
    return false;
}

START_TEST(boundaries_of_lengths_and_capacities)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    AUTO_JSON *learned =
        json_read(STR("{\"in\": {\"lengths\": [5, 100]}, \"out\": {\"lengths\": [8, 64]}}"), "d", &calls.err);
    struct rng rng;
    rng_init(&rng, 4, 4);
    ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, learned, &rng, &calls.err), 0);
    for (uint64_t power = 1; power <= 128; power *= 2)
        ck_assert(has(&calls, 0, power - 1) && has(&calls, 0, power) && has(&calls, 0, power + 1));
    for (uint64_t power = 1; power <= 128; power *= 2)
        ck_assert(has(&calls, 2, power - 1) && has(&calls, 2, power) && has(&calls, 2, power + 1));

    struct corpus_part p[SIGNATURE_PARAMETERS_MAX];
    bool zeros = false, ones = false, every_byte = false;
    size_t around[3] = {0};
    for (size_t i = 0; i < calls.corpus.count; i++) {
        corpus_call_parts(&calls.corpus, i, &calls.signature, p);
        struct str in = p[0].content;
        size_t equal = 0;
        for (size_t k = 0; k < in.len; k++)
            equal += in.ptr[k] == in.ptr[0];
        zeros |= in.len >= 256 && equal == in.len && in.ptr[0] == 0;
        ones |= in.len >= 256 && equal == in.len && in.ptr[0] == (char)0xff;
        every_byte |= in.len >= 256 && in.ptr[0] == 0 && in.ptr[7] == 7 && in.ptr[255] == (char)255;
        if (p[2].value + 1 >= p[0].value && p[2].value <= p[0].value + 1)
            around[p[2].value + 1 - p[0].value]++;
    }
    ck_assert(zeros && ones && every_byte);
    ck_assert(around[0] >= 3 && around[1] >= 3 && around[2] >= 3);
}
END_TEST

START_TEST(boundaries_of_scalars)
{
    AUTO_CALLS calls = calls_of("\"x\": {\"type\": \"int\", \"role\": \"scalar\"},"
                                "\"w\": {\"type\": \"long\", \"role\": \"scalar\"},"
                                "\"r\": {\"type\": \"double\", \"role\": \"scalar\"}");
    AUTO_JSON *learned =
        json_read(STR("{\"x\": {\"min\": -10, \"max\": 1000}, \"w\": {\"min\": -9223372036854775808,"
                      "\"max\": 9223372036854775807}, \"r\": {\"min\": -1.5, \"max\": 2.25}}"),
                  "d", &calls.err);
    static const int64_t wanted[] = {-10, 1000, -9, 999, 0, 1, -1, 2, 3, 4, 5, 511, 512, 513, -7, -8};
    struct rng rng;
    rng_init(&rng, 4, 4);
    ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, learned, &rng, &calls.err), 0);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        ck_assert_msg(has(&calls, 0, (uint64_t)wanted[i]), "%lld", (long long)wanted[i]);
    struct corpus_part p[SIGNATURE_PARAMETERS_MAX];
    bool ends[4] = {false};
    for (size_t i = 0; i < calls.corpus.count; i++) {
        corpus_call_parts(&calls.corpus, i, &calls.signature, p);
        ck_assert((int64_t)p[0].value >= -10 && (int64_t)p[0].value <= 1000);
        ck_assert(real_of(p[2].value) >= -1.5 && real_of(p[2].value) <= 2.25);
        ends[0] |= real_of(p[2].value) == -1.5;
        ends[1] |= real_of(p[2].value) == 2.25;
        ends[2] |= real_of(p[2].value) == 0;
        ends[3] |= real_of(p[2].value) == -1;
    }
    ck_assert(ends[0] && ends[1] && ends[2] && ends[3]);
    ck_assert(has(&calls, 1, (uint64_t)INT64_MIN) && has(&calls, 1, INT64_MAX) &&
              has(&calls, 1, UINT64_C(1) << 62));
}
END_TEST

START_TEST(lengths_stay_bounded)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    AUTO_JSON *learned = json_read(STR("{\"in\": {\"lengths\": [0, 99999999999]}}"), "d", &calls.err);
    struct corpus none = {0}, large;
    struct rng rng;
    corpus_init(&large, 64 << 20);
    rng_init(&rng, 4, 4);
    ck_assert_int_eq(generate_boundary(&large, &calls.signature, learned, &rng, &calls.err), 0);
    for (size_t i = 0; i < large.count; i++)
        ck_assert_uint_le(corpus_call(&large, i).len, 2 * DISTRIBUTION_LENGTH_MAX + 32);
    corpus_release(&large);
    corpus_init(&large, 1000);
    ck_assert_int_eq(generate_calls(&large, &calls.signature, learned, &none, &rng, 100, &calls.err), -1);
    ck_assert_int_eq(calls.err.kind, ERR_LIMIT);
    corpus_release(&large);
}
END_TEST

START_TEST(a_function_without_parameters_has_calls)
{
    AUTO_CALLS calls = calls_of("");
    struct rng rng;
    struct corpus none = {0};
    rng_init(&rng, 4, 4);
    ck_assert_int_eq(generate_calls(&calls.corpus, &calls.signature, NULL, &none, &rng, 3, &calls.err), 0);
    ck_assert_uint_eq(calls.corpus.count, 3);
    ck_assert_int_eq(generate_boundary(&calls.corpus, &calls.signature, NULL, &rng, &calls.err), 0);
    ck_assert_uint_eq(calls.corpus.count, 3);
}
END_TEST

UNIT_MAIN("steps/shared/target/generate", calls_keep_the_signature, the_same_seed_gives_the_same_calls,
          calls_are_like_the_captured_ones, boundaries_of_lengths_and_capacities, boundaries_of_scalars,
          lengths_stay_bounded, a_function_without_parameters_has_calls)
