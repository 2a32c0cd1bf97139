// SPDX-License-Identifier: Apache-2.0
// Takes a run back to a step.
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/run.h"

#include <stdlib.h>
#include <string.h>

// A reset under way.
struct reset {
    struct state *state;
    const struct registry *registry;
    struct arena arena;
    struct run run;
    struct pipeline *pipeline;
    json_t *steps; // ids, borrowed
};

static int
load_pipeline(struct reset *reset, struct err *err)
{
    AUTO_BUF text = BUF((size_t)1 << 20);
    AUTO_PROBLEMS problems = {0};
    const char *file;
    if (run_plan(reset->state, &reset->run, &reset->arena, &text, &file, err) < 0)
        return -1;
    reset->pipeline = pipeline_read(&reset->arena, buf_str(&text), file, reset->registry, &problems);
    return reset->pipeline ? 0 : problems_err(&problems, err);
}

static bool
is_listed(const json_t *steps, const char *id)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)steps, i, one)
    {
        if (strcmp(json_string_value(one), id) == 0)
            return true;
    }
    return false;
}

// The step and all that needs it, at any distance; needs come first in `order`.
static int
list_steps(struct reset *reset, const char *first, struct err *err)
{
    const struct pipeline *pipeline = reset->pipeline;
    if (pipeline_find(pipeline, first) < 0) {
        const char **ids = ARENA_ARRAY(&reset->arena, const char *, pipeline->step_count + 1);
        for (size_t i = 0; i < pipeline->step_count; i++)
            ids[i] = pipeline->steps[i].id;
        const char *near = str_nearest(str_of(first), ids, pipeline->step_count);
        return err_set(err, ERR_NOT_FOUND, "run %s has no step %s%s%s%s", reset->run.id, first,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    for (size_t i = 0; i < pipeline->step_count; i++) {
        const struct pipeline_step *step = &pipeline->steps[pipeline->order[i]];
        bool hit = strcmp(step->id, first) == 0;
        for (size_t n = 0; n < step->need_count; n++)
            hit = hit || is_listed(reset->steps, pipeline->steps[step->needs[n].step].id);
        if (hit)
            json_array_append_new(reset->steps, json_string(step->id));
    }
    return 0;
}

// What one task left behind.
static int
forget_task(struct reset *reset, const char *key, struct err *err)
{
    static const char *const by_number[] = {
        "DELETE FROM activity WHERE run = ? AND step = ?", "DELETE FROM recorded WHERE run = ? AND step = ?",
        "DELETE FROM wait WHERE run = ? AND step = ?", "DELETE FROM step WHERE run = ? AND key = ?"};
    for (size_t i = 0; i < sizeof(by_number) / sizeof(by_number[0]); i++)
        if (state_run(reset->state, by_number[i], json_pack("[Is]", (json_int_t)reset->run.number, key), NULL,
                      err) < 0)
            return -1;
    for (size_t t = 0; reset->registry->tables && reset->registry->tables[t]; t++) {
        const char *const *tables = reset->registry->tables[t]->step_tables;
        for (size_t i = 0; tables && tables[i]; i++) {
            const char *sql =
                arena_printf(&reset->arena, "DELETE FROM %s WHERE run = ? AND step = ?", tables[i]);
            if (state_run(reset->state, sql, json_pack("[ss]", reset->run.id, key), NULL, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int
forget_step(struct reset *reset, const char *id, struct err *err)
{
    AUTO_JSON *rows = state_rows(reset->state, "SELECT key FROM step WHERE run = ? AND id = ?",
                                 json_pack("[Is]", (json_int_t)reset->run.number, id), err);
    if (!rows)
        return -1;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (forget_task(reset, json_get_text(row, "key", ""), err) < 0)
            return -1;
    }
    return 0;
}

static int
apply(struct reset *reset, const char *run, const char *first, struct err *err)
{
    if (run_load(reset->state, run, &reset->run, err) < 0 || load_pipeline(reset, err) < 0 ||
        list_steps(reset, first, err) < 0)
        return -1;
    size_t i;
    json_t *id;
    json_array_foreach(reset->steps, i, id)
    {
        if (forget_step(reset, json_string_value(id), err) < 0)
            return -1;
    }
    json_t *details = json_pack("{s:s, s:O}", "to", first, "steps", reset->steps);
    return run_reopen(reset->state, &reset->run, details, err);
}

static int
reset_in(struct reset *reset, const char *run, const char *first, struct err *err)
{
    if (state_begin(reset->state, err) < 0)
        return -1;
    if (apply(reset, run, first, err) == 0)
        return state_commit(reset->state, err);
    state_rollback(reset->state);
    return -1;
}

int
engine_reset(const char *state_path, const struct registry *registry, const struct host *host,
             const char *run, const char *step, json_t **steps, struct err *err)
{
    struct reset reset = {.registry = registry};
    struct lease lease;
    *steps = NULL;
    if (lease_acquire(&lease, state_path, err) < 0)
        return -1;
    reset.steps = json_array();
    reset.state = state_open(state_path, registry, host, err);
    int result = reset.state ? reset_in(&reset, run, step, err) : -1;
    if (result == 0)
        *steps = json_incref(reset.steps);
    json_decref(reset.steps);
    run_release(&reset.run);
    pipeline_release(reset.pipeline);
    state_close(reset.state);
    lease_release(&lease);
    arena_release(&reset.arena);
    return result;
}
