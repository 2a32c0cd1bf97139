// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char text[] =
    "#include <stdint.h>\n"
    "static unsigned twice(unsigned x) { return 2 * x; }\n"
    "unsigned\nrun(const unsigned *in, unsigned *out, unsigned n)\n{\n"
    "    static unsigned weights[4] = {1, 2, 3, 4};\n    unsigned sum = 0, limit = n & 7;\n"
    "    unsigned step = 3;\n\n"
    "    for (unsigned i = 0; i < limit; i++) {\n        if (in[i] > step)\n"
    "            sum += twice(in[i]) * weights[i & 3];\n    }\n    *out = sum;\n"
    "    return sum;\n}\n";
static const char driver[] = "int main(void)\n{\n    unsigned in[8] = {9, 1, 7, 3, 8, 2, 6, 4}, out = 0;\n"
                             "    for (unsigned r = 0; r < 100; r++)\n"
                             "        printf(\"%u %u\\n\", run(in, &out, r), out);\n    return 0;\n}\n";

START_TEST(each_hint_leaves_the_answers_as_they_are)
{
    static const char *const wanted[] = {"restrict in", "static const unsigned weights",
                                         "const unsigned step", "__builtin_expect(!!(in[i] > step), 0)",
                                         "#pragma GCC unroll 4"};
    bool found[sizeof wanted / sizeof *wanted] = {false};
    struct rig rig;

    rig_open(&rig, text, "run");
    size_t count = rig_sites(&rig, "hint", NULL);
    for (size_t i = 0; i < count; i++) {
        const char *variant = rig_apply(&rig, "hint", NULL, i);
        rig_same(&rig, variant, driver);
        ck_assert_msg(!rig_holds(variant, "const unsigned sum"), "%s", variant);
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            found[k] = found[k] || rig_holds(variant, wanted[k]);
    }
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
        ck_assert_msg(found[k], "%s", wanted[k]);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_hint", each_hint_leaves_the_answers_as_they_are)
