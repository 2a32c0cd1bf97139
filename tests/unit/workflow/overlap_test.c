// SPDX-License-Identifier: Apache-2.0
#include "workflow/overlap.h"

#include "tests/unit/unit.h"

static json_t *
read_json(const char *text)
{
    struct err err;
    json_t *json = json_read(str_of(text), "test", &err);
    ck_assert_ptr_nonnull(json);
    return json;
}

START_TEST(says_what_changed)
{
    static const struct {
        const char *before, *after, *said;
    } cases[] = {
        {"{}", "{}", ""},
        {"{\"vars\": {\"a\": 1}}", "{\"vars\": {\"a\": 2}}", "vars"},
        {"{\"steps\": [{\"id\": \"a\"}]}", "{\"steps\": []}", "step a is gone"},
        {"{\"steps\": []}", "{\"steps\": [{\"id\": \"a\"}]}", "step a is new"},
        {"{\"steps\": [{\"id\": \"a\", \"with\": {\"x\": 1, \"y\": 1}}]}",
         "{\"steps\": [{\"id\": \"a\", \"with\": {\"x\": 2, \"y\": 1}}]}", "step a: with.x"},
        {"{\"name\": \"p\", \"steps\": [{\"id\": \"a\", \"needs\": []}]}",
         "{\"name\": \"q\", \"steps\": [{\"id\": \"a\", \"needs\": [\"b\"]}, {\"id\": \"b\"}]}",
         "name; step a: needs; step b is new"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_ARENA arena = {0};
        AUTO_JSON *before = read_json(cases[i].before), *after = read_json(cases[i].after);
        ck_assert_str_eq(overlap_changes(&arena, before, after), cases[i].said);
    }
}
END_TEST

UNIT_MAIN("workflow/overlap", says_what_changed)
