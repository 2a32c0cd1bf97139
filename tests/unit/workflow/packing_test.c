// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/unit.h"
#include "workflow/packing.h"

#include <math.h>
#include <stdlib.h>

START_TEST(values_come_back_as_they_were)
{
    static const char *const cases[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1",
        "-1e300",
        "\"\"",
        "\"a\\u0000b\"",
        "\"\xc3\xa4\xf0\x9f\x8f\x9d\"",
        "[]",
        "{}",
        "[1,[2,[]],{\"a\":null}]",
        "{\"z\":1,\"a\":{\"\":[true]},\"m\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        AUTO_BUF packed = BUF(1000);
        AUTO_JSON *before = json_read(str_of(cases[i]), "case", &err);
        ck_assert_msg(before != NULL, "%s: %s", cases[i], err.message);
        packing_add(&packed, before);
        AUTO_JSON *after = packing_read(buf_str(&packed), &err);
        ck_assert_msg(after != NULL, "%s: %s", cases[i], err.message);
        char *one = json_compact(before), *two = json_compact(after);
        ck_assert_str_eq(one, two);
        free(one);
        free(two);
    }
}
END_TEST

START_TEST(every_cut_and_every_rest_is_refused)
{
    AUTO_JSON *json = json_pack("{s:[i, s, f], s:{s:n, s:b}}", "list", 7, "text", 0.5, "map", "k", "b", 1);
    AUTO_BUF packed = BUF(1000);
    packing_add(&packed, json);
    for (size_t len = 0; len < packed.len; len++) {
        struct err err = {0};
        ck_assert_ptr_null(packing_read(str_n(packed.ptr, len), &err));
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
    buf_putc(&packed, 'n');
    struct err err = {0};
    ck_assert_ptr_null(packing_read(buf_str(&packed), &err));
}
END_TEST

START_TEST(what_is_no_value_is_refused)
{
    static const struct str cases[] = {
        STR("x"),
        STR("{}"),
        STR("s\x02\0\0\0\xc3\x28"),        // not UTF-8
        STR("o\x01\0\0\0\x01\0\0\0\xffn"), // a key that is not
        STR("o\x01\0\0\0\x01\0\0\0\0n"),   // one that JSON text can't have
        STR("a\xff\xff\xff\xffn"),         // more elements than bytes
        STR("s\xff\xff\xff\xffn"),         // longer than the bytes
        STR("d\0\0\0\0\0\0\xf8\x7f"),      // not a number
        STR("d\0\0\0\0\0\0\xf0\x7f"),      // infinite
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = {0};
        ck_assert_msg(packing_read(cases[i], &err) == NULL, "case %zu", i);
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct err err = {0};
        json_t *json = json_array();
        for (int i = 1; i < depth; i++)
            json = json_pack("[o]", json);
        AUTO_JSON *held = json;
        AUTO_BUF packed = BUF(10000);
        packing_add(&packed, held);
        AUTO_JSON *back = packing_read(buf_str(&packed), &err);
        ck_assert(json_equal(back, held) == (depth == JSON_DEPTH_MAX));
    }
}
END_TEST

UNIT_MAIN("workflow/packing", values_come_back_as_they_were, every_cut_and_every_rest_is_refused,
          what_is_no_value_is_refused, nesting_has_a_limit)
