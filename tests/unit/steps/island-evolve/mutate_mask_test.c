// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char driver[] = "int main(void)\n{\n    unsigned table[32];\n"
                             "    for (unsigned i = 0; i < 32; i++)\n        table[i] = i * 2654435761u;\n"
                             "    for (unsigned r = 1; r < 3000; r++)\n"
                             "        printf(\"%u\\n\", run(table, r * 40503u));\n    return 0;\n}\n";

START_TEST(a_bit_chooses_what_is_added)
{
    struct rig rig;

    rig_open(
        &rig,
        "unsigned\nrun(const unsigned *row, unsigned bits)\n{\n    unsigned sum = 0;\n"
        "    for (; bits != 0; bits >>= 1, row++) {\n        if (bits & 1)\n            sum ^= *row;\n    }\n"
        "    return sum;\n}\n",
        "run");
    ck_assert_uint_eq(rig_sites(&rig, "mask-if", NULL), 1);
    const char *variant = rig_apply(&rig, "mask-if", NULL, 0);
    rig_same(&rig, variant, driver);
    ck_assert_msg(rig_holds(variant, "sum ^= *row & -(unsigned)(bits & 1);"), "%s", variant);
    rig_close(&rig);
}
END_TEST

static size_t
sites_of(const char *statement)
{
    struct rig rig;
    char text[600];

    snprintf(text, sizeof text,
             "unsigned\nrun(const unsigned *p, unsigned n)\n{\n    unsigned x = 7, d = n & 3;\n    %s\n"
             "    return x + d;\n}\n",
             statement);
    rig_open(&rig, text, "run");
    size_t sites = rig_sites(&rig, "mask-if", NULL);
    rig_close(&rig);
    return sites;
}

START_TEST(a_condition_that_makes_the_rest_safe_stays)
{
    ck_assert_uint_eq(sites_of("if (p) x ^= *p;"), 0);
    ck_assert_uint_eq(sites_of("if (n < 8) x += p[n];"), 0);
    ck_assert_uint_eq(sites_of("if (d != 0) x += n / d;"), 0);
    ck_assert_uint_eq(sites_of("if (n < 32) x ^= 1u << n;"), 0);
    ck_assert_uint_eq(sites_of("if (n < 8 && p[n] > 3) x += p[n];"), 0);
    ck_assert_uint_eq(sites_of("if (p[n] > 3) x += p[n];"), 1);
    ck_assert_uint_eq(sites_of("if (d) x ^= p[n];"), 1);
    ck_assert_uint_eq(sites_of("if (n & 1) x ^= n / 3 + (n << 2);"), 1);
    ck_assert_uint_eq(sites_of("if (n > d) x += n;"), 1);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_mask", a_bit_chooses_what_is_added,
          a_condition_that_makes_the_rest_safe_stays)
