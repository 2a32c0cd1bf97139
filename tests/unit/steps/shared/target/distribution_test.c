// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/distribution.h"

#include "tests/unit/steps/shared/target/calls.h"

#include <math.h>

// The distribution of what was added. Owned.
static json_t *
learn(struct calls *calls)
{
    return distribution_of(&calls->corpus, &calls->signature);
}

static json_t *
parse(const char *text)
{
    struct err err;
    json_t *json = json_read(str_of(text), "learned", &err);
    ck_assert_msg(json != NULL, "%s", err.message);
    return json;
}

START_TEST(learns_lengths_and_bytes)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY);
    for (int n = 0; n <= 100; n++) {
        const char *call = arena_printf(&calls.arena, "[\"%.*s\", null, null, %d]", n,
                                        "aB1 .\\t\xc3\xa9"
                                        "................................................................"
                                        "................................",
                                        1000 - n);
        if (n < 6 || n > 8) // not in the middle of an escape or a character
            ck_assert_msg(calls_add(&calls, call) == 0, "%s", calls.err.message);
    }
    AUTO_JSON *all = learn(&calls);
    const json_t *in = json_object_get(all, "in"), *out = json_object_get(all, "out");
    const json_t *lengths = json_object_get(in, "lengths");

    ck_assert_uint_eq(json_array_size(lengths), 11);
    ck_assert_int_eq(json_integer_value(json_array_get(lengths, 0)), 0);
    ck_assert_int_eq(json_integer_value(json_array_get(lengths, 10)), 99);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(out, "lengths"), 10)), 1000);
    ck_assert_uint_eq(json_object_size(json_object_get(out, "bytes")), 0);
    ck_assert_ptr_null(json_object_get(all, "len"));
    double sum = 0;
    const char *name;
    json_t *share;
    json_object_foreach(json_object_get(in, "bytes"), name, share) sum += json_number_value(share);
    ck_assert(fabs(sum - 1) < 0.001);
    ck_assert(json_get_real(json_object_get(in, "bytes"), "punctuation", 0) > 0.8);
    ck_assert(json_get_real(json_object_get(in, "bytes"), "high", 0) > 0.01);
    ck_assert_uint_eq(distribution_longest(in), 99);
}
END_TEST

START_TEST(learns_scalars)
{
    AUTO_CALLS calls =
        calls_of("\"i\": {\"type\": \"int\", \"role\": \"scalar\"},"
                 "\"x\": {\"type\": \"double\", \"role\": \"scalar\"},"
                 "\"r\": {\"type\": \"int\", \"role\": \"scalar\", \"min\": 3, \"max\": 9},"
                 "\"f\": {\"type\": \"float\", \"role\": \"scalar\", \"min\": -0.5, \"max\": 0.5}");
    for (int k = 0; k < 50; k++)
        ck_assert_int_eq(calls_add(&calls, arena_printf(&calls.arena, "[%d, %d.5, 4, 0.25]", 7 - k, k - 30)),
                         0);
    AUTO_JSON *all = learn(&calls);
    const json_t *i = json_object_get(all, "i"), *x = json_object_get(all, "x");

    ck_assert_int_eq(json_get_int(i, "min", 0), -42);
    ck_assert_int_eq(json_get_int(i, "max", 0), 7);
    ck_assert_uint_eq(json_array_size(json_object_get(i, "common")), 8);
    ck_assert(json_get_real(x, "min", 0) == -30.5 && json_get_real(x, "max", 0) == 19.5);
    ck_assert_int_eq(json_get_int(json_object_get(all, "r"), "min", 0), 3);
    ck_assert_int_eq(json_get_int(json_object_get(all, "r"), "max", 0), 9);
    ck_assert(json_get_real(json_object_get(all, "f"), "max", 0) == 0.5);
}
END_TEST

START_TEST(without_calls_the_defaults_hold)
{
    AUTO_CALLS calls = calls_of(CALLS_COPY ", \"x\": {\"type\": \"int\", \"role\": \"scalar\"},"
                                           "\"d\": {\"type\": \"double\", \"role\": \"scalar\"}");
    AUTO_JSON *all = learn(&calls);
    ck_assert_uint_eq(distribution_longest(json_object_get(all, "in")), 256);
    ck_assert_uint_eq(distribution_longest(NULL), 256);
    int64_t low, high;
    distribution_range(json_object_get(all, "x"), &calls.signature.parameters[4], &low, &high);
    ck_assert(low == 0 && high == 20);
    double from, to;
    distribution_range_real(json_object_get(all, "d"), &calls.signature.parameters[5], &from, &to);
    ck_assert(from == 0 && to == 20);
}
END_TEST

START_TEST(draws_lengths_like_those_seen)
{
    struct rng rng;
    rng_init(&rng, 1, 1);
    AUTO_JSON *learned = parse("{\"lengths\": [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 100]}");
    unsigned fours = 0;
    for (int k = 0; k < 1000; k++) {
        uint64_t length = distribution_length(learned, &rng);
        ck_assert(length >= 4 && length <= 100);
        fours += length == 4;
    }
    ck_assert_uint_gt(fours, 800);
    ck_assert_uint_lt(fours, 970);
}
END_TEST

START_TEST(takes_any_distribution_a_person_writes)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"lengths\": 3, \"bytes\": 4, \"min\": \"a\", \"max\": {}, \"common\": 7}",
        "{\"lengths\": [], \"bytes\": {\"lower\": -1}, \"common\": []}",
        "{\"lengths\": [9]}",
        "{\"lengths\": [9, 3, -5, 9223372036854775807, \"x\"], \"bytes\": {\"lower\": 7}}",
        "{\"lengths\": [-9223372036854775808, -1], \"common\": [null, \"x\"]}",
        "{\"min\": 9, \"max\": -9}",
        "{\"min\": -9223372036854775808, \"max\": 9223372036854775807}",
        "{\"min\": 1e308, \"max\": -1e308}",
        "{\"min\": -1e308, \"max\": 1e308}",
    };
    AUTO_CALLS calls =
        calls_of("\"i\": {\"type\": \"int\", \"role\": \"scalar\"},"
                 "\"x\": {\"type\": \"double\", \"role\": \"scalar\"},"
                 "\"p\": {\"type\": \"short *\", \"role\": \"inout\", \"count\": 3},"
                 "\"w\": {\"type\": \"long\", \"role\": \"scalar\", \"min\": -1e300, \"max\": 1e300}");
    const struct parameter *p = calls.signature.parameters;
    struct rng rng;
    rng_init(&rng, 1, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        AUTO_JSON *learned = parse(texts[i]);
        AUTO_BUF out = BUF(1000);
        ck_assert_uint_le(distribution_longest(learned), DISTRIBUTION_LENGTH_MAX);
        for (int k = 0; k < 50; k++) {
            ck_assert_uint_le(distribution_length(learned, &rng), DISTRIBUTION_LENGTH_MAX);
            distribution_scalar(learned, &p[0], &rng);
            distribution_scalar(learned, &p[3], &rng);
            uint64_t bits = distribution_scalar(learned, &p[1], &rng);
            double real;
            memcpy(&real, &bits, 8);
            ck_assert(isfinite(real));
            distribution_element(learned, &p[2], &rng, &out);
        }
        ck_assert_uint_eq(out.len, 100);
    }
}
END_TEST

START_TEST(draws_scalars_in_range)
{
    AUTO_CALLS calls = calls_of("\"i\": {\"type\": \"int\", \"role\": \"scalar\"},"
                                "\"x\": {\"type\": \"double\", \"role\": \"scalar\"}");
    AUTO_JSON *i = parse("{\"min\": -3, \"max\": 3, \"common\": [2]}");
    AUTO_JSON *x = parse("{\"min\": -0.5, \"max\": 0.25, \"common\": [0.125]}");
    struct rng rng;
    bool seen[7] = {false};
    unsigned twos = 0, eighths = 0;
    rng_init(&rng, 3, 1);
    for (int k = 0; k < 1000; k++) {
        int64_t value = (int64_t)distribution_scalar(i, &calls.signature.parameters[0], &rng);
        uint64_t bits = distribution_scalar(x, &calls.signature.parameters[1], &rng);
        double real;
        memcpy(&real, &bits, 8);
        ck_assert(value >= -3 && value <= 3);
        ck_assert(real >= -0.5 && real <= 0.25);
        seen[value + 3] = true;
        twos += value == 2;
        eighths += real == 0.125;
    }
    for (int k = 0; k < 7; k++)
        ck_assert(seen[k]);
    ck_assert_uint_gt(twos, 250); // every fourth, and a seventh of the others
    ck_assert_uint_gt(eighths, 180);
    ck_assert_uint_lt(eighths, 330);
}
END_TEST

// The bytes of 2000 elements of a type.
static struct buf
elements(const char *type, const char *learned)
{
    char params[200];
    snprintf(params, sizeof params, "\"p\": {\"type\": \"%s *\", \"role\": \"inout\", \"count\": 1}", type);
    AUTO_CALLS calls = calls_of(params);
    AUTO_JSON *json = parse(learned);
    struct buf out = BUF(1 << 20);
    struct rng rng;
    rng_init(&rng, 5, 1);
    for (int k = 0; k < 2000; k++)
        distribution_element(json, &calls.signature.parameters[0], &rng, &out);
    ck_assert_uint_eq(out.len, 2000 * calls.signature.parameters[0].size);
    return out;
}

START_TEST(draws_bytes_of_the_classes_seen)
{
    AUTO_BUF bytes = elements("char", "{\"bytes\": {\"digit\": 0.75, \"space\": 0.25}}");
    unsigned digits = 0;
    for (size_t k = 0; k < bytes.len; k++) {
        bool digit = bytes.ptr[k] >= '0' && bytes.ptr[k] <= '9';
        ck_assert(digit || strchr(" \t\r\n", bytes.ptr[k]) != NULL);
        digits += digit;
    }
    ck_assert_uint_gt(digits, 1400);
    ck_assert_uint_lt(digits, 1600);
    AUTO_BUF any = elements("char", "{}");
    bool seen[256] = {false};
    size_t kinds = 0;
    for (size_t k = 0; k < any.len; k++)
        seen[(unsigned char)any.ptr[k]] = true;
    for (size_t k = 0; k < 256; k++)
        kinds += seen[k];
    ck_assert_uint_gt(kinds, 245);
}
END_TEST

START_TEST(draws_numbers_of_every_magnitude)
{
    AUTO_BUF ints = elements("int", "{}");
    AUTO_BUF floats = elements("float", "{\"bytes\": {\"high\": 1}}");
    unsigned small = 0, large = 0, negative = 0;
    for (size_t at = 0; at < ints.len; at += 4) {
        int value;
        float real;
        memcpy(&value, ints.ptr + at, 4);
        memcpy(&real, floats.ptr + at, 4);
        small += value >= -16 && value <= 16;
        large += value > 1 << 24;
        negative += value < 0;
        ck_assert(isfinite(real) && fabsf(real) < 2e7f);
    }
    ck_assert_uint_gt(small, 150);
    ck_assert_uint_gt(large, 150);
    ck_assert_uint_gt(negative, 800);
}
END_TEST

UNIT_MAIN("steps/shared/target/distribution", learns_lengths_and_bytes, learns_scalars,
          without_calls_the_defaults_hold, draws_lengths_like_those_seen,
          takes_any_distribution_a_person_writes, draws_scalars_in_range, draws_bytes_of_the_classes_seen,
          draws_numbers_of_every_magnitude)
