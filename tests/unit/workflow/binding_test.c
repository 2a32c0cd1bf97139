// SPDX-License-Identifier: Apache-2.0
// The two ends of a walk over one table: what is written stays without a scope, and is filled in with one.
// What each type takes is tested through tests/unit/workflow/pipeline_test.c.
#include "workflow/binding.h"

#include "tests/unit/unit.h"
#include "tests/unit/workflow/test_registry.h"

struct seen {
    size_t count;
    struct str last_key;
};

static void
note(void *context, const struct expression *expression, struct str key)
{
    struct seen *seen = context;
    seen->count += expression->reference_count;
    seen->last_key = key;
}

static const char *const written =
    "{url: '${{ vars.u }}', timeout: 2m, max-size: 3K, retries: 4, headers: {a: '${{ run.id }}'}}";

START_TEST(without_a_scope_expressions_stay)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    struct err err;
    struct seen seen = {0};
    struct yaml_node *node = yaml_read(&arena, str_of(written), "p.yml", &err);
    struct binding binding = {.arena = &arena, .problems = &problems, .seen = note, .context = &seen};
    AUTO_JSON *json = binding_object(&binding, node, node->mark, test_fetch_inputs, "fetch");
    char *text = json_compact(json);
    ck_assert_str_eq(text, "{\"url\":\"${{ vars.u }}\",\"timeout\":120.0,\"max-size\":3072,"
                           "\"headers\":{\"a\":\"${{ run.id }}\"},\"retries\":4}");
    ck_assert_uint_eq(seen.count, 2);
    ck_assert(str_is(seen.last_key, "a"));
    ck_assert_uint_eq(problems.list.count, 0);
    free(text);
}
END_TEST

START_TEST(with_a_scope_they_are_evaluated_and_nobody_is_told)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    struct err err;
    struct seen seen = {0};
    AUTO_JSON *vars = json_pack("{s:s}", "u", "http://x");
    struct scope scope = {.vars = vars};
    struct yaml_node *node = yaml_read(&arena, str_of(written), "p.yml", &err);
    struct binding binding = {
        .arena = &arena, .problems = &problems, .scope = &scope, .seen = note, .context = &seen};
    AUTO_JSON *json = binding_object(&binding, node, node->mark, test_fetch_inputs, "fetch");
    char *text = json_compact(json);
    ck_assert_str_eq(text,
                     "{\"url\":\"http://x\",\"timeout\":120.0,\"max-size\":3072,\"headers\":{\"a\":null},"
                     "\"retries\":4,\"format\":\"json\",\"follow\":true}");
    ck_assert_uint_eq(seen.count, 0);
    free(text);
}
END_TEST

START_TEST(sizes)
{
    static const struct {
        const char *text;
        json_int_t bytes;
    } examples[] = {
        {"0", 0},   {"17", 17}, {"1K", 1024}, {"2M", 2097152}, {"3G", 3221225472},  {"1T", 1099511627776},
        {"1k", -1}, {"K", -1},  {"-1", -1},   {"1.5K", -1},    {"99999999999G", -1}};
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        AUTO_ARENA arena = {0};
        AUTO_PROBLEMS problems = {0};
        struct err err;
        const char *text = arena_printf(&arena, "{url: x, max-size: %s}", examples[i].text);
        struct yaml_node *node = yaml_read(&arena, str_of(text), "p.yml", &err);
        struct binding binding = {.arena = &arena, .problems = &problems};
        AUTO_JSON *json = binding_object(&binding, node, node->mark, test_fetch_inputs, "fetch");
        ck_assert_msg(json_get_int(json, "max-size", -1) == examples[i].bytes, "%s", examples[i].text);
        ck_assert_uint_eq(problems.list.count, examples[i].bytes < 0);
    }
}
END_TEST

UNIT_MAIN("workflow/binding", without_a_scope_expressions_stay,
          with_a_scope_they_are_evaluated_and_nobody_is_told, sizes)
