// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/beyond.h"
#include "tests/unit/steps/island-evolve/lab.h"

static const char unit[] =
    "#include <stdint.h>\n#include <stddef.h>\n"
    "uint32_t f(uint8_t small, int n, const char *data, size_t len)\n"
    "{\n    uint32_t sum = small + (uint32_t)n;\n"
    "    for (size_t i = 0; i < len; i++)\n        sum += (uint8_t)data[i];\n    return sum;\n}\n";
static const char train[] = "[250, -3, \"abc\", null]\n[254, 12, \"d\", null]";

START_TEST(test_one_scalar_at_a_time_leaves_its_range)
{
    struct lab lab;
    struct corpus corpus;
    struct rng rng;
    unsigned small = 0, n = 0;
    lab_open(&lab, unit, "f", train, train);
    const struct signature *signature = &lab.bench.target.signature;
    AUTO_JSON *distribution =
        json_pack("{s:{s:i, s:i}, s:{s:i, s:i}}", "small", "min", 250, "max", 254, "n", "min", -3, "max", 12);
    corpus_init(&corpus, 1 << 16);
    rng_init(&rng, 1, 1);
    LAB_OK(&lab, beyond_calls(&corpus, signature, distribution, &lab.bench.train, &rng, &lab.err));
    for (size_t i = 0; i < corpus.count; i++) {
        struct corpus_part parts[SIGNATURE_PARAMETERS_MAX];
        (void)corpus_call_parts(&corpus, i, signature, parts);
        int64_t a = (int64_t)parts[0].value, b = (int64_t)parts[1].value;
        bool a_out = a < 250 || a > 254, b_out = b < -3 || b > 12;
        ck_assert_msg(a_out != b_out, "call %zu: %lld, %lld", i, (long long)a, (long long)b);
        ck_assert(a >= 0 && a <= 255); // what the type can hold
        ck_assert(str_eq(parts[2].content, STR("abc")) || str_eq(parts[2].content, STR("d")));
        small += a_out;
        n += b_out;
    }
    // 255, 249, 248, 0, 1; and far from it 0 and 1 once more, 1, 2, 3, 4, 7, 8, .. 127, 128, 255.
    ck_assert_uint_eq(small, 5 + 2 + 14 + 1);
    // 13 to 16, -4, -5; and far from it 15, 16, .. 2^31 - 1 and -4 .. -2^31.
    ck_assert_uint_eq(n, 6 + 2 + 26 * 2 + 1 + 30);
    corpus_release(&corpus);
    lab_close(&lab);
}
END_TEST

START_TEST(test_nothing_is_known)
{
    struct lab lab;
    struct corpus corpus;
    struct rng rng;
    lab_open(&lab, unit, "f", train, train);
    corpus_init(&corpus, 1 << 16);
    rng_init(&rng, 1, 1);
    LAB_OK(&lab, beyond_calls(&corpus, &lab.bench.target.signature, NULL, &lab.bench.train, &rng, &lab.err));
    ck_assert_uint_eq(corpus.count, 0);
    corpus_release(&corpus);
    lab_close(&lab);
}
END_TEST

UNIT_MAIN("island-evolve/beyond", test_one_scalar_at_a_time_leaves_its_range, test_nothing_is_known)
