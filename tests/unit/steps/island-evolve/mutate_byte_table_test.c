// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char driver[] =
    "int main(void)\n{\n    for (unsigned i = 0; i < 65536; i++) {\n"
    "        char in[4] = {(char)i, (char)(i >> 8), (char)(i * 7 >> 3), 'x'};\n        char out[16] = {0};\n"
    "        unsigned n = run(in, 4, out);\n        printf(\"%u\", n);\n"
    "        for (unsigned k = 0; k < n; k++)\n            printf(\",%d\", out[k]);\n        "
    "printf(\"\\n\");\n    }\n"
    "    return 0;\n}\n";

static void
check(const char *text, const char *mutator, size_t sites, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, "run");
    size_t count = rig_sites(&rig, mutator, NULL);
    ck_assert_msg(count == sites, "%zu sites in %s", count, text);
    for (size_t i = 0; i < count; i++) {
        const char *variant = rig_apply(&rig, mutator, NULL, i);
        ck_assert_msg(variant != NULL, "site %zu of %s", i, text);
        rig_same(&rig, variant, driver);
        ck_assert_msg(i > 0 || rig_holds(variant, expected), "%s", variant);
    }
    rig_close(&rig);
}

START_TEST(calls_of_pure_functions)
{
    check("static int\nkeep(unsigned char c)\n{\n    return (c >= 'a' && c <= 'z') || c == '_';\n}\n"
          "static unsigned char\nfold(unsigned char c)\n{\n    if (keep(c))\n        return (unsigned "
          "char)(c - 32);\n"
          "    return c;\n}\n"
          "unsigned\nrun(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n"
          "    for (unsigned i = 0; i < len; i++) {\n        unsigned char c = (unsigned char)in[i];\n"
          "        if (keep(c))\n            out[n++] = (char)fold(c);\n    }\n    return n;\n}\n",
          "tabulate-byte", 3, "if (run_keep[c])");
}
END_TEST

START_TEST(signed_and_wider_parameters)
{
    check("typedef unsigned char u8;\nstatic int digit(char c) { switch (c) { case '+': return 62; default: "
          "return c < 0 ? -1 : c - 1; } }\n"
          "static long wide(int c) { return c * 3L; }\nstatic unsigned bits(int c) { return (unsigned)c << "
          "3; }\n"
          "unsigned run(const char *in, unsigned len, char *out) {\n  unsigned n = 0;\n"
          "  for (; n < len; n++) { out[n] = (char)(digit(in[n]) + (int)wide(in[n]) + (int)wide((u8)in[n]) + "
          "(int)(bits((u8)in[n]) >> 30)); }\n"
          "  return n;\n}\n",
          "tabulate-byte", 5, "run_digit[(unsigned char)in[n]]");
}
END_TEST

START_TEST(the_body_of_such_a_function)
{
    check(
        "unsigned run(const char *in, unsigned len, char *out);\nunsigned char\nshift(unsigned char c)\n{\n  "
        "  return c > 'm' ? (unsigned char)(c - 13) : (unsigned char)(c + 13);\n}\n"
        "unsigned\nrun(const char *in, unsigned len, char *out)\n{\n    for (unsigned i = 0; i < len; i++)\n"
        "        out[i] = (char)shift((unsigned char)in[i]);\n    return len;\n}\n",
        "tabulate-byte", 1, "run_shift[(unsigned char)in[i]]");

    struct rig rig;
    rig_open(&rig,
             "char\nup(char c)\n{\n    if (c >= 'a' && c <= 'z')\n        return (char)(c - 32);\n    return "
             "c;\n}\n",
             "up");
    const char *variant = rig_apply(&rig, "tabulate-byte", NULL, 0);
    ck_assert(rig_holds(variant, "return up_table[(unsigned char)c];"));
    rig_same(&rig, variant,
             "int main(void)\n{\n    for (int i = -128; i < 128; i++)\n        printf(\"%d\\n\", "
             "up((char)i));\n    return 0;\n}\n");
    rig_close(&rig);
}
END_TEST

START_TEST(leaves_impure_functions_alone)
{
    check(
        "static int seen;\nstatic int count(unsigned char c) { return c + seen++; }\nint other(unsigned char "
        "c);\n"
        "int other(unsigned char c) { static int n; return c + n++; }\n"
        "unsigned run(const char *in, unsigned len, char *out) {\n  for (unsigned i = 0; i < len; i++)\n"
        "    out[i] = (char)(count((unsigned char)in[i]) + other((unsigned char)in[i]));\n  return len; }\n",
        "tabulate-byte", 0, "");
}
END_TEST

START_TEST(expressions_of_one_byte)
{
    check("unsigned\nrun(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n"
          "    for (unsigned i = 0; i < len; i++) {\n        char c = in[i];\n"
          "        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))\n            out[n++] = c;\n    }\n "
          "   return n;\n}\n",
          "tabulate-expression", 1, "if (run_bytes[(unsigned char)c])");
    check("#define LOW 32\nunsigned run(const char *p, unsigned k, char *q) { unsigned j = 0; while (j < k) "
          "{ q[j] = p[j] < LOW ? '?' : (char)(p[j] ^ LOW); j += 1; } return j; }\n",
          "tabulate-expression", 1, "run_bytes[(unsigned char)p[j]]");
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_byte_table", calls_of_pure_functions, signed_and_wider_parameters,
          the_body_of_such_a_function, leaves_impure_functions_alone, expressions_of_one_byte)
