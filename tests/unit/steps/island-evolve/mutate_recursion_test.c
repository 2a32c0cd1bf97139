// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static void
check(const char *text, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, "rec");
    ck_assert_msg(rig_sites(&rig, "recursion-to-loop", NULL) == 1, "%s", text);
    const char *variant = rig_apply(&rig, "recursion-to-loop", NULL, 0);
    rig_same(&rig, variant,
             "int main(void)\n{\n    for (int n = 0; n < 24; n++)\n"
             "        printf(\"%lld\\n\", (long long)rec((unsigned char)n));\n    return 0;\n}\n");
    ck_assert_msg(rig_holds(variant, expected), "%s", variant);
    ck_assert_uint_eq(rig_sites(&rig, "recursion-to-loop", variant), 0);
    rig_close(&rig);
}

START_TEST(two_steps_back)
{
    check("#include <stdint.h>\nuint64_t\nrec(unsigned n)\n{\n    if (n < 2)\n        return n;\n"
          "    return rec(n - 1) + rec(n - 2);\n}\n",
          "for (unsigned k = 0; k < n; k++) {");
    check("long rec(int k) { return k <= 1 ? 1 : rec(k - 1) + rec(k - 2); }\n",
          "for (int k_2 = 0; k_2 < k; k_2++) {");
}
END_TEST

START_TEST(other_distances_and_bodies)
{
    check("unsigned long\nrec(unsigned long i)\n{\n    unsigned long a;\n    if (i == 0) { return 3; }\n"
          "    else if (i < 3) { return i - 1 == 0 ? 0 : 2; }\n    a = rec(i - 3);\n    return a + rec(i - "
          "2);\n}\n",
          "back_3 = back_2;");
    check("static int weight(int x) { return x * x % 7; }\n#define STEP 4\nint rec(int n)\n{\n    switch (n) "
          "{\n    case 0: case 1: case 2: case 3:\n"
          "        return 1;\n    default:\n        return (weight(n) + rec((n - STEP)) * 3) % 1000;\n    "
          "}\n}\n",
          "back_4 = back_3;");
}
END_TEST

START_TEST(leaves_other_recursion_alone)
{
    static const char *const texts[] = {
        "int rec(int n) { return n < 2 ? n : rec(n / 2) + 1; }\n",
        "int rec(int n) { return n < 2 ? n : rec(n - n % 2 - 1) + 1; }\n",
        "int rec(int n) { if (n < 2) return n; n--; return rec(n - 1); }\n",
        "static int calls;\nint rec(int n) { calls++; return n < 2 ? n : rec(n - 1); }\n",
        "int rec(int n) { return n + 1; }\n",
        "int rec(int n) { return n > 100 ? n : rec(n + 1); }\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        rig_open(&rig, texts[i], "rec");
        ck_assert_msg(rig_sites(&rig, "recursion-to-loop", NULL) == 0, "%s", texts[i]);
        rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_recursion", two_steps_back, other_distances_and_bodies,
          leaves_other_recursion_alone)
