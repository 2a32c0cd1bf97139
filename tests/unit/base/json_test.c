// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

static json_t *
read_text(const char *text)
{
    struct err err;
    json_t *json = json_read(str_of(text), "test", &err);
    ck_assert_msg(json != NULL, "%s: %s", text, err.message);
    return json;
}

static void
assert_refused(struct str text, const char *message_start)
{
    struct err err;
    json_t *json = json_read(text, "in.json", &err);
    ck_assert_ptr_null(json);
    ck_assert_int_eq(err.kind, ERR_PARSE);
    ck_assert_msg(strncmp(err.message, message_start, strlen(message_start)) == 0, "%s", err.message);
}

START_TEST(reads_any_value)
{
    AUTO_JSON *number = read_text("-9223372036854775808");
    ck_assert_int_eq(json_integer_value(number), INT64_MIN);
    AUTO_JSON *text = read_text(" \"a\\u0000b\" ");
    ck_assert_uint_eq(json_string_length(text), 3);
    AUTO_JSON *object = read_text("{\"a\": [1, 2.5, null, true]}");
    ck_assert_uint_eq(json_array_size(json_object_get(object, "a")), 4);
}
END_TEST

START_TEST(errors_have_a_place)
{
    assert_refused(STR("{\n  \"a\": 1,\n  b: 2\n}"), "in.json:3:3: ");
    assert_refused(STR("{\"a\": 1, \"a\": 2}"), "in.json:1:");
    assert_refused(STR("[1, 2"), "in.json:1:");
    assert_refused(STR("1 2"), "in.json:1:");
    assert_refused(STR(""), "in.json:1:0: ");
    assert_refused(str_n(NULL, 0), "in.json:1:0: ");
    assert_refused(STR("\"\xff\""), "in.json:1:");
    assert_refused(STR("9223372036854775808"), "in.json:1:");
    assert_refused(STR("[1e999]"), "in.json:1:");
}
END_TEST

START_TEST(nesting_is_capped)
{
    AUTO_BUF text = BUF(1 << 20);
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_puts(&text, "[");
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_puts(&text, "]");
    AUTO_JSON *deep = read_text(buf_text(&text));
    ck_assert(json_is_array(deep));

    buf_clear(&text);
    buf_puts(&text, "[0");
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, ", [], {}");
    buf_puts(&text, "]");
    AUTO_JSON *wide = read_text(buf_text(&text));
    ck_assert_uint_eq(json_array_size(wide), 2001);

    buf_clear(&text);
    buf_puts(&text, "\n ");
    for (int i = 0; i < 500000; i++)
        buf_puts(&text, i % 2 ? "[" : "{");
    assert_refused(buf_str(&text), "in.json:2:130: nested deeper than 128 levels");
}
END_TEST

START_TEST(brackets_in_strings_are_not_nesting)
{
    AUTO_BUF text = BUF(1 << 16);
    buf_puts(&text, "[\"\\\\\", \"\\\"");
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "[{");
    buf_puts(&text, "\"]");
    AUTO_JSON *json = read_text(buf_text(&text));
    ck_assert_uint_eq(json_string_length(json_array_get(json, 1)), 2001);
}
END_TEST

START_TEST(reads_files)
{
    struct err err;
    char path[] = "/tmp/json_test_XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    static const char text[] = "{\"answer\": 42}";
    ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    AUTO_JSON *json = json_read_file(path, 100, &err);
    ck_assert_int_eq(json_get_int(json, "answer", 0), 42);
    ck_assert_ptr_null(json_read_file(path, 5, &err));
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    unlink(path);
    ck_assert_ptr_null(json_read_file(path, 100, &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(writes_three_forms)
{
    AUTO_JSON *json = read_text("{\"b\": [1, {\"z\": 1, \"a\": \"\xc3\xa9\"}], \"a\": 0.5}");
    char *canonical = json_canonical(json), *compact = json_compact(json), *pretty = json_pretty(json);
    ck_assert_str_eq(canonical, "{\"a\":0.5,\"b\":[1,{\"a\":\"\xc3\xa9\",\"z\":1}]}");
    ck_assert_str_eq(compact, "{\"b\":[1,{\"z\":1,\"a\":\"\xc3\xa9\"}],\"a\":0.5}");
    ck_assert_int_eq(strncmp(pretty, "{\n  \"b\": [\n    1,", 17), 0);
    free(canonical);
    free(compact);
    free(pretty);
    AUTO_JSON *scalar = json_integer(7);
    char *text = json_compact(scalar);
    ck_assert_str_eq(text, "7");
    free(text);
}
END_TEST

START_TEST(members_have_defaults)
{
    AUTO_JSON *json = read_text("{\"t\": \"x\", \"i\": 3, \"r\": 2.5, \"b\": false}");
    ck_assert_str_eq(json_get_text(json, "t", "-"), "x");
    ck_assert_str_eq(json_get_text(json, "i", "-"), "-");
    ck_assert_ptr_null(json_get_text(json, "absent", NULL));
    ck_assert_int_eq(json_get_int(json, "i", -1), 3);
    ck_assert_int_eq(json_get_int(json, "r", -1), -1);
    ck_assert_double_eq(json_get_real(json, "r", -1), 2.5);
    ck_assert_double_eq(json_get_real(json, "i", -1), 3);
    ck_assert_double_eq(json_get_real(json, "t", -1), -1);
    ck_assert(!json_get_bool(json, "b", true));
    ck_assert(json_get_bool(json, "i", true) && !json_get_bool(json, "absent", false));
    ck_assert_int_eq(json_get_int(NULL, "i", 9), 9);
}
END_TEST

START_TEST(any_bytes_become_text)
{
    static const struct {
        struct str bytes;
        const char *text;
    } cases[] = {
        {{"plain", 5}, "plain"},
        {{"", 0}, ""},
        {{NULL, 0}, ""},
        {{"\xe2\x82\xac\xf0\x9f\x90\x9a", 7}, "\xe2\x82\xac\xf0\x9f\x90\x9a"},
        {{"a\xff"
          "b",
          3},
         "a\xef\xbf\xbd"
         "b"},
        // The first and last character of each length, and U+D7FF, beside a byte that makes the text invalid.
        {{"\xff\xc2\x80\xdf\xbf", 5}, "\xef\xbf\xbd\xc2\x80\xdf\xbf"},
        {{"\xff\xe0\xa0\x80\xed\x9f\xbf", 7}, "\xef\xbf\xbd\xe0\xa0\x80\xed\x9f\xbf"},
        {{"\xff\xee\x80\x80\xf0\x90\x80\x80", 8}, "\xef\xbf\xbd\xee\x80\x80\xf0\x90\x80\x80"},
        {{"\xed\xbf\xbf", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xe2\x82\xac", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xc3", 1}, "\xef\xbf\xbd"},
        {{"\xc0\x80", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},                                 // overlong
        {{"\xed\xa0\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 // surrogate
        {{"\xf4\x90\x80\x80", 4}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, // above U+10FFFF
        {{"\xff\xc3\xa9\xf4\x8f\xbf\xbf", 7}, "\xef\xbf\xbd\xc3\xa9\xf4\x8f\xbf\xbf"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_JSON *json = json_text(cases[i].bytes);
        ck_assert_str_eq(json_string_value(json), cases[i].text);
    }
    AUTO_JSON *object = json_object();
    json_set_text(object, "bad", "\xff");
    json_set_text(object, "none", NULL);
    ck_assert_str_eq(json_get_text(object, "bad", "-"), "\xef\xbf\xbd");
    ck_assert(json_is_null(json_object_get(object, "none")));
}
END_TEST

START_TEST(bytes_survive)
{
    struct str cases[] = {STR("text"), STR(""), STR("a\0b"), STR("\xff\0\xfe"), STR("\x80")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_JSON *json = json_bytes(cases[i]);
        char *text = json_compact(json);
        AUTO_JSON *again = read_text(text);
        free(text);
        AUTO_BUF out = BUF(100);
        ck_assert(json_bytes_into(again, &out));
        ck_assert(str_eq(buf_str(&out), cases[i]));
    }
    AUTO_JSON *binary = json_bytes(STR("\xff\0\xfe"));
    ck_assert_str_eq(json_get_text(binary, "b64", "-"), "/wD+");
}
END_TEST

START_TEST(only_bytes_are_bytes)
{
    static const char *const bad[] = {
        "1", "[]", "{}", "null", "{\"b64\": 1}", "{\"b64\": \"!\"}", "{\"b64\": \"Zg==\", \"x\": 1}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AUTO_JSON *json = read_text(bad[i]);
        AUTO_BUF out = BUF(100);
        ck_assert_msg(!json_bytes_into(json, &out), "%s", bad[i]);
        ck_assert_uint_eq(out.len, 0);
    }
}
END_TEST

UNIT_MAIN("base/json", reads_any_value, errors_have_a_place, nesting_is_capped,
          brackets_in_strings_are_not_nesting, reads_files, writes_three_forms, members_have_defaults,
          any_bytes_become_text, bytes_survive, only_bytes_are_bytes)
