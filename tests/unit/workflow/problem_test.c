// SPDX-License-Identifier: Apache-2.0
#include "workflow/problem.h"

#include "tests/unit/unit.h"

static const struct yaml_mark early = {"f.yml", 2, 9}, late = {"f.yml", 10, 1}, same_line = {"f.yml", 2, 30};

START_TEST(lines_are_sorted_by_place)
{
    AUTO_PROBLEMS problems = {0};
    AUTO_BUF lines = BUF(1000);
    problems_add(&problems, late, STR("a"), "one %d", 1);
    problems_add(&problems, same_line, STR("b"), "two");
    problems_add(&problems, early, STR("c"), "three\nlines");
    problems_add(&problems, early, STR("d"), "four");
    problems_sort(&problems);
    problems_write(&problems, &lines);
    ck_assert_str_eq(buf_text(&lines), "f.yml:2:9: c: three lines\nf.yml:2:9: d: four\nf.yml:2:30: b: two\n"
                                       "f.yml:10:1: a: one 1\n");
}
END_TEST

START_TEST(the_error_is_the_first_problem)
{
    AUTO_PROBLEMS problems = {0};
    struct err err;
    problems_add(&problems, early, STR("a"), "one");
    ck_assert_int_eq(problems_err(&problems, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFIG);
    ck_assert_str_eq(err.message, "f.yml:2:9: a: one");
    problems_add(&problems, late, STR("b"), "two");
    problems_add(&problems, late, STR("b"), "three");
    ck_assert_int_eq(problems_err(&problems, &err), -1);
    ck_assert_str_eq(err.message, "f.yml:2:9: a: one (and 2 more)");
}
END_TEST

START_TEST(hints_need_a_near_word)
{
    static const char *const words[] = {"steps", "vars"};
    AUTO_PROBLEMS problems = {0};
    ck_assert_str_eq(problems_hint(&problems, STR("stpes"), words, 2), "; did you mean \"steps\"?");
    ck_assert_str_eq(problems_hint(&problems, STR("nothing"), words, 2), "");
    ck_assert_str_eq(problems_hint(&problems, STR("v"), words, 2), "");
    ck_assert_str_eq(problems_hint(&problems, STR("vars"), words, 0), "");
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
    AUTO_PROBLEMS problems = {0};
    AUTO_BUF text = BUF(1000);
    buf_puts(&text, "12345678901234567890123456789012345678901234567890123456789");
    ck_assert_str_eq(problems_shown(&problems, buf_str(&text)), buf_text(&text));
    buf_puts(&text, "\u00e9\u00e9");
    ck_assert_str_eq(problems_shown(&problems, buf_str(&text)),
                     "12345678901234567890123456789012345678901234567890123456789...");
}
END_TEST

START_TEST(the_list_is_bounded)
{
    AUTO_PROBLEMS problems = {0};
    for (int i = 0; i < 300; i++)
        problems_add(&problems, early, STR("k"), "%d", i);
    ck_assert_uint_eq(problems.list.count, 200);
}
END_TEST

UNIT_MAIN("workflow/problem", lines_are_sorted_by_place, the_error_is_the_first_problem,
          hints_need_a_near_word, long_texts_are_cut_between_characters, the_list_is_bounded)
