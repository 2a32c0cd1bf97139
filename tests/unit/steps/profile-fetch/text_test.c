// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/text.h"

#include "tests/unit/unit.h"

START_TEST(gives_lines)
{
    struct text text = text_of(STR("a\r\n\nb"), "p");
    struct str line;
    ck_assert(text_line(&text, &line) && str_is(line, "a"));
    ck_assert(text_line(&text, &line) && line.len == 0);
    ck_assert(text_line(&text, &line) && str_is(line, "b"));
    ck_assert_uint_eq(text.line_number, 3);
    struct err err;
    ck_assert_int_eq(text_error(&text, &err, "bad %d", 7), -1);
    ck_assert_str_eq(err.message, "p:3: bad 7");
    ck_assert(!text_line(&text, &line));
    struct text empty = text_of((struct str){0}, "p");
    ck_assert(!text_line(&empty, &line));
}
END_TEST

START_TEST(takes_words)
{
    struct str rest = STR("  a\tbc ");
    ck_assert(str_is(text_word(&rest), "a"));
    ck_assert(str_is(text_word(&rest), "bc"));
    ck_assert_uint_eq(text_word(&rest).len, 0);
}
END_TEST

START_TEST(takes_numbers)
{
    struct str rest = STR("120:x");
    uint64_t value;
    ck_assert(text_number(&rest, &value));
    ck_assert_uint_eq(value, 120);
    ck_assert(str_is(rest, ":x"));
    ck_assert(!text_number(&rest, &value));
    rest = STR("999999999999999999");
    ck_assert(text_number(&rest, &value));
    ck_assert_uint_eq(value, 999999999999999999);
    rest = STR("1000000000000000000");
    ck_assert(!text_number(&rest, &value));
}
END_TEST

UNIT_MAIN("steps/profile-fetch/text", gives_lines, takes_words, takes_numbers)
