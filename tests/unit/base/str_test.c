// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"
#include "tests/unit/unit.h"

#include <float.h>

#define assert_str(view, text) ck_assert_msg(str_is((view), (text)), "\"%" STR_FMT "\"", STR_ARG(view))

static const struct str none = {NULL, 0};

START_TEST(compares_bytes)
{
    ck_assert(str_eq(STR("abc"), str_of("abc")));
    ck_assert(!str_eq(STR("abc"), STR("abd")));
    ck_assert(!str_eq(STR("abc"), STR("ab")));
    ck_assert(!str_eq(STR("a"), STR("b")));
    ck_assert(str_eq(none, STR("")));
    ck_assert(str_eq(str_of(NULL), none));
    ck_assert(!str_eq(STR("a\0b"), STR("a\0c")));
    ck_assert_int_lt(str_compare(STR("ab"), STR("abc")), 0);
    ck_assert_int_gt(str_compare(STR("b"), STR("abc")), 0);
    ck_assert_int_gt(str_compare(STR("\xff"), STR("a")), 0);
    ck_assert_int_eq(str_compare(none, STR("")), 0);
    ck_assert_int_lt(str_compare(none, STR("a")), 0);
}
END_TEST

START_TEST(finds)
{
    struct str s = STR("one two one");
    ck_assert_int_eq(str_find(s, STR("one")), 0);
    ck_assert_int_eq(str_find(s, STR("two")), 4);
    ck_assert_int_eq(str_find(s, STR("three")), -1);
    ck_assert_int_eq(str_find(s, none), 0);
    ck_assert_int_eq(str_find(none, STR("a")), -1);
    ck_assert_int_eq(str_find_byte(s, 'o'), 0);
    ck_assert_int_eq(str_rfind_byte(s, 'o'), 8);
    ck_assert_int_eq(str_find_byte(s, 'x'), -1);
    ck_assert_int_eq(str_find(STR("x"), STR("x")), 0);
    ck_assert_int_eq(str_find_byte(STR("x"), 'x'), 0);
    ck_assert_int_eq(str_rfind_byte(STR("x"), 'x'), 0);
    ck_assert_int_eq(str_rfind_byte(none, 'x'), -1);
    ck_assert(str_starts(s, STR("one ")) && !str_starts(s, STR("two")) && str_starts(s, none));
    ck_assert(str_ends(s, STR(" one")) && !str_ends(s, STR("two")) && str_ends(s, none));
    ck_assert(str_starts(s, s) && str_ends(s, s));
    ck_assert(!str_starts(STR("a"), STR("ab")) && !str_ends(STR("b"), STR("ab")));
}
END_TEST

START_TEST(cuts_pieces)
{
    assert_str(str_from(STR("hello"), 2), "llo");
    assert_str(str_from(STR("hello"), 5), "");
    assert_str(str_from(STR("hello"), 9), "");
    assert_str(str_from(none, 3), "");
    assert_str(str_head(STR("hello"), 2), "he");
    assert_str(str_head(STR("hello"), 9), "hello");
    assert_str(str_trim(STR(" \t\r\n\v\fa b \n")), "a b");
    assert_str(str_trim(STR("  ")), "");
    assert_str(str_trim(none), "");
    assert_str(str_last_line(STR("a\n b c \r\n\n")), " b c");
    assert_str(str_last_line(STR("one")), "one");
    assert_str(str_last_line(STR("\n \n")), "");
    assert_str(str_last_line(none), "");
}
END_TEST

START_TEST(cuts_at_separators)
{
    struct str rest = STR("a,,b,");
    assert_str(str_cut(&rest, ','), "a");
    assert_str(str_cut(&rest, ','), "");
    assert_str(str_cut(&rest, ','), "b");
    ck_assert_ptr_nonnull(rest.ptr);
    assert_str(str_cut(&rest, ','), "");
    ck_assert_ptr_null(rest.ptr);

    rest = STR("whole");
    assert_str(str_cut(&rest, ','), "whole");
    ck_assert_ptr_null(rest.ptr);
    assert_str(str_cut(&rest, ','), "");
}
END_TEST

START_TEST(reads_integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"+42", true, 42},
        {"007", true, 7},
        {"0x1F", true, 31},
        {"-0x10", true, -16},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"0x", false, 0},
        {"0xg", false, 0},
        {"0x@", false, 0},
        {"0x`", false, 0},
        {"1a", false, 0},
        {"f", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"--1", false, 0},
        {"+-1", false, 0},
        {"1.0", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 99;
        ck_assert_msg(str_to_i64(str_of(cases[i].text), &value) == cases[i].ok, "%s", cases[i].text);
        ck_assert_int_eq(value, cases[i].ok ? cases[i].value : 99);
    }
    uint64_t value = 99;
    ck_assert(!str_to_u64(STR("18446744073709551616"), &value));
    ck_assert(!str_to_u64(STR("18446744073709551620"), &value));
    ck_assert(!str_to_u64(STR("0x10000000000000000"), &value));
    ck_assert(!str_to_u64(STR("-1"), &value) && !str_to_u64(STR("+1"), &value));
    ck_assert_uint_eq(value, 99);
    ck_assert(str_to_u64(STR("18446744073709551615"), &value) && value == UINT64_MAX);
    ck_assert(str_to_u64(STR("0xFFFFFFFFFFFFFFFF"), &value) && value == UINT64_MAX);
    ck_assert(str_to_u64(str_n("123456", 3), &value) && value == 123);
}
END_TEST

START_TEST(reads_reals)
{
    double value = 99;
    static const char *const bad[] = {"",   ".",  "1e",  "nan",   "inf", "0x1p3",
                                      " 1", "1 ", "1,5", "1e999", "--1", "1-"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!str_to_double(str_of(bad[i]), &value), "%s", bad[i]);
    ck_assert_double_eq(value, 99);
    ck_assert(str_to_double(STR("-2.5e-3"), &value) && value == -2.5e-3);
    ck_assert(str_to_double(STR("0.1"), &value) && value == 0.1);
    ck_assert(str_to_double(STR("1.7976931348623157e308"), &value) && value == DBL_MAX);
    ck_assert(str_to_double(str_n("12345", 2), &value) && value == 12);
    char digits[500];
    memset(digits, '1', sizeof(digits));
    ck_assert(!str_to_double(str_n(digits, sizeof(digits)), &value));
}
END_TEST

START_TEST(reads_sizes)
{
    int64_t bytes = 0;
    ck_assert(str_to_size(STR("17"), &bytes) && bytes == 17);
    ck_assert(str_to_size(STR("512K"), &bytes) && bytes == 512 << 10);
    ck_assert(str_to_size(STR("3G"), &bytes) && bytes == (int64_t)3 << 30);
    static const char *const wrong[] = {"", "K", "-1K", "5X", "1.5M", "9999999999T"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(!str_to_size(str_of(wrong[i]), &bytes), "%s", wrong[i]);
}
END_TEST

START_TEST(measures_edits)
{
    ck_assert_uint_eq(str_distance(STR("kitten"), STR("sitting")), 3);
    ck_assert_uint_eq(str_distance(STR("timeout"), STR("timeuot")), 1);
    ck_assert_uint_eq(str_distance(STR("ca"), STR("abc")), 3);
    ck_assert_uint_eq(str_distance(STR(""), STR("abc")), 3);
    ck_assert_uint_eq(str_distance(STR("abc"), none), 3);
    ck_assert_uint_eq(str_distance(STR("abc"), STR("abc")), 0);
    ck_assert_uint_eq(str_distance(STR("abc"), STR("abcd")), 1);
    ck_assert_uint_eq(str_distance(STR("abcd"), STR("abd")), 1);
    ck_assert_uint_eq(str_distance(STR("ab"), STR("ba")), 1);
    char a[200], b[200];
    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));
    ck_assert_uint_eq(str_distance(str_n(a, sizeof(a)), str_n(b, sizeof(b))), 64);
}
END_TEST

START_TEST(suggests_the_nearest_word)
{
    static const char *const words[] = {"needs", "name", "with", "timeout", "on-failure", "for-each"};
    const size_t count = sizeof(words) / sizeof(words[0]);
    ck_assert_str_eq(str_nearest(STR("nmae"), words, count), "name");
    ck_assert_str_eq(str_nearest(STR("tiemuot"), words, count), "timeout");
    ck_assert_str_eq(str_nearest(STR("on_failures"), words, count), "on-failure");
    ck_assert_str_eq(str_nearest(STR("wit"), words, count), "with");
    ck_assert_str_eq(str_nearest(STR("with"), words, count), "with");
    ck_assert_ptr_null(str_nearest(STR("banana"), words, count));
    ck_assert_ptr_null(str_nearest(STR("time"), words, count));
    ck_assert_ptr_null(str_nearest(STR("name"), words, 0));
    static const char *const tie[] = {"cat", "bat"};
    ck_assert_str_eq(str_nearest(STR("rat"), tie, 2), "cat");
}
END_TEST

UNIT_MAIN("base/str", compares_bytes, finds, cuts_pieces, cuts_at_separators, reads_integers, reads_reals,
          reads_sizes, measures_edits, suggests_the_nearest_word)
