// SPDX-License-Identifier: Apache-2.0
#include "workflow/pipeline.h"

#include "base/hash.h"
#include "workflow/binding.h"

#include <string.h>

void
pipeline_release(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    json_decref(pipeline->vars);
    json_decref(pipeline->sandbox);
    json_decref(pipeline->secrets);
    pipeline->vars = pipeline->sandbox = pipeline->secrets = NULL;
}

ptrdiff_t
pipeline_find(const struct pipeline *pipeline, const char *id)
{
    for (size_t i = 0; i < pipeline->step_count; i++)
        if (pipeline->steps[i].id && strcmp(pipeline->steps[i].id, id) == 0)
            return (ptrdiff_t)i;
    return -1;
}

// ---- the canonical form

static json_t *
normal_action(const struct pipeline *pipeline, const struct pipeline_action *action)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    const struct binding binding = {.arena = &arena, .file = pipeline->places, .problems = &problems};
    json_t *json = json_object();
    json_set_text(json, "uses", action->ops->name);
    json_object_set_new(
        json, "with",
        binding_object(&binding, action->with, action->mark, action->ops->inputs, action->ops->name));
    return json;
}

static void
set_expression(json_t *json, const char *key, const struct expression *expression)
{
    if (expression)
        json_object_set_new(json, key, json_text(str_trim(expression->text)));
}

// What is not set does not show: the pin of a pipeline without these stays what it always was.
static void
set_span(json_t *json, const char *key, int64_t span_ns)
{
    if (span_ns > 0)
        json_object_set_new(json, key, json_integer(span_ns));
}

static json_t *
normal_step(const struct pipeline *pipeline, const struct pipeline_step *step)
{
    json_t *json = normal_action(pipeline, &step->action);
    json_t *needs = json_array();
    json_set_text(json, "id", step->id);
    for (size_t i = 0; i < step->need_count; i++)
        json_array_append_new(needs, json_string(pipeline->steps[step->needs[i].step].id));
    json_object_set_new(json, "needs", needs);
    set_expression(json, "if", step->condition);
    set_expression(json, "for-each", step->for_each);
    json_object_set_new(json, "retry",
                        json_pack("{s:i, s:I, s:I, s:f}", "attempts", step->retry.attempts, "initial_ns",
                                  (json_int_t)step->retry.initial_ns, "maximum_ns",
                                  (json_int_t)step->retry.maximum_ns, "coefficient",
                                  step->retry.coefficient));
    json_object_set_new(json, "timeout_ns", json_integer(step->timeouts.start_to_close_ns));
    set_span(json, "schedule_to_start_ns", step->timeouts.schedule_to_start_ns);
    set_span(json, "schedule_to_close_ns", step->timeouts.schedule_to_close_ns);
    set_span(json, "heartbeat_ns", step->timeouts.heartbeat_ns);
    if (step->on_failure.ops)
        json_object_set_new(json, "on-failure", normal_action(pipeline, &step->on_failure));
    return json;
}

json_t *
pipeline_normalise(const struct pipeline *pipeline)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < pipeline->step_count; i++)
        json_array_append_new(steps, normal_step(pipeline, &pipeline->steps[i]));
    return json_pack("{s:i, s:s, s:O, s:O, s:o}", "version", pipeline->version, "name", pipeline->name,
                     "sandbox", pipeline->sandbox, "vars", pipeline->vars, "steps", steps);
}

void
pipeline_pin(const struct pipeline *pipeline, char hex[65])
{
    AUTO_JSON *json = pipeline_normalise(pipeline);
    char *text = json_canonical(json);
    const struct hash hash = hash_of(text, strlen(text));
    hash_hex(&hash, hex);
    free(text);
}

// ---- whether a step runs

static bool
has_status(const struct pipeline *pipeline, size_t step, const struct scope *scope, const char *status)
{
    const json_t *state = json_object_get(scope->steps, pipeline->steps[step].id);
    return strcmp(json_get_text(state, "status", ""), status) == 0;
}

// Whether a step before this one, at any distance, failed or was cancelled.
static bool
failed_before(const struct pipeline *pipeline, const struct pipeline_step *step, const struct scope *scope)
{
    AUTO_ARENA arena = {0};
    bool *before = ARENA_ARRAY(&arena, bool, pipeline->step_count);
    for (size_t i = 0; i < step->need_count; i++)
        before[step->needs[i].step] = true;
    for (size_t i = pipeline->step_count; i-- > 0;) {
        size_t index = pipeline->order[i];
        const struct pipeline_step *other = &pipeline->steps[index];
        if (!before[index])
            continue;
        if (has_status(pipeline, index, scope, "failed") || has_status(pipeline, index, scope, "cancelled"))
            return true;
        for (size_t j = 0; j < other->need_count; j++)
            before[other->needs[j].step] = true;
    }
    return false;
}

bool
pipeline_may_run(const struct pipeline *pipeline, const struct pipeline_step *step, const struct scope *scope)
{
    if (step->condition && step->condition->asks_status)
        return true;
    for (size_t i = 0; i < step->need_count; i++)
        if (step->needs[i].data && has_status(pipeline, step->needs[i].step, scope, "skipped"))
            return false;
    return !failed_before(pipeline, step, scope);
}

json_t *
pipeline_items(const struct pipeline *pipeline, const struct pipeline_step *step, const struct scope *scope,
               struct err *err)
{
    struct scope inner = *scope;
    inner.failed = failed_before(pipeline, step, scope);
    json_t *items = expression_evaluate(step->for_each, &inner, err);
    if (!items || json_is_array(items))
        return items;
    bool nothing = json_is_null(items);
    json_decref(items);
    if (nothing)
        return json_array();
    const struct yaml_mark *mark = &step->for_each->mark;
    err_set(err, ERR_CONFIG, "%s:%u:%u: for-each: the expression gives no list", mark->file, mark->line,
            mark->column);
    return NULL;
}

int
pipeline_condition(const struct pipeline *pipeline, const struct pipeline_step *step,
                   const struct scope *scope, struct err *err)
{
    if (!pipeline_may_run(pipeline, step, scope))
        return 0;
    if (!step->condition)
        return 1;
    struct scope inner = *scope;
    inner.failed = failed_before(pipeline, step, scope);
    AUTO_JSON *value = expression_evaluate(step->condition, &inner, err);
    return value ? expression_truth(value) : -1;
}

int
pipeline_resolve_with(const struct pipeline *pipeline, const struct pipeline_action *action,
                      const struct scope *scope, json_t **with, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_PROBLEMS problems = {0};
    const struct binding binding = {
        .arena = &arena, .file = pipeline->places, .problems = &problems, .scope = scope};
    *with = binding_object(&binding, action->with, action->mark, action->ops->inputs, action->ops->name);
    if (problems.list.count == 0)
        return 0;
    json_drop(with);
    *with = NULL;
    problems_sort(&problems);
    return problems_err(&problems, err);
}
