// SPDX-License-Identifier: Apache-2.0
#include "workflow/schema.h"

#include "tests/unit/unit.h"
#include "tests/unit/workflow/test_registry.h"
#include "workflow/layout.h"

// The member at a path like "a/b/0", or NULL.
static const json_t *
at(const json_t *json, const char *path)
{
    struct str rest = str_of(path);
    while (rest.ptr && json) {
        struct str part = str_cut(&rest, '/');
        uint64_t index = 0;
        char name[100];
        memcpy(name, part.ptr, part.len);
        name[part.len] = '\0';
        json = json_is_array(json) && str_to_u64(part, &index) ? json_array_get(json, index)
                                                               : json_object_get(json, name);
    }
    return json;
}

static void
check_text(const json_t *schema, const char *path, const char *expected)
{
    const json_t *found = at(schema, path);
    ck_assert_msg(found != NULL, "%s is missing", path);
    char *text = json_canonical(found);
    ck_assert_msg(strcmp(text, expected) == 0, "%s is %s, not %s", path, text, expected);
    free(text);
}

// Every $ref leads somewhere.
static void
check_references(const json_t *schema, const json_t *json)
{
    const char *key = NULL;
    json_t *member = NULL;
    if (json_is_object(json) && json_object_get(json, "$ref")) {
        const char *target = json_get_text(json, "$ref", "");
        ck_assert_msg(strncmp(target, "#/", 2) == 0 && at(schema, target + 2), "%s leads nowhere", target);
    }
    if (json_is_object(json))
        json_object_foreach((json_t *)(uintptr_t)json, key, member) check_references(schema, member);
    for (size_t i = 0; i < json_array_size(json); i++)
        check_references(schema, json_array_get(json, i));
}

START_TEST(the_file_and_every_step_are_in_it)
{
    AUTO_JSON *schema = schema_of(&test_registry);
    check_references(schema, schema);
    check_text(schema, "$schema", "\"http://json-schema.org/draft-07/schema#\"");
    check_text(schema, "required", "[\"version\",\"steps\"]");
    check_text(schema, "additionalProperties", "false");
    for (const struct field *field = layout_pipeline; field->name; field++)
        ck_assert_ptr_nonnull(json_object_get(at(schema, "properties"), field->name));
    const json_t *step = at(schema, "definitions/step");
    for (const struct field *field = layout_step; field->name; field++)
        ck_assert_ptr_nonnull(json_object_get(at(step, "properties"), field->name));
    check_text(step, "required", "[\"id\",\"uses\"]");
    check_text(step, "properties/uses/oneOf/1/const", "\"make\"");
    check_text(step, "allOf/0/if/properties/uses/const", "\"fetch\"");
    check_text(step, "allOf/0/then/properties/with/$ref", "\"#/definitions/with-fetch\"");
    check_text(step, "allOf/0/then/required", "[\"with\"]");
    check_text(step, "properties/on-failure/allOf/2/then/properties/with/$ref",
               "\"#/definitions/with-shell\"");
    check_text(schema, "properties/steps/items/$ref", "\"#/definitions/step\"");
}
END_TEST

START_TEST(fields_have_their_types)
{
    AUTO_JSON *schema = schema_of(&test_registry);
    const json_t *fetch = at(schema, "definitions/with-fetch/properties");
    check_text(fetch, "retries/anyOf/0", "{\"maximum\":10,\"minimum\":0,\"type\":\"integer\"}");
    check_text(fetch, "retries/anyOf/1/$ref", "\"#/definitions/expression\"");
    check_text(fetch, "retries/default", "3");
    const json_t *shell = at(schema, "definitions/with-shell/properties");
    check_text(shell, "run", "{\"allOf\":[{\"$ref\":\"#/definitions/text\"}],\"description\":\"Command.\"}");
    check_text(schema, "definitions/with-make/properties/options/anyOf/0/properties/debug/anyOf/0",
               "{\"type\":\"boolean\"}");
    check_text(
        schema, "properties/version",
        "{\"description\":\"Version of the file format.\",\"maximum\":1,\"minimum\":1,\"type\":\"integer\"}");
    check_text(fetch, "format/anyOf/0", "{\"enum\":[\"json\",\"yaml\",\"text\"]}");
    check_text(fetch, "rate/anyOf/0/type", "\"number\"");
    check_text(fetch, "follow/anyOf/0/type", "\"boolean\"");
    check_text(fetch, "url/description", "\"Address.\"");
    check_text(fetch, "max-size/anyOf/0/$ref", "\"#/definitions/size\"");
    check_text(fetch, "timeout/anyOf/0/$ref", "\"#/definitions/duration\"");
    check_text(fetch, "headers/anyOf/0/additionalProperties/$ref", "\"#/definitions/scalar\"");
    const json_t *make = at(schema, "definitions/with-make/properties");
    check_text(make, "targets/anyOf/0/anyOf/0/type", "\"array\"");
    check_text(make, "options/anyOf/0/properties/define/anyOf/0/items/anyOf/0/required", "[\"name\"]");
    check_text(make, "extra", "{\"description\":\"Anything.\"}");
    check_text(schema, "definitions/with-make/required", "[\"targets\"]");
    check_text(schema, "definitions/expression/pattern", "\"\\\\$\\\\{\\\\{\"");
    check_text(schema, "properties/defaults/properties/retry/properties/attempts/maximum", "100");
}
END_TEST

UNIT_MAIN("workflow/schema", the_file_and_every_step_are_in_it, fields_have_their_types)
