// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/override.h"

#include "tests/unit/steps/shared/target/source.h"

static const char source_text[] =
    "struct header { const char *name; char *value; };\n"
    "struct request { const uint8_t *body; size_t length; struct header *headers; size_t count;\n"
    "  float weights[2]; char label[8]; const char *const *tags; int tag_count; };\n"
    "struct ring *make(unsigned size);\nuint64_t tell(const struct ring *r);\n"
    "int f(struct request *r, const char **names, char *text, struct header by, struct ring *ring)\n"
    "{ while (*names) names++; text[0] = text[0] == 0 ? 1 : 2; return r->tag_count; }\n";

#define RING "\"ring\": {\"role\": \"context\", \"setup\": \"make\", \"digest\": \"tell\"}"

// What is written down is read as it was meant, by the next run and by the reader of signatures.
START_TEST(what_was_written_down_holds)
{
    AUTO_SOURCE source = source_of(source_text);
    struct err err;
    const char *first = source_signature(&source, "f",
                                         "{\"r\": {\"members\": {\"label\": {\"length\": \"nul\"},"
                                         "\"tag_count\": {\"role\": \"scalar\", \"max\": 9},"
                                         "\"tags\": {\"count\": 2}}}, " RING "}");
    ck_assert_msg(strncmp(first, "ERR", 3) != 0, "%s", first);
    AUTO_JSON *json = json_read(str_of(first), "first", &err);
    char *params = json_compact(json_object_get(json, "params"));
    ck_assert_str_eq(source_signature(&source, "f", params), first);
    free(params);

    struct signature back;
    ck_assert_msg(signature_from_json(&source.arena, json, &back, &err) == 0, "%s", err.message);
    AUTO_JSON *again = signature_to_json(&back);
    char *text = json_compact(again);
    ck_assert_str_eq(text, first);
    free(text);
    ck_assert_uint_eq(back.parameters[0].size, 64);
    ck_assert_uint_eq(back.parameters[0].members[7].offset, 56);
    ck_assert_int_eq(back.parameters[4].kind, CELL_CONTEXT);
}
END_TEST

static void
refused(const char *overrides, const char *words)
{
    AUTO_SOURCE source = source_of(source_text);
    const char *got = source_signature(&source, "f", overrides);
    ck_assert_msg(strncmp(got, "ERR ", 4) == 0 && strstr(got, words) != NULL, "%s: %s", overrides, got);
}

START_TEST(bad_entries_are_named)
{
    refused("{\"r\": {\"members\": {\"body\": {\"role\": \"context\"}}}}",
            "'r.body' has role 'context'; roles are scalar, in, text, inout, out, count, array");
    refused("{\"r\": {\"members\": {\"label\": {\"role\": \"in\"}}}}", "an array in a struct is array");
    refused("{\"r\": {\"members\": {\"label\": {\"count\": 3}}}}", "'r.label' is an array of 8 elements");
    refused("{\"r\": {\"members\": {\"weights\": {\"length\": \"nul\"}}}}", "does not end at a NUL");
    refused("{\"r\": {\"members\": {\"headers\": {\"members\": {\"nam\": {}}}}}}",
            "r.headers has no member 'nam'");
    refused("{\"by\": {\"role\": \"in\"}}",
            "'by' of type 'struct header' can't have role 'in'; a struct is scalar");
    refused("{\"by\": {\"role\": \"count\", \"of\": \"r\"}}", "a struct is scalar");
    refused("{\"r\": {\"role\": \"text\"}}", "can't be text");
    refused("{\"text\": {\"length\": \"half\"}}", "write result or capacity, or nul for a text");
    refused("{}", "parameter 'ring' of type 'struct ring *' is not supported");
}
END_TEST

UNIT_MAIN("steps/shared/target/override", what_was_written_down_holds, bad_entries_are_named)
