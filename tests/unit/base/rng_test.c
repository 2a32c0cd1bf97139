// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "tests/unit/unit.h"

// kat_vectors of Random123 1.14: "philox4x32 10".
static const struct {
    uint32_t counter[4], key[2], out[4];
} philox_vectors[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
     {UINT32_MAX, UINT32_MAX},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(philox_known_answers)
{
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        rng_philox(philox_vectors[i].counter, philox_vectors[i].key, out);
        ck_assert_mem_eq(out, philox_vectors[i].out, sizeof(out));
    }
}
END_TEST

START_TEST(counts_blocks_in_the_low_half_and_streams_in_the_high)
{
    struct rng rng;
    rng_init(&rng, 0x299f31d0a4093822, 0x0370734413198a2e);
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t out[4];
        rng_philox((uint32_t[]){block, 0, 0x13198a2e, 0x03707344}, (uint32_t[]){0xa4093822, 0x299f31d0}, out);
        for (int i = 0; i < 4; i++)
            ck_assert_uint_eq(rng_u32(&rng), out[i]);
    }
    rng.counter[0] = UINT32_MAX;
    rng_u32(&rng);
    ck_assert_uint_eq(rng.counter[0], 0);
    ck_assert_uint_eq(rng.counter[1], 1);
}
END_TEST

START_TEST(wider_numbers_are_made_of_words)
{
    struct rng words, wide, bytes;
    rng_init(&words, 1, 2);
    rng_init(&wide, 1, 2);
    rng_init(&bytes, 1, 2);
    uint32_t w[4];
    for (int i = 0; i < 4; i++)
        w[i] = rng_u32(&words);
    ck_assert_uint_eq(rng_u64(&wide), (uint64_t)w[1] << 32 | w[0]);
    ck_assert_double_eq(rng_real(&wide), (double)(((uint64_t)w[3] << 32 | w[2]) >> 11) / 9007199254740992.0);
    unsigned char out[9] = {0};
    rng_fill(&bytes, out, 7);
    for (int i = 0; i < 7; i++)
        ck_assert_uint_eq(out[i], w[i / 4] >> (8 * (i % 4)) & 0xff);
    ck_assert_uint_eq(out[7] + out[8], 0);
    ck_assert_uint_eq(rng_u32(&bytes), w[2]);
}
END_TEST

START_TEST(seeds_and_streams_differ)
{
    struct rng a, b, c;
    rng_init(&a, 1, 1);
    rng_init(&b, 1, 2);
    rng_init(&c, 2, 1);
    uint64_t x = rng_u64(&a), y = rng_u64(&b), z = rng_u64(&c);
    ck_assert(x != y && x != z && y != z);
}
END_TEST

START_TEST(below_is_in_range_and_uniform)
{
    struct rng rng;
    rng_init(&rng, 7, 0);
    ck_assert_uint_eq(rng_below(&rng, 0), 0);
    ck_assert_uint_eq(rng_below(&rng, 1), 0);
    unsigned counts[6] = {0};
    for (int i = 0; i < 60000; i++)
        counts[rng_below(&rng, 6)]++;
    for (int i = 0; i < 6; i++) { // five standard deviations
        ck_assert_uint_gt(counts[i], 10000 - 457);
        ck_assert_uint_lt(counts[i], 10000 + 457);
    }
    // Without rejection every third value below 3 * 2^62 would come twice as often.
    unsigned thirds = 0;
    for (int i = 0; i < 9000; i++) {
        uint64_t value = rng_below(&rng, UINT64_C(3) << 62);
        ck_assert_uint_lt(value, UINT64_C(3) << 62);
        thirds += value % 3 == 0;
    }
    ck_assert_uint_gt(thirds, 3000 - 224);
    ck_assert_uint_lt(thirds, 3000 + 224);
}
END_TEST

START_TEST(reals_are_uniform)
{
    struct rng rng;
    rng_init(&rng, 11, 5);
    double sum = 0, squares = 0;
    for (int i = 0; i < 20000; i++) {
        double x = rng_real(&rng);
        ck_assert(x >= 0 && x < 1);
        sum += x;
        squares += x * x;
    }
    ck_assert_double_eq_tol(sum / 20000, 0.5, 0.01);
    ck_assert_double_eq_tol(squares / 20000, 1.0 / 3, 0.01);
}
END_TEST

START_TEST(mix_is_fixed_and_not_symmetric)
{
    ck_assert_uint_eq(rng_mix(0, 0), 0x48218226ff3cd4bf);
    ck_assert_uint_eq(rng_mix(1, 2), 0x81a5c1377856b73);
    ck_assert_uint_eq(rng_mix(2, 1), 0xf2826f98653e9e57);
}
END_TEST

UNIT_MAIN("base/rng", philox_known_answers, counts_blocks_in_the_low_half_and_streams_in_the_high,
          wider_numbers_are_made_of_words, seeds_and_streams_differ, below_is_in_range_and_uniform,
          reals_are_uniform, mix_is_fixed_and_not_symmetric)
