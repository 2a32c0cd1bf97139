// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/signature.h"

#include "tests/unit/steps/shared/target/source.h"

static const char file[] =
    "typedef unsigned short word;\n"
    "word f(const word *data, size_t len, void *state, float scale, enum mode { FAST } mode) {\n"
    "  char *s = state;\n"
    "  for (size_t i = 0; i < len; i++) s[i % 4] ^= (char)(data[i] * scale);\n"
    "  return mode; }\n";

static const char overrides[] =
    "{\"state\": {\"role\": \"inout\", \"count\": 4}, \"scale\": {\"min\": 0.5, \"max\": 2}}";

START_TEST(describes_types_and_roles)
{
    AUTO_SOURCE source = source_of(file);
    struct function function;
    struct signature s;
    struct err err;
    AUTO_JSON *given = json_read(str_of(overrides), "overrides", &err);

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), 0);
    ck_assert_msg(signature_infer(&source.arena, source.syntax, &function, given, &s, &err) == 0, "%s",
                  err.message);
    ck_assert_uint_eq(s.count, 5);
    ck_assert_str_eq(s.result_type, "word");
    ck_assert_str_eq(s.result_element, "unsigned short");
    ck_assert(s.result_size == 2 && !s.result_signed && !s.result_real);
    ck_assert_str_eq(s.parameters[0].type, "const word *");
    ck_assert_str_eq(s.parameters[0].element, "unsigned short");
    ck_assert(s.parameters[0].size == 2 && !s.parameters[0].is_signed);
    ck_assert(s.parameters[1].kind == CELL_COUNT && s.parameters[1].of == 0 && s.parameters[1].size == 8);
    ck_assert_str_eq(s.parameters[2].element, "uint8_t");
    ck_assert(s.parameters[2].size == 1 && s.parameters[2].fixed_count == 4 && s.parameters[2].of == -1);
    ck_assert(s.parameters[3].is_real && s.parameters[3].size == 4);
    ck_assert(s.parameters[3].min == 0.5 && s.parameters[3].max == 2);
    ck_assert_str_eq(s.parameters[4].element, "unsigned");
    ck_assert_str_eq(s.parameters[4].type, "enum mode");
}
END_TEST

START_TEST(goes_to_json_and_back)
{
    AUTO_SOURCE source = source_of(file);
    struct signature back;
    struct err err;
    const char *text = source_signature(&source, "f", overrides);

    ck_assert_str_eq(text,
                     "{\"result\":\"word\",\"result_element\":\"unsigned short\",\"params\":{"
                     "\"data\":{\"type\":\"const word *\",\"element\":\"unsigned short\",\"role\":\"in\"},"
                     "\"len\":{\"type\":\"size_t\",\"role\":\"count\",\"of\":\"data\"},"
                     "\"state\":{\"type\":\"void *\",\"role\":\"inout\",\"count\":4},"
                     "\"scale\":{\"type\":\"float\",\"role\":\"scalar\",\"min\":0.5,\"max\":2},"
                     "\"mode\":{\"type\":\"enum mode\",\"role\":\"scalar\"}}}");
    AUTO_JSON *json = json_read(str_of(text), "signature", &err);
    ck_assert_msg(signature_from_json(&source.arena, json, &back, &err) == 0, "%s", err.message);
    AUTO_JSON *again = signature_to_json(&back);
    ck_assert(json_equal(json, again));
    ck_assert(back.result_size == 2 && back.parameters[0].size == 2 && back.parameters[1].of == 0);
    ck_assert(back.parameters[2].size == 1 && back.parameters[3].is_real && back.parameters[3].max == 2);
}
END_TEST

START_TEST(keeps_lengths_and_shared_counts)
{
    AUTO_SOURCE source =
        source_of("size_t f(const int *a, const int *b, size_t n, int *o, size_t cap) { size_t k = 0;\n"
                  "  for (size_t i = 0; i < n && k < cap; i++) o[k++] = a[i] + b[i]; return k; }");
    struct signature back;
    struct err err;
    AUTO_JSON *json = json_read(str_of(source_signature(&source, "f", NULL)), "signature", &err);

    ck_assert_int_eq(signature_from_json(&source.arena, json, &back, &err), 0);
    ck_assert(back.parameters[1].of == 0 && back.parameters[2].of == 0);
    ck_assert(back.parameters[3].kind == CELL_OUT && back.parameters[3].length_from_result);
    json_object_set_new(json_object_get(json_object_get(json, "params"), "o"), "length",
                        json_string("capacity"));
    ck_assert_int_eq(signature_from_json(&source.arena, json, &back, &err), 0);
    ck_assert(!back.parameters[3].length_from_result);
}
END_TEST

static void
refused(const char *text, const char *words)
{
    AUTO_ARENA arena = {0};
    struct signature signature;
    struct err err;
    AUTO_JSON *json = json_read(str_of(text), "signature", &err);

    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(signature_from_json(&arena, json, &signature, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TARGET);
    ck_assert_msg(strstr(err.message, words) != NULL, "%s: %s", text, err.message);
}

START_TEST(refuses_bad_json)
{
    refused("{}", "needs \"result\"");
    refused("{\"result\": \"int\", \"params\": []}", "needs \"result\"");
    refused("{\"result\": \"thing\", \"params\": {}}", "result_element");
    refused("{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int\"}}}", "'a' needs");
    refused("{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"thing\", \"role\": \"scalar\"}}}",
            "element");
    refused("{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int *\", \"role\": \"scalar\"}}}",
            "can't have role");
    refused("{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int\", \"role\": \"in\"}}}",
            "can't have role");
    refused("{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int\", \"role\": \"count\"}}}",
            "\"of\" of 'a'");
    refused(
        "{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int\", \"role\": \"count\", \"of\": \"a\"}}}",
        "\"of\" of 'a'");
    refused(
        "{\"result\": \"int\", \"params\": {\"a\": {\"type\": \"int *\", \"role\": \"in\", \"count\": -4}}}",
        "count of 'a'");
}
END_TEST

START_TEST(errors_name_the_function)
{
    AUTO_SOURCE source = source_of("int f(struct ring *ctx) { return 0; }");
    const char *got = source_signature(&source, "f", NULL);

    ck_assert_msg(
        strstr(got, "function 'f': parameter 'ctx' of type 'struct ring *' is not supported: struct "
                    "ring is not defined in this file or in a header that it includes in quotes; ") != NULL,
        "%s", got);
}
END_TEST

START_TEST(looks_types_up_in_headers)
{
    AUTO_SOURCE header = source_of("typedef unsigned char octet;");
    AUTO_SOURCE source = source_of("int f(octet a) { return a; }");
    struct function function;
    struct signature s;
    struct err err;

    ck_assert_int_eq(function_find(&source.arena, source.syntax, "f", &function, &err), 0);
    ck_assert_int_eq(signature_infer(&source.arena, source.syntax, &function, NULL, &s, &err), -1);
    ck_assert_int_eq(
        signature_infer_with(&source.arena, source.syntax, &header.syntax, 1, &function, NULL, &s, &err), 0);
    ck_assert_str_eq(s.parameters[0].element, "unsigned char");
}
END_TEST

START_TEST(roles_have_names)
{
    enum cell_kind kind;

    for (int k = CELL_SCALAR; k <= CELL_COUNT; k++) {
        ck_assert(role_parse(role_name((enum cell_kind)k), &kind));
        ck_assert_int_eq(kind, k);
        bool buffer = k == CELL_IN || k == CELL_TEXT || k == CELL_INOUT || k == CELL_OUT;
        ck_assert_int_eq(parameter_is_buffer(&(struct parameter){.kind = (enum cell_kind)k}), buffer);
    }
    ck_assert(!role_parse("end", &kind));
    ck_assert_str_eq(role_name(CELL_END), "");
}
END_TEST

// "int f(int n) { return n" with `count` times `more` behind it.
static const char *
long_function(struct arena *arena, const char *more, size_t count)
{
    struct buf text = BUF(1 << 20);
    buf_puts(&text, "int f(int n) { n = n");
    for (size_t i = 0; i < count; i++)
        buf_puts(&text, more);
    buf_puts(&text, "; return n; }");
    const char *kept = arena_str(arena, buf_str(&text));
    buf_release(&text);
    return kept;
}

START_TEST(large_functions_are_refused)
{
    AUTO_ARENA arena = {0};
    ck_assert_str_eq(source_roles(long_function(&arena, "; n = n", 1000), NULL), "n=scalar");
    ck_assert_str_eq(source_roles(long_function(&arena, " + n", 100), NULL), "n=scalar");
    ck_assert_ptr_nonnull(
        strstr(source_roles(long_function(&arena, "; n = n", 5000), NULL), "smaller function"));
    ck_assert_ptr_nonnull(strstr(source_roles(long_function(&arena, " + n", 5000), NULL), "200 at most"));
}
END_TEST

START_TEST(too_many_parameters_are_refused)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 12);
    buf_puts(&text, "int f(int p0");
    for (int i = 1; i < 40; i++)
        buf_printf(&text, ", int p%d", i);
    buf_puts(&text, ") { return p0; }");
    ck_assert_ptr_nonnull(strstr(source_roles(buf_text(&text), NULL), "40 parameters; 32 at most"));
}
END_TEST

UNIT_MAIN("steps/shared/target/signature", describes_types_and_roles, goes_to_json_and_back,
          keeps_lengths_and_shared_counts, refuses_bad_json, errors_name_the_function,
          looks_types_up_in_headers, roles_have_names, large_functions_are_refused,
          too_many_parameters_are_refused)
