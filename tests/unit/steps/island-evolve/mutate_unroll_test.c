// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

#define HEAD "#include <stddef.h>\n#include <stdint.h>\n"

static const char driver[] =
    "int main(void)\n{\n    unsigned char data[64];\n    for (unsigned i = 0; i < sizeof data; i++)\n"
    "        data[i] = (unsigned char)(i * 89 + 7);\n    for (unsigned n = 0; n <= 40; n++)\n"
    "        printf(\"%lld\\n\", (long long)run(data, n));\n    return 0;\n}\n";

static void
check(const char *text, size_t made, const char *guarded, const char *unrolled)
{
    struct rig rig;
    size_t done = 0;
    bool found[2] = {false, false};

    rig_open(&rig, text, "run");
    ck_assert_msg(rig_sites(&rig, "unroll", NULL) == 5, "%s", text);
    for (size_t i = 0; i < 5; i++) {
        const char *variant = rig_apply(&rig, "unroll", NULL, i);
        if (variant == NULL)
            continue;
        done++;
        rig_same(&rig, variant, driver);
        found[0] = found[0] || rig_holds(variant, guarded);
        found[1] = found[1] || rig_holds(variant, unrolled);
    }
    ck_assert_msg(done == made && found[0] && found[1], "%zu of %s", done, text);
    rig_close(&rig);
}

START_TEST(counted_loops)
{
    check(
        HEAD
        "long\nrun(const uint8_t *p, size_t n)\n{\n    long sum = 0;\n\n    for (size_t i = 0; i < n; i++)\n"
        "        sum += p[i] * (long)i;\n    return sum;\n}\n",
        5, "    if (n == 4) {\n        sum += p[0] * (long)0;\n        sum += p[1] * (long)1;\n",
        "    for (; n - i >= 4; i += 4) {\n        sum += p[i] * (long)i;\n        sum += p[i + 1] * "
        "(long)(i + 1);\n");
    check("long run(const unsigned char *p, unsigned n)\n{\n  long sum = 0;\n  unsigned k;\n"
          "  for (k = 0; n != k; ++k) { long x = p[k]; sum = sum * 3 % 1000003 + x; }\n  return sum + "
          "(long)k;\n}\n",
          3, "", "k += 8) {");
}
END_TEST

START_TEST(counted_loops_without_a_header)
{
    check(
        HEAD
        "long\nrun(const uint8_t *p, size_t n)\n{\n    uint64_t word = 0;\n    size_t i = 0;\n\n    while (i "
        "< n) {\n"
        "        word |= (uint64_t)p[i] << (i % 8 * 8);\n        i += 1;\n    }\n    return (long)word;\n}\n",
        5, "if (n == 8) {\n        word |= (uint64_t)p[0] << (0 % 8 * 8);\n",
        "for (; i < n && n - i >= 4; i += 4) {\n        word |= (uint64_t)p[i] <<");
}
END_TEST

START_TEST(counters_that_start_behind_the_end)
{
    check("long run(const unsigned char *p, unsigned n)\n{\n    long sum = 0;\n    unsigned i = 9;\n"
          "    while (i < n) {\n        sum += p[i];\n        i++;\n    }\n    return sum + (long)i;\n}\n",
          3, "", "i < n && n - i >= 8;");
}
END_TEST

START_TEST(calls_leave_conditions)
{
    struct rig rig;

    rig_open(&rig,
             "#include <string.h>\nlong\nrun(const unsigned char *p, unsigned n)\n{\n    char text[64];\n    "
             "long sum = 0;\n\n"
             "    memset(text, 'x', n);\n    text[n] = 0;\n    for (unsigned i = 0; i < strlen(text); i++)\n"
             "        sum += p[i];\n    return sum;\n}\n",
             "run");
    ck_assert_uint_eq(rig_sites(&rig, "hoist", NULL), 1);
    const char *variant = rig_apply(&rig, "hoist", NULL, 0);
    ck_assert(
        rig_holds(variant, "const size_t fixed = strlen(text);\n\n    for (unsigned i = 0; i < fixed; i++)"));
    rig_same(&rig, variant, driver);
    rig_close(&rig);
    rig_open(&rig,
             "static int half(int x) { return x / 2; }\n"
             "long run(const unsigned char *p, unsigned n) { long s = 0; int m = (int)n; int i = 0;\n"
             "  while (i < half(m)) { s += p[i]; i++; if (s > 900) m--; }\n  return s; }\n",
             "run");
    ck_assert_uint_eq(rig_sites(&rig, "hoist", NULL), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(masks_take_the_place_of_branches)
{
    struct rig rig;

    rig_open(
        &rig,
        "#include <stdint.h>\nlong\nrun(const unsigned char *p, unsigned n)\n{\n    uint32_t sum = 0;\n"
        "    unsigned long odd = 0;\n\n    for (unsigned i = 0; i < n; i++) {\n        if (p[i] & 1)\n"
        "            sum ^= p[i] * 77u;\n        if (p[i] > 99) {\n            odd += i;\n        }\n"
        "        if (p[i] & 12)\n            sum -= p[i];\n        if (p[i] == 3)\n            n--;\n    }\n"
        "    return (long)(sum + odd);\n}\n",
        "run");
    ck_assert_uint_eq(rig_sites(&rig, "mask-if", NULL), 3);
    const char *variant = NULL;
    for (size_t i = 0; i < 3; i++) {
        variant = rig_apply(&rig, "mask-if", variant, 0);
        rig_same(&rig, variant, driver);
    }
    ck_assert(rig_holds(variant, "sum ^= (p[i] * 77u) & -(uint32_t)(p[i] & 1);"));
    ck_assert(rig_holds(variant, "odd += i & -(unsigned long)(p[i] > 99);"));
    ck_assert(rig_holds(variant, "sum -= p[i] & -(uint32_t)((p[i] & 12) != 0);"));
    ck_assert_uint_eq(rig_sites(&rig, "mask-if", variant), 0);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_unroll", counted_loops, counted_loops_without_a_header,
          counters_that_start_behind_the_end, calls_leave_conditions, masks_take_the_place_of_branches)
