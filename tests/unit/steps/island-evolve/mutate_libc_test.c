// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

#define HEAD "#include <stddef.h>\n#include <stdint.h>\n"

// Calls `run(out, a, n, b)` with buffers of many lengths and contents; prints result and output.
static const char driver[] =
    "int main(void)\n{\n    for (unsigned r = 0; r < 400; r++) {\n"
    "        char a[64] = {0}, b[64] = {0}, out[64] = {0};\n        unsigned n = r % 50;\n"
    "        for (unsigned i = 0; i < n; i++) {\n            a[i] = (char)(1 + (i * 7 + r) % 5 * 50);\n"
    "            b[i] = i * 3 < r ? a[i] : (char)(1 + (i + r) % 250);\n        }\n"
    "        printf(\"%ld\", (long)run(out, a, n, b));\n"
    "        for (unsigned i = 0; i < n; i++)\n            printf(\" %d\", out[i]);\n        "
    "printf(\"\\n\");\n    }\n"
    "    return 0;\n}\n";

static void
check(const char *text, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, "run");
    size_t count = rig_sites(&rig, "libc", NULL);
    ck_assert_msg(count > 0, "%s", text);
    for (size_t i = 0; i < count; i++) {
        const char *variant = rig_apply(&rig, "libc", NULL, i);
        rig_same(&rig, variant, driver);
        ck_assert_msg(i > 0 || rig_holds(variant, expected), "%s", variant);
    }
    rig_close(&rig);
}

START_TEST(copies)
{
    check(HEAD "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    (void)b;\n"
               "    for (unsigned i = 0; i < n; i++)\n        out[i] = a[i];\n    return 1;\n}\n",
          "#include <string.h>\n\nint run(char *out, const char *a, unsigned n, const char *b)\n{\n    "
          "(void)b;\n"
          "    memcpy(out, a, n);\n");
    check(HEAD "#include <string.h>\nint run(char *out, const char *a, unsigned n, const char *b) { (void)b;"
               " while (n-- > 0) *out++ = *a++; return 1; }\n",
          "memcpy(out, a, n);");
    check(HEAD
          "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    const char *end = a + n;\n"
          "    (void)b;\n    while (a < end) {\n        *out = *a;\n        ++a;\n        out += 1;\n    }\n"
          "    return 1;\n}\n",
          "memcpy(out, a, (size_t)(end - a));");
}
END_TEST

START_TEST(includes_in_the_middle_of_a_line)
{
    check(HEAD
          "static int one(void) { return 1; } int run(char *out, const char *a, unsigned n, const char *b) { "
          "(void)b; for (unsigned i = 0; i < n; i++) out[i] = a[i]; return one(); }\n",
          "\n#include <string.h>\n\nint run(");
}
END_TEST

START_TEST(fills)
{
    check(HEAD "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    (void)a;\n    (void)b;\n"
               "    for (unsigned i = 0; i != n; ++i) {\n        out[i] = 'x';\n    }\n    return 1;\n}\n",
          "memset(out, 'x', n);");
}
END_TEST

START_TEST(searches)
{
    check(HEAD "long run(char *out, const char *list, size_t len, const char *b)\n{\n    size_t n = 0;\n\n"
               "    (void)out;\n    (void)b;\n    while (n < len && list[n] != 51)\n        n++;\n    return "
               "(long)n;\n}\n",
          "memchr(list + n, 51, (size_t)(len - n))");
    check(
        HEAD
        "long run(char *out, const char *list, size_t len, const char *b)\n{\n    (void)out;\n    (void)b;\n"
        "    size_t n = 0;\n    while (n < len && list[n] != 51) {\n        n += 1;\n    }\n    return "
        "(long)n;\n}\n",
        "const char *found = memchr(list, 51, len);\n    n = found != NULL ? (size_t)(found - list) : len;");
    check(HEAD "long run(char *out, const char *p, unsigned n, const char *b) { const char *q = p; const "
               "char *e = p + n; (void)out; (void)b;\n"
               " while (q != e && 51 != *q) q++;\n return q - p; }\n",
          "memchr(q, 51, (size_t)(e - q))");
}
END_TEST

START_TEST(searches_that_leave_the_loop)
{
    check(HEAD "long run(char *out, const char *list, size_t len, const char *b)\n{\n    size_t at;\n    "
               "(void)out;\n    (void)b;\n"
               "    for (at = 0; at < len; at++) {\n        if (list[at] == 51)\n            break;\n    }\n "
               "   return (long)at;\n}\n",
          "at = 0;\n    if (at < len) {\n        const char *found = memchr(list + at, 51, (size_t)(len - "
          "at));");
    check(
        HEAD
        "static size_t first(const unsigned char *p, size_t n)\n{\n    for (size_t i = 0; i < n; i++)\n"
        "        if (p[i] == 51)\n            return i;\n    return n;\n}\n"
        "long run(char *out, const char *list, size_t len, const char *b)\n{\n    (void)out;\n    (void)b;\n"
        "    for (unsigned i = 0; i < len; ++i) {\n        if (list[i] == 'x') {\n            return i;\n    "
        "    }\n    }\n"
        "    return -(long)first((const unsigned char *)list, len);\n}\n",
        "return (unsigned)(found - list);");
}
END_TEST

START_TEST(measures)
{
    check(HEAD "long run(char *out, const char *s, size_t len, const char *b)\n{\n    const char *e = s;\n   "
               " (void)out;\n"
               "    (void)b;\n    (void)len;\n    while (*e)\n        e++;\n    return e - s;\n}\n",
          "e += strlen(e);");
    check(HEAD "long run(char *out, const char *s, size_t len, const char *b) { (void)out; (void)b; "
               "(void)len; size_t k = 0;"
               " while (s[k] != '\\0') ++k; return (long)k; }\n",
          "k = strlen(s);");
}
END_TEST

START_TEST(compares)
{
    check(HEAD
          "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    (void)out;\n"
          "    for (unsigned i = 0; i < n; i++) {\n        if (a[i] != b[i])\n"
          "            return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;\n    }\n    return 0;\n}\n",
          "return order < 0 ? -1 : 1;");
    check(HEAD
          "#include <stdbool.h>\nbool run(char *out, const char *a, unsigned n, const char *b) { (void)out;"
          " while (n--) { if (*a++ != *b++) { return false; } } return true; }\n",
          "return false;");
}
END_TEST

START_TEST(leaves_other_loops_alone)
{
    static const char *const texts[] = {
        HEAD
        "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    unsigned i;\n    (void)b;\n"
        "    for (i = 0; i < n; i++)\n        out[i] = a[i];\n    return (int)i;\n}\n", // i is used later
        HEAD
        "int run(char *out, const char *a, unsigned n, const char *b)\n{\n"
        "    for (unsigned i = 0; i < n; i++)\n        out[i] = (char)(a[i] + b[i]);\n    return 1;\n}\n",
        HEAD "int run(char *out, const char *a, unsigned n, const char *b)\n{\n"
             "    for (unsigned i = 0; i < n; i++) {\n        out[i] = a[i];\n        n -= (unsigned)b[i] & "
             "1;\n    }\n"
             "    return 1;\n}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        rig_open(&rig, texts[i], "run");
        ck_assert_msg(rig_sites(&rig, "libc", NULL) == 0, "%s", texts[i]);
        rig_close(&rig);
    }
}
END_TEST

START_TEST(includes_stay_in_front)
{
    struct rig rig;

    rig_open(&rig,
             HEAD "static int odd(unsigned char c)\n{\n    return c & 1 && c > 7;\n}\n"
                  "int run(char *out, const char *a, unsigned n, const char *b)\n{\n    for (unsigned i = 0; "
                  "i < n; i++)\n"
                  "        out[i] = a[i];\n    return odd((unsigned char)b[0]);\n}\n",
             "run");
    const char *variant = rig_apply(&rig, "libc", NULL, 0);
    variant = rig_apply(&rig, "tabulate-byte", variant, 0);
    ck_assert(strncmp(variant, "#include <string.h>\n\n// odd() of", 30) == 0);
    rig_same(&rig, variant, driver);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_libc", copies, includes_in_the_middle_of_a_line, fills, searches,
          searches_that_leave_the_loop, measures, compares, leaves_other_loops_alone, includes_stay_in_front)
