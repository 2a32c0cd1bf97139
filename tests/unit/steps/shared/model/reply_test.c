// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/model/reply.h"

#include "tests/unit/unit.h"

static const char parent[] = "int\nf(int a)\n{\n    int b = a;\n    return b;\n}";

static const char *
variant_of(const char *reply, struct buf *out, char problem[200])
{
    buf_clear(out);
    problem[0] = '\0';
    return reply_variant(str_of(reply), str_of(parent), "f", out, problem, 200) ? buf_text(out) : NULL;
}

START_TEST(test_fenced_blocks)
{
    AUTO_BUF out = BUF(4096);
    char problem[200];
    ck_assert_str_eq(
        variant_of("Sure!\n\n```c\nint f(int a) { return a; }\n```\nThat is faster.", &out, problem),
        "int f(int a) { return a; }");
    // The last block that defines the function, not the example after it.
    ck_assert_str_eq(
        variant_of("```\nint f(int a) {}\n```\nbetter:\n```c\nint f (int a) {return a;}\n```\ncall:\n"
                   "```c\nint g(int a) { return 1; }\n```",
                   &out, problem),
        "int f (int a) {return a;}");
    // Cut off before its end.
    ck_assert_str_eq(variant_of("~~~c\nint f(int a) { return 2; }\n", &out, problem),
                     "int f(int a) { return 2; }");
    ck_assert_str_eq(variant_of("int f(int a) { return 3; }\n", &out, problem), "int f(int a) { return 3; }");
}
END_TEST

START_TEST(test_no_code)
{
    AUTO_BUF out = BUF(4096);
    char problem[200];
    ck_assert_ptr_null(variant_of("I would use f(x) { here }, sorry.", &out, problem));
    ck_assert_ptr_nonnull(strstr(problem, "no block of code"));
    ck_assert_ptr_null(variant_of("```c\nint half(int a) { return a; }\n```", &out, problem));
    ck_assert_ptr_null(variant_of("", &out, problem));
}
END_TEST

START_TEST(test_search_and_replace)
{
    AUTO_BUF out = BUF(4096);
    char problem[200];
    ck_assert_str_eq(
        variant_of("Two edits:\n```\n<<<<<<< SEARCH\n    int b = a;\n=======\n>>>>>>> REPLACE\n"
                   "<<<<<<< SEARCH\n    return b;\n=======\n    return a;\n>>>>>>> REPLACE\n```\n",
                   &out, problem),
        "int\nf(int a)\n{\n    return a;\n}\n");
    // Other indentation than the parent's.
    ck_assert_str_eq(
        variant_of("<<<<<<< SEARCH\nint b = a;\n  return b;\n=======\n    return a;\n>>>>>>> REPLACE\n", &out,
                   problem),
        "int\nf(int a)\n{\n    return a;\n}\n");
}
END_TEST

START_TEST(test_edits_that_do_not_fit)
{
    AUTO_BUF out = BUF(4096);
    char problem[200];
    ck_assert_ptr_null(
        variant_of("<<<<<<< SEARCH\n    int c;\n=======\n    int d;\n>>>>>>> REPLACE\n", &out, problem));
    ck_assert_ptr_nonnull(strstr(problem, "not in the parent"));
    ck_assert_ptr_null(variant_of("<<<<<<< SEARCH\n    int b = a;\n=======\n", &out, problem));
    ck_assert_ptr_nonnull(strstr(problem, "no end"));
    ck_assert_ptr_null(variant_of("<<<<<<< SEARCH\n\n=======\nint x;\n>>>>>>> REPLACE\n", &out, problem));
}
END_TEST

UNIT_MAIN("model/reply", test_fenced_blocks, test_no_code, test_search_and_replace,
          test_edits_that_do_not_fit)
