// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char driver[] =
    "int main(void)\n{\n    for (unsigned r = 0; r < 3000; r++) {\n        char in[24], out[24] = {0};\n"
    "        unsigned len = r % 24;\n        for (unsigned i = 0; i < len; i++)\n"
    "            in[i] = \"ab_ -Z9x\"[(i * 5 + r * (i + 3) / 7) % 8];\n"
    "        unsigned n = (unsigned)run(in, len, out);\n        printf(\"%u %.*s\\n\", n, (int)n, out);\n    "
    "}\n"
    "    return 0;\n}\n";

static void
check(const char *text, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, "run");
    ck_assert_msg(rig_sites(&rig, "split-loop", NULL) == 1, "%s", text);
    const char *variant = rig_apply(&rig, "split-loop", NULL, 0);
    rig_same(&rig, variant, driver);
    ck_assert_msg(rig_holds(variant, expected), "%s", variant);
    ck_assert_uint_eq(rig_sites(&rig, "split-loop", variant), 0);
    rig_close(&rig);
}

START_TEST(while_a_number_is_zero)
{
    check(
        "unsigned\nrun(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n\n"
        "    for (unsigned i = 0; i < len && n < 9; i++) {\n        char c = in[i];\n        if (n == 0) {\n"
        "            if (c >= 'a')\n                out[n++] = c;\n        } else if (c != ' ') {\n"
        "            out[n++] = c;\n        } else if (out[n - 1] != '_') {\n            out[n++] = '_';\n   "
        "     }\n    }\n"
        "    return n;\n}\n",
        "for (; i < len && n < 9 && n == 0; i++) {\n        char c = in[i];\n        if (c >= 'a')\n"
        "            out[n++] = c;\n    }\n");
}
END_TEST

START_TEST(until_a_flag_is_set)
{
    check("#include <stdbool.h>\nunsigned run(const char *s, unsigned left, char *to)\n{\n  bool seen = "
          "false;\n"
          "  unsigned k = 0;\n  for (; left > 0; --left) {\n    char c = *s++;\n    if (!seen) { if (c == "
          "'-') { seen = true; } }\n"
          "    else { to[k] = c; k += 1; }\n  }\n  return k;\n}\n",
          "for (; left > 0 && !seen; --left)");
}
END_TEST

START_TEST(when_the_test_is_for_not_zero)
{
    check("unsigned run(const char *in, unsigned len, char *out) {\n  unsigned n = 0, i = 0;\n"
          "  while (i < len) {\n    char c = in[i]; i++;\n    if (n > 0) out[n++] = '.';\n"
          "    if (c != '-') out[n++] = c;\n    if (n > 20) return n;\n  }\n  return n;\n}\n",
          "n == 0");
}
END_TEST

START_TEST(leaves_other_loops_alone)
{
    static const char *const texts[] = {
        "unsigned run(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n    for (unsigned i "
        "= 0; i < len; i++) {\n"
        "        if (n == 0)\n            out[n++] = in[i];\n        else\n            n--;\n    }\n    "
        "return n;\n}\n",
        "unsigned run(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n    for (unsigned i "
        "= 0; i < len; i++) {\n"
        "        if (n == 0)\n            out[n++] = in[i];\n        else\n            break;\n    }\n    "
        "return n;\n}\n",
        "unsigned run(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n    for (unsigned i "
        "= 0; i < len; i++) {\n"
        "        n++;\n        if (n == 0)\n            out[n] = in[i];\n    }\n    return n;\n}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        rig_open(&rig, texts[i], "run");
        ck_assert_msg(rig_sites(&rig, "split-loop", NULL) == 0, "%s", texts[i]);
        rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_split", while_a_number_is_zero, until_a_flag_is_set,
          when_the_test_is_for_not_zero, leaves_other_loops_alone)
