// SPDX-License-Identifier: Apache-2.0
// Any bytes as a pipeline file: read, and where it is valid, taken through everything that happens to it in a
// run.
#include "workflow/pipeline.h"

#include "tests/unit/workflow/test_registry.h"

enum { FILE_MAX_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
run_step(const struct pipeline *pipeline, const struct pipeline_step *step, struct scope *scope)
{
    struct err err;
    json_t *with = NULL;
    AUTO_JSON *items = step->for_each ? pipeline_items(pipeline, step, scope, &err) : NULL;
    scope->item = json_array_get(items, 0);
    if (pipeline_condition(pipeline, step, scope, &err) > 0 &&
        pipeline_resolve_with(pipeline, &step->action, scope, &with, &err) == 0)
        json_decref(with);
    scope->item = NULL;
    if (step->on_failure.ops && pipeline_resolve_with(pipeline, &step->on_failure, scope, &with, &err) == 0)
        json_decref(with);
}

static void
run_all(const struct pipeline *pipeline)
{
    struct err err;
    AUTO_JSON *outputs =
        json_read(STR("{\"body\": \"b\", \"status\": 200, \"files\": [{\"path\": \"p.c\", \"size\": 3}],"
                      "\"meta\": {\"type\": \"t\", \"length\": 1}, \"binary\": \"x\","
                      "\"symbols\": [\"s\"], \"items\": [{\"x\": 1}], \"count\": 1}"),
                  "outputs", &err);
    AUTO_JSON *steps = json_object();
    AUTO_JSON *run = json_pack("{s:s}", "id", "r1");
    struct scope scope = {.steps = steps, .vars = pipeline->vars, .run = run, .host = host_real()};
    for (size_t i = 0; i < pipeline->step_count; i++) {
        const struct pipeline_step *step = &pipeline->steps[pipeline->order[i]];
        run_step(pipeline, step, &scope);
        json_object_set_new(
            steps, step->id,
            json_pack("{s:s, s:O}", "status", i % 5 == 3 ? "failed" : "succeeded", "outputs", outputs));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    AUTO_BUF lines = BUF(1 << 20);
    char pin[65];
    if (size > FILE_MAX_BYTES)
        return 0;
    struct pipeline *pipeline =
        pipeline_read(&arena, str_n((const char *)bytes, size), "p.yml", &test_registry, &problems);
    problems_write(&problems, &lines);
    if ((pipeline == NULL) == (problems.list.count == 0))
        abort(); // a file is either read or told what is wrong
    if (!pipeline)
        return 0;
    pipeline_pin(pipeline, pin);
    run_all(pipeline);
    pipeline_release(pipeline);
    return 0;
}
