// SPDX-License-Identifier: Apache-2.0
// What is refused stands in cascade_test.c; here is what must not be.
#include "steps/island-evolve/screen.h"
#include "tests/unit/unit.h"

static const char source[] =
    "#include <stdio.h>\nstatic int helper(int a) { return a; }\n"
    "static int f(const char *text, int n)\n{\n    printf(\"%d\", n);\n    return helper(n);\n}\n"
    "int other(int time) { return time; }\n";

static const char *
screened(const char *variant, char detail[300])
{
    AUTO_ARENA arena = {0};
    struct err err;
    struct target target = {.file = "f.c", .name = "f", .source = str_of(source)};
    const char *reason = "";
    target.syntax = syntax_new(target.source, &err);
    ck_assert_int_eq(function_find(&arena, target.syntax, "f", &target.function, &err), 0);
    detail[0] = '\0';
    int status = screen_variant(&target, str_of(variant), &reason, detail, 300, &err);
    ck_assert_msg(status >= 0, "%s", err.message);
    syntax_free(target.syntax);
    return status == 0 ? "fine" : reason;
}

START_TEST(test_what_may_pass)
{
    static const char *const fine[] = {
        "static int f(const char *text, int n)\n{\n    return n;\n}",
        "static inline int f(const char *restrict text, const int n) { return n; }",
        "#include <string.h>\nstatic const unsigned char table[4] = {1, 2, 3, 4};\n"
        "static int f(const char *text, int n) { return table[n & 3] + (int)strlen(text); }",
        "__attribute__((always_inline)) static inline int g(int a) { return a; }\n"
        "static int f(const char *text, int n) { static const int two = 2; return g(n) + two; }",
        "#define TWICE(x) (2 * (x))\nstatic int f(const char *text, int n) { return TWICE(n); }\n#undef "
        "TWICE",
        "static int g(int a);\nstatic int f(const char *text, int n) { return g(n); }\nstatic int g(int a) { "
        "return a; }",
        // What the file uses already is the repository's own business.
        "static int f(const char *text, int n) { printf(\"%d\", n); return helper(n); }",
    };
    char detail[300];
    for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
        ck_assert_msg(strcmp(screened(fine[i], detail), "fine") == 0, "%zu: %s", i, detail);
}
END_TEST

START_TEST(test_what_hides_behind_a_spelling)
{
#define BODY "static int f(const char *text, int n) { return n; }"
    static const char *const hidden[] = {
        "#define GO __asm__ volatile(\"nop\")\n" BODY,
        "#define FAST __attribute__((target(\"avx2\")))\n" BODY,
        "#pragma GCC target(\"avx2\") // unroll\n" BODY,
        "#pragma GCC optimize(\"unroll-loops,Ofast\")\n" BODY,
        "#pragma GCC unroll 4 target(\"avx2\")\n" BODY,
        "%:include \"f.h\"\n" BODY,
        "[[gnu::target(\"avx2\")]] " BODY,
        "#define X cl\\\nock()\n" BODY,
        "static int f(const char *text, int n) { return n + cl\\\nock(); }",
        "static int f(const char *text, int n) { return n + rand(); }",
    };
    char detail[300];
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        ck_assert_msg(strcmp(screened(hidden[i], detail), "fine") != 0, "%s", hidden[i]);
    ck_assert_str_eq(screened("static int f(const char *text, int n)\n{\n#pragma GCC unroll 4\n"
                              "    for (int i = 0; i < n; i++)\n        n--;\n    return n;\n}",
                              detail),
                     "fine");
    ck_assert_str_eq(screened("#define TWICE(x) \\\n    (2 * (x))\n" BODY, detail), "fine");
}
END_TEST

START_TEST(test_what_may_not)
{
    char detail[300];
    ck_assert_str_eq(screened("static int f(const char *text, int m) { return m; }", detail), "signature");
    ck_assert_str_eq(screened("static long f(const char *text, int n) { return n; }", detail), "signature");
    ck_assert_str_eq(
        screened("static int f(const char *text, int n) { fprintf(0, text); return n; }", detail),
        "forbidden");
    ck_assert_str_eq(
        screened("static _Thread_local int last;\nstatic int f(const char *text, int n) { return last; }",
                 detail),
        "forbidden");
    ck_assert_str_eq(
        screened("static int f(const char *text, int n) { static int calls = 0; return calls++; }", detail),
        "forbidden");
    ck_assert_str_eq(
        screened("#include \"f.h\"\nstatic int f(const char *text, int n) { return n; }", detail),
        "forbidden");
    ck_assert_str_eq(
        screened("#include <sys/mman.h>\nstatic int f(const char *text, int n) { return n; }", detail),
        "forbidden");
    ck_assert_str_eq(screened("#error no\nstatic int f(const char *text, int n) { return n; }", detail),
                     "forbidden");
    ck_assert_str_eq(
        screened("__attribute__((target(\"avx2\"))) static int f(const char *text, int n) { return n; }",
                 detail),
        "forbidden");
    ck_assert_str_eq(screened("static int g(const char *text, int n) { return n; }", detail), "parse");
    ck_assert_str_eq(screened("", detail), "parse");
}
END_TEST

UNIT_MAIN("island-evolve/screen", test_what_may_pass, test_what_hides_behind_a_spelling, test_what_may_not)
