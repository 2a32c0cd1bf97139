// SPDX-License-Identifier: Apache-2.0
#include "workflow/engine_call.h"

#include "base/hash.h"
#include "workflow/notice.h"
#include "workflow/overlap.h"
#include "workflow/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// Covers all that makes a run another run: pipeline, overrides, mode.
static void
make_pin(const struct engine *engine, struct run *run)
{
    pipeline_pin(engine->pipeline, run->plan);
    AUTO_JSON *all =
        json_pack("{s:s, s:O, s:s}", "pipeline", run->plan, "vars", run->vars, "mode", run->mode);
    char *text = json_canonical(all);
    struct hash sum = hash_of(text, strlen(text));
    hash_hex(&sum, run->pin);
    free(text);
}

// Whether the commit that HEAD stands at now was made by the run itself: its message names the run.
static bool
names_run(const struct engine *engine, const struct run *run)
{
    struct err ignored;
    AUTO_BUF message = BUF((size_t)1 << 20);
    struct repo *repo = repo_open(engine->options->repository, &ignored);
    bool found = repo && *engine->commit && repo_message(repo, engine->commit, &message, &ignored) == 0 &&
                 str_find(buf_str(&message), str_of(run->id)) >= 0;
    repo_free(repo);
    return found;
}

// Whether an unfinished run of the same pin is the one to go on with.
static int
fits(const struct engine *engine, const struct run *run, bool *fit, struct err *err)
{
    *fit = false;
    if (engine->options->has_seed && engine->options->seed != run->seed)
        return 0;
    *fit = strcmp(run->commit, engine->commit) == 0;
    if (*fit)
        return 0;
    if (run_made_commit(engine->state, run, engine->commit, fit, err) < 0)
        return -1;
    *fit = *fit || names_run(engine, run);
    return 0;
}

static uint64_t
draw_seed(void)
{
    uint64_t seed = 1;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        abort();
    return seed >> 1; // a JSON integer is signed
}

// A run is pinned to its pipeline and its variables as they are: a secret in them can't be masked.
static int
refuse_secrets(const struct engine *engine, const struct run *run, struct err *err)
{
    const struct secrets *secrets = state_secrets(engine->state);
    char *vars = json_compact(run->vars);
    const char *in_vars = secrets_find(secrets, str_of(vars ? vars : ""));
    const char *in_text = secrets_find(secrets, buf_str(&engine->text));
    free(vars);
    if (!in_vars && !in_text)
        return 0;
    const char *name = in_vars ? in_vars : in_text;
    return err_set(err, ERR_CONFIG, "the value of $%s stands in the %s; write ${{ env.%s }} where it is used",
                   name, in_vars ? "variables of this run" : "pipeline", name);
}

static int
new_run(struct engine *engine, struct run *run, struct err *err)
{
    const struct engine_options *options = engine->options;
    uint8_t random[10];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return err_sys(err, ERR_IO, "getrandom");
    run_make_id(state_now(engine->state), random, run->id);
    snprintf(run->commit, sizeof(run->commit), "%s", engine->commit);
    if (refuse_secrets(engine, run, err) < 0)
        return -1;
    bool deterministic = strcmp(run->mode, "deterministic") == 0;
    run->seed = options->has_seed ? options->seed : deterministic ? 1 : draw_seed();
    return run_insert(engine->state, run, engine->pipeline->name, engine->file, buf_str(&engine->text), err);
}

// Why another run takes the place of one, as far as its pipeline tells.
static const char *
superseded_why(struct engine *engine, const char *id)
{
    struct run other = {0};
    struct err ignored;
    AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
    AUTO_PROBLEMS problems = {0};
    const char *file, *why = "another source commit is run now";
    if (run_load(engine->state, id, &other, &ignored) == 0 && strcmp(other.plan, engine->run.plan) != 0 &&
        run_plan(engine->state, &other, &engine->arena, &text, &file, &ignored) == 0) {
        struct pipeline *before =
            pipeline_read(&engine->arena, buf_str(&text), file, engine->options->registry, &problems);
        AUTO_JSON *old = before ? pipeline_normalise(before) : json_object();
        AUTO_JSON *fresh = pipeline_normalise(engine->pipeline);
        pipeline_release(before);
        why = arena_printf(&engine->arena, "the pipeline changed (%s)",
                           overlap_changes(&engine->arena, old, fresh));
    } else if (strcmp(other.pin, engine->run.pin) != 0) {
        why = "it is run with other variables or another mode now";
    }
    run_release(&other);
    return why;
}

static int
supersede_others(struct engine *engine, struct err *err)
{
    AUTO_JSON *ids = run_supersede_others(engine->state, &engine->run, err);
    if (!ids)
        return -1;
    size_t i;
    json_t *id;
    json_array_foreach(ids, i, id) notice_tell(engine->options, "run-superseded", json_string_value(id), NULL,
                                               superseded_why(engine, json_string_value(id)), NULL);
    return 0;
}

// A trigger for a commit that meets an unfinished run of another one.
static int
meet_overlap(struct engine *engine, const struct run *open, bool *go_on, struct err *err)
{
    const char *overlap = engine->pipeline->overlap;
    bool other_seed = engine->options->has_seed && engine->options->seed != open->seed;
    *go_on = strcmp(overlap, "supersede") != 0 && !other_seed;
    if (!*go_on)
        return 0;
    engine->elsewhere = true;
    bool buffer = strcmp(overlap, "buffer-one") == 0;
    engine_tell(engine, "overlap",
                arena_printf(&engine->arena, "run %s of %.12s is unfinished and goes on; %.12s %s", open->id,
                             open->commit, engine->commit, buffer ? "is run after it" : "is skipped"),
                NULL);
    return buffer ? overlap_buffer(engine->state, engine->pipeline->name, engine->commit, err) : 0;
}

// The unfinished run that fits, taken over, or a new one made of `wanted`;
static int
choose_between(struct engine *engine, struct run *wanted, struct run *open, struct err *err)
{
    bool fit = false;
    int found = run_find_open(engine->state, wanted->pin, open, err);
    if (found < 0 || (found > 0 && fits(engine, open, &fit, err) < 0) ||
        (found > 0 && !fit && meet_overlap(engine, open, &fit, err) < 0))
        return -1;
    engine->outcome->resumed = fit;
    struct run *chosen = fit ? open : wanted;
    if ((fit ? run_take_over(engine->state, open, err) : new_run(engine, wanted, err)) < 0)
        return -1;
    engine->run = *chosen;
    chosen->vars = NULL;
    return 0;
}

static int
choose_run(struct engine *engine, struct err *err)
{
    const struct engine_options *options = engine->options;
    struct run open = {0};
    struct run wanted = {.vars = options->vars ? json_incref((json_t *)options->vars) : json_object()};
    snprintf(wanted.mode, sizeof(wanted.mode), "%s", options->mode ? options->mode : "normal");
    make_pin(engine, &wanted);
    int result = state_hide(engine->state, engine->pipeline->secrets, err) < 0 ||
                         choose_between(engine, &wanted, &open, err) < 0
                     ? -1
                     : 0;
    run_release(&open);
    run_release(&wanted);
    return result < 0 ? -1 : supersede_others(engine, err);
}

// Goes on with the run that was asked for, by the plan it is pinned to.
static int
resume_run(struct engine *engine, struct err *err)
{
    if (run_load(engine->state, engine->options->resume, &engine->run, err) < 0 ||
        run_plan(engine->state, &engine->run, &engine->arena, &engine->text, &engine->file, err) < 0 ||
        engine_parse(engine, err) < 0 || state_hide(engine->state, engine->pipeline->secrets, err) < 0)
        return -1;
    if (strcmp(engine->run.status, "succeeded") == 0)
        return err_set(err, ERR_USAGE, "run %s succeeded; there is nothing to resume", engine->run.id);
    bool fit;
    engine->outcome->resumed = true;
    if (fits(engine, &engine->run, &fit, err) < 0 || run_take_over(engine->state, &engine->run, err) < 0)
        return -1;
    engine->elsewhere = !fit;
    return supersede_others(engine, err);
}

static int
load_schedule(struct engine *engine, bool reopen, struct err *err)
{
    schedule_init(&engine->schedule, engine->pipeline, engine->run.vars, engine->run.id,
                  engine->options->host, &engine->arena);
    engine->scheduled = true;
    AUTO_JSON *rows = run_tasks(engine->state, &engine->run, err);
    if (!rows)
        return -1;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (schedule_restore(&engine->schedule, row, err) < 0)
            return -1;
    }
    VEC_EACH (struct task *, at, &engine->schedule.tasks)
        if (reopen && (*at)->status == TASK_FAILED &&
            wait_reopen(engine->state, engine->run.number, (*at)->key, err) < 0)
            return -1;
    if (reopen)
        schedule_reopen(&engine->schedule);
    return 0;
}

// In one transaction: the run is ours, and we know where it stands.
int
engine_take_run(struct engine *engine, struct err *err)
{
    if (state_begin(engine->state, err) < 0)
        return -1;
    bool resume = engine->options->resume != NULL;
    if ((resume ? resume_run(engine, err) : choose_run(engine, err)) < 0 ||
        load_schedule(engine, resume, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    if (state_commit(engine->state, err) < 0)
        return -1;
    snprintf(engine->outcome->run, sizeof(engine->outcome->run), "%s", engine->run.id);
    AUTO_JSON *details = json_pack("{s:s, s:s, s:s}", "pipeline", engine->pipeline->name, "state",
                                   engine->state_path, "commit", engine->run.commit);
    engine_tell(engine, engine->outcome->resumed ? "run-resumed" : "run-started", "", details);
    return 0;
}
