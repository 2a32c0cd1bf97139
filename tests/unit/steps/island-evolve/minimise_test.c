// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/minimise.h"

#include "tests/unit/unit.h"

static const char baseline[] = "a\nb\nc\nd\ne\nf";
static const char variant[] = "A\nb\nc\nx\ny\nd\nf\ng";

struct wish {
    const char *needs[3]; // lines that a good text must have
    unsigned asked;
};

static int
has_all(void *context, struct str text, struct err *err)
{
    struct wish *wish = context;
    (void)err;
    wish->asked++;
    for (size_t i = 0; i < 3 && wish->needs[i] != NULL; i++)
        if (str_find(text, str_of(wish->needs[i])) < 0)
            return 0;
    return 1;
}

START_TEST(test_hunks)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF all = BUF(100), none = BUF(100);
    size_t count;
    struct hunk *hunks = minimise_hunks(&arena, str_of(baseline), str_of(variant), &count);
    ck_assert_uint_eq(count, 4); // a -> A, + x y, - e, + g
    bool kept[4] = {true, true, true, true}, dropped[4] = {false};
    minimise_apply(str_of(baseline), str_of(variant), hunks, count, kept, &all);
    ck_assert_str_eq(buf_text(&all), variant);
    minimise_apply(str_of(baseline), str_of(variant), hunks, count, dropped, &none);
    ck_assert_str_eq(buf_text(&none), baseline);
}
END_TEST

START_TEST(test_equal_texts_have_no_hunks)
{
    AUTO_ARENA arena = {0};
    size_t count = 7;
    (void)minimise_hunks(&arena, str_of(baseline), str_of(baseline), &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_what_is_not_needed_goes)
{
    AUTO_BUF out = BUF(100);
    struct err err;
    struct wish one = {.needs = {"x\ny"}}, two = {.needs = {"A\n", "g"}};
    ck_assert_int_eq(minimise(str_of(baseline), str_of(variant), 50, has_all, &one, &out, &err), 1);
    ck_assert_str_eq(buf_text(&out), "a\nb\nc\nx\ny\nd\ne\nf");
    buf_clear(&out);
    ck_assert_int_eq(minimise(str_of(baseline), str_of(variant), 50, has_all, &two, &out, &err), 2);
    ck_assert_str_eq(buf_text(&out), "A\nb\nc\nd\ne\nf\ng");
}
END_TEST

START_TEST(test_nothing_can_go)
{
    AUTO_BUF out = BUF(100);
    struct err err;
    struct wish wish = {.needs = {"never"}};
    ck_assert_int_eq(minimise(str_of(baseline), str_of(variant), 50, has_all, &wish, &out, &err), 4);
    ck_assert_str_eq(buf_text(&out), variant);
}
END_TEST

START_TEST(test_tests_are_limited)
{
    AUTO_BUF out = BUF(100);
    struct err err;
    struct wish wish = {.needs = {"A\n", "x\n"}};
    (void)!minimise(str_of(baseline), str_of(variant), 2, has_all, &wish, &out, &err);
    ck_assert_uint_eq(wish.asked, 2);
}
END_TEST

static int
fails(void *context, struct str text, struct err *err)
{
    (void)context;
    (void)text;
    return err_set(err, ERR_IO, "disk full");
}

START_TEST(test_errors_come_through)
{
    AUTO_BUF out = BUF(100);
    struct err err;
    ck_assert_int_eq(minimise(str_of(baseline), str_of(variant), 5, fails, NULL, &out, &err), -1);
    ck_assert_str_eq(err.message, "disk full");
}
END_TEST

UNIT_MAIN("island-evolve/minimise", test_hunks, test_equal_texts_have_no_hunks, test_what_is_not_needed_goes,
          test_nothing_can_go, test_tests_are_limited, test_errors_come_through)
