// SPDX-License-Identifier: Apache-2.0
#include "workflow/engine.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/git.h"
#include "base/hash.h"
#include "base/yaml.h"
#include "workflow/lease.h"
#include "workflow/notice.h"
#include "workflow/overlap.h"
#include "workflow/signal.h"
#include "workflow/supervisor.h"
#include "workflow/wait.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PIPELINE_MAX_BYTES ((size_t)1 << 20)
#define PUBLISH_EVERY_NS (60 * CLOCK_S_NS) // when only the command line names a carrier
#define LEASE_NS (600 * CLOCK_S_NS)
#define PUBLISH_PATIENCE_NS (300 * CLOCK_S_NS)
#define STOPPED_PATIENCE_NS (4 * CLOCK_S_NS) // a runner that is taken away waits ten seconds in all

// One call of engine_run.
struct engine {
    const struct engine_options *options;
    struct engine_outcome *outcome;
    struct arena arena;
    struct buf text; // of the pipeline
    const char *file;
    struct pipeline *pipeline;
    struct lease lease;
    struct travel travel;
    struct state *state;
    const char *state_path;
    char commit[REPO_OID_SIZE];
    struct run run;
    struct schedule schedule;
    bool scheduled; // schedule was made
    bool again;     // a trigger was kept: the pipeline is run once more
    bool elsewhere; // the run's commit is not the one that is checked out
};

static void
tell(const struct engine *engine, const char *type, const char *text, const json_t *details)
{
    AUTO_ARENA arena = {0};
    if (engine->state)
        text = secrets_mask_text(state_secrets(engine->state), &arena, text);
    notice_tell(engine->options, type, *engine->run.id ? engine->run.id : NULL, NULL, text, details);
}

// The text that a pipeline file has under a key, or a key of a mapping under it, however wrong the rest of
// the file is; NULL when it has none.
static const char *
text_of_file(struct arena *arena, const char *repository, const char *key, const char *member)
{
    struct err ignored;
    const char *file = fs_join(arena, repository, ".atoll/pipeline.yml");
    AUTO_BUF text = BUF(PIPELINE_MAX_BYTES);
    if (!fs_exists(file) || fs_read(file, PIPELINE_MAX_BYTES, &text, &ignored) < 0)
        return NULL;
    // The tree points into what it was read from.
    struct str copy = {arena_str(arena, buf_str(&text)), text.len};
    const struct yaml_node *node = yaml_read(arena, copy, file, &ignored);
    node = node && node->kind == YAML_MAP ? yaml_get(node, key) : NULL;
    if (node && member)
        node = node->kind == YAML_MAP ? yaml_get(node, member) : NULL;
    bool is_text = node && node->kind == YAML_SCALAR && !yaml_is_null(node) && node->text.len > 0;
    return is_text ? arena_str(arena, node->text) : NULL;
}

const char *
engine_state_path(struct arena *arena, const char *repository)
{
    const char *said = text_of_file(arena, repository, "state", NULL);
    return fs_join(arena, repository, said ? said : ".atoll/state/state.db");
}

const char *
engine_carrier(struct arena *arena, const char *repository)
{
    return text_of_file(arena, repository, "carrier", "to");
}

// ---- the pipeline

static int
tell_problems(struct engine *engine, struct problems *problems, struct err *err)
{
    VEC_EACH (struct problem, problem, &problems->list) {
        char *line = arena_printf(&engine->arena, "%s:%u:%u: %s", problem->mark.file, problem->mark.line,
                                  problem->mark.column, problem->text);
        AUTO_JSON *details = problem_json(problem);
        tell(engine, "problem", line, details);
    }
    return problems_err(problems, err);
}

static int
parse_pipeline(struct engine *engine, struct err *err)
{
    AUTO_PROBLEMS problems = {0};
    engine->pipeline = pipeline_read(&engine->arena, buf_str(&engine->text), engine->file,
                                     engine->options->registry, &problems);
    return engine->pipeline ? 0 : tell_problems(engine, &problems, err);
}

static int
read_pipeline(struct engine *engine, struct err *err)
{
    const struct engine_options *options = engine->options;
    engine->file = options->pipeline_path ? options->pipeline_path : "pipeline";
    if (options->pipeline_text.len > 0)
        buf_add_str(&engine->text, options->pipeline_text);
    else if (fs_read(engine->file, PIPELINE_MAX_BYTES, &engine->text, err) < 0)
        return -1;
    if (buf_check(&engine->text, "the pipeline file", err) < 0)
        return -1;
    return parse_pipeline(engine, err);
}

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

// ---- the run

static void
find_commit(struct engine *engine)
{
    struct err ignored;
    engine->commit[0] = '\0';
    struct repo *repo = repo_open(engine->options->repository, &ignored);
    if (!repo || repo_resolve(repo, "HEAD", engine->commit, &ignored) < 0)
        engine->commit[0] = '\0';
    repo_free(repo);
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
    tell(engine, "overlap",
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
        parse_pipeline(engine, err) < 0 || state_hide(engine->state, engine->pipeline->secrets, err) < 0)
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
static int
take_run(struct engine *engine, struct err *err)
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
    tell(engine, engine->outcome->resumed ? "run-resumed" : "run-started", "", details);
    return 0;
}

// ---- the end

static int
write_end(struct engine *engine, const char *status, const json_t *error, struct err *err)
{
    if (state_begin(engine->state, err) < 0)
        return -1;
    int result;
    if (strcmp(status, "interrupted") == 0) {
        state_event(
            engine->state,
            (struct event){.run = engine->run.number, .type = "run-interrupted", .epoch = engine->run.epoch},
            NULL);
        result = 0;
    } else {
        result = run_finish(engine->state, &engine->run, status, error, err);
    }
    if (result < 0) {
        state_rollback(engine->state);
        return -1;
    }
    return state_commit(engine->state, err);
}

// One line a wait, for whoever has to do something about it.
static int
tell_waits(struct engine *engine, struct err *err)
{
    AUTO_JSON *status = engine_status(engine->state_path, engine->run.id, err);
    size_t i;
    json_t *wait;
    if (!status)
        return -1;
    json_array_foreach(json_object_get(status, "waiting_for"), i, wait)
        notice_tell(engine->options, "waiting", engine->run.id, json_get_text(wait, "step", ""),
                    json_get_text(wait, "text", ""), wait);
    return 0;
}

static int
finish_waiting(struct engine *engine, int64_t due_ns, struct err *err)
{
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "waiting");
    engine->outcome->due_ns = due_ns;
    if (state_begin(engine->state, err) < 0)
        return -1;
    if (run_wait(engine->state, &engine->run, due_ns, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    return state_commit(engine->state, err) < 0 ? -1 : tell_waits(engine, err);
}

static int
finish_cancelled(struct engine *engine, const char *by, struct err *err)
{
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "cancelled");
    if (state_begin(engine->state, err) < 0)
        return -1;
    if (signal_settle_cancel(engine->state, engine->run.id, err) < 0 ||
        run_finish(engine->state, &engine->run, "cancelled", NULL, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    if (state_commit(engine->state, err) < 0)
        return -1;
    return err_set(err, ERR_CANCELLED, "run %s was cancelled by %s", engine->run.id,
                   by && *by ? by : "somebody");
}

static int
finish(struct engine *engine, enum supervision_end end, const struct supervision *supervision,
       struct err *err)
{
    if (end == SUPERVISION_WAITING)
        return finish_waiting(engine, supervision->due_ns, err);
    if (end == SUPERVISION_CANCELLED)
        return finish_cancelled(engine, supervision->cancelled_by, err);
    const struct task *failed = end == SUPERVISION_ENDED ? schedule_failed(&engine->schedule) : NULL;
    const char *status = end == SUPERVISION_STOPPED ? "interrupted" : failed ? "failed" : "succeeded";
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "%s", status);
    if (write_end(engine, status, failed ? failed->error : NULL, err) < 0)
        return -1;
    AUTO_JSON *details = json_pack("{s:s, s:s, s:s}", "pipeline", engine->pipeline->name, "status", status,
                                   "state", engine->state_path);
    tell(engine, "run-finished", status, details);
    if (end == SUPERVISION_STOPPED)
        return err_set(err, ERR_CANCELLED, "run %s was interrupted; the next `atoll run` goes on with it",
                       engine->run.id);
    if (!failed) {
        struct err ignored;
        (void)!fs_remove_tree(supervision->scratch, &ignored);
        return 0;
    }
    snprintf(engine->outcome->step, sizeof(engine->outcome->step), "%s", failed->key);
    const char *message = secrets_mask_text(state_secrets(engine->state), &engine->arena,
                                            json_get_text(failed->error, "message", ""));
    err_set(err, err_kind_of(json_get_text(failed->error, "kind", "")), "step %s: %s", failed->key, message);
    return -1;
}

// ---- all together

// Always absolute: steps get folders beside it and run elsewhere.
static const char *
choose_state_path(struct engine *engine)
{
    char here[PATH_MAX];
    const char *given = engine->options->state_path;
    if (given)
        return *given != '/' && getcwd(here, sizeof(here)) ? fs_join(&engine->arena, here, given) : given;
    if (engine->pipeline && engine->pipeline->state)
        return fs_join(&engine->arena, engine->options->repository, engine->pipeline->state);
    return engine_state_path(&engine->arena, engine->options->repository);
}

// What is told of a plan goes to logs, and variables of the environment are where secrets are: they stay
// expressions.
static const char *
unresolved(void *context, const char *variable)
{
    return arena_printf(context, "${{ env.%s }}", variable);
}

// One line a step: what it would run, with inputs as far as they are known before anything ran.
static void
tell_plan(struct engine *engine)
{
    const struct pipeline *pipeline = engine->pipeline;
    AUTO_JSON *vars = json_copy(pipeline->vars);
    json_object_update(vars, (json_t *)engine->options->vars);
    const struct host masked = {.context = &engine->arena, .env = unresolved};
    struct scope scope = {.vars = vars, .host = &masked};
    for (size_t i = 0; i < pipeline->step_count; i++) {
        const struct pipeline_step *step = &pipeline->steps[pipeline->order[i]];
        struct err ignored;
        json_t *resolved = NULL;
        if (pipeline_resolve_with(pipeline, &step->action, &scope, &resolved, &ignored) < 0)
            resolved = step->action.with ? yaml_to_json(step->action.with) : json_object();
        AUTO_JSON *with = resolved;
        AUTO_JSON *details = json_pack("{s:s, s:O, s:b}", "uses", step->action.ops->name, "with", with,
                                       "for_each", step->for_each != NULL);
        const char *line =
            step->action.ops->plan ? step->action.ops->plan(&engine->arena, with) : step->action.ops->summary;
        notice_tell(engine->options, "plan", NULL, step->id, line, details);
    }
    snprintf(engine->outcome->status, sizeof(engine->outcome->status), "planned");
}

// Scratch folders of this state's other runs, which failed, were superseded or were killed, have no use any
// more: a step that goes on finds everything it needs in the state.
static void
sweep(struct engine *engine, const char *work)
{
    struct err ignored;
    struct fs_list found;
    if (fs_glob(&engine->arena, fs_join(&engine->arena, work, "*"), &found, &ignored) < 0)
        return;
    for (size_t i = 0; i < found.count; i++) {
        struct run other = {0};
        const char *name = fs_base_name(found.paths[i]);
        const char *id = arena_str(&engine->arena, str_head(str_of(name), strcspn(name, ".")));
        if (strcmp(id, engine->run.id) != 0 && run_load(engine->state, id, &other, &ignored) == 0) {
            overlap_drop_source(engine->options->repository, id, work);
            (void)!fs_remove_tree(found.paths[i], &ignored);
        }
        run_release(&other);
    }
}

// Before anything is paid for that a later step can't use.
static int
check_steps(const struct engine *engine, struct err *err)
{
    for (size_t i = 0; engine->pipeline && i < engine->pipeline->step_count; i++) {
        const struct pipeline_step *step = &engine->pipeline->steps[i];
        if (!step->action.ops->check)
            continue;
        AUTO_JSON *with = step->action.with ? yaml_to_json(step->action.with) : json_object();
        if (step->action.ops->check(engine->options->repository, with, err) < 0)
            return err_wrap(err, "step %s", step->id);
    }
    return 0;
}

// Whether a trigger was kept while this run was unfinished.
static int
take_buffered(struct engine *engine, struct err *err)
{
    if (state_begin(engine->state, err) < 0)
        return -1;
    int kept = overlap_take(engine->state, engine->pipeline->name, err);
    if (kept < 0) {
        state_rollback(engine->state);
        return -1;
    }
    engine->again = kept > 0;
    return state_commit(engine->state, err);
}

// The newest state, wherever it is.
static int
fetch_state(struct engine *engine, struct err *err)
{
    const struct engine_options *options = engine->options;
    const struct pipeline *pipeline = engine->pipeline;
    const char *carrier = options->carrier ? options->carrier
                          : pipeline       ? pipeline->carrier
                                           : engine_carrier(&engine->arena, options->repository);
    bool said = pipeline && pipeline->carrier;
    struct travel_options travel = {.carrier = carrier,
                                    .repository = options->repository,
                                    .state_path = engine->state_path,
                                    .self_path = options->self_path,
                                    .courier_argv = options->courier_argv,
                                    .every_ns = said ? pipeline->publish_every_ns : PUBLISH_EVERY_NS,
                                    .lease_ns = said ? pipeline->lease_ns : LEASE_NS};
    const char *stale;
    if (travel_open(&engine->travel, &engine->arena, &travel, err) < 0 ||
        travel_fetch(&engine->travel, &engine->arena, options->take_over, &stale, err) < 0)
        return -1;
    if (stale)
        tell(engine, "warning",
             arena_printf(
                 &engine->arena,
                 "another machine went on from what was published; what was done here since then is kept "
                 "in %s and is not used",
                 stale),
             NULL);
    return 0;
}

// From here on nobody else works on the state, as long as we publish in time: of two machines that come at
// the same moment one is told so here, before it did anything.
static int
claim_state(struct engine *engine, struct err *err)
{
    if (!engine->travel.carrier)
        return 0;
    if (state_begin(engine->state, err) < 0)
        return -1;
    if (state_lineage(engine->state, engine->travel.lineage, err) < 0) {
        state_rollback(engine->state);
        return -1;
    }
    if (state_commit(engine->state, err) < 0)
        return -1;
    return travel_publish(&engine->travel, state_now(engine->state), false, PUBLISH_PATIENCE_NS, err);
}

// The end of the work here: what it came to is published, and others may go on. -1 when it could not be.
static int
give_state_up(struct engine *engine, enum supervision_end end, struct err *err)
{
    int64_t patience_ns = end == SUPERVISION_STOPPED ? STOPPED_PATIENCE_NS : PUBLISH_PATIENCE_NS;
    struct err problem;
    if (travel_publish(&engine->travel, state_now(engine->state), true, patience_ns, &problem) == 0)
        return 0;
    return err_set(err, problem.kind, "run %s is committed on this machine, but was not published: %s",
                   engine->run.id, problem.message);
}

static int
run_with_state(struct engine *engine, struct err *err)
{
    const struct engine_options *options = engine->options;
    engine->state_path = choose_state_path(engine);
    snprintf(engine->outcome->state, sizeof(engine->outcome->state), "%s", engine->state_path);
    if (check_steps(engine, err) < 0 || state_make_folder(engine->state_path, err) < 0 ||
        lease_acquire(&engine->lease, engine->state_path, err) < 0)
        return -1;
    if (fetch_state(engine, err) < 0)
        return -1;
    engine->state = state_open(engine->state_path, options->registry, options->host, err);
    if (!engine->state)
        return -1;
    find_commit(engine);
    if (take_run(engine, err) < 0 || claim_state(engine, err) < 0)
        return -1;
    const char *work = fs_join(&engine->arena, fs_dir_name(&engine->arena, engine->state_path), "work");
    sweep(engine, work);
    struct supervision supervision = {.options = options,
                                      .state = engine->state,
                                      .run = &engine->run,
                                      .schedule = &engine->schedule,
                                      .repository = options->repository,
                                      .travel = &engine->travel,
                                      .state_path = engine->state_path,
                                      .scratch = fs_join(&engine->arena, work, engine->run.id)};
    if (engine->elsewhere)
        supervision.repository =
            overlap_source(&engine->arena, options->repository, engine->commit, &engine->run, work, err);
    if (!supervision.repository)
        return -1;
    enum supervision_end end;
    if (supervise(&supervision, &end, err) < 0) {
        snprintf(engine->outcome->status, sizeof(engine->outcome->status), "failed");
        return err_wrap(err, "run %s", engine->run.id);
    }
    int result = finish(engine, end, &supervision, err);
    if (result == 0 && end == SUPERVISION_ENDED) {
        overlap_drop_source(options->repository, engine->run.id, work);
        result = take_buffered(engine, err);
    }
    struct err unpublished;
    if (give_state_up(engine, end, &unpublished) == 0)
        return result;
    if (result == 0)
        *err = unpublished;
    else
        tell(engine, "warning", unpublished.message, NULL);
    return -1;
}

static int
run_once(const struct engine_options *options, struct engine_outcome *outcome, bool *again, struct err *err)
{
    struct engine engine = {.options = options, .outcome = outcome, .lease = {.fd = -1}};
    memset(outcome, 0, sizeof(*outcome));
    snprintf(outcome->status, sizeof(outcome->status), "failed");
    buf_init(&engine.text, PIPELINE_MAX_BYTES);
    int result = 0;
    if (options->resume && options->dry_run)
        result = err_set(err, ERR_USAGE, "a dry run can't resume a run");
    else if (!options->resume)
        result = read_pipeline(&engine, err);
    if (result == 0 && options->dry_run)
        tell_plan(&engine);
    else if (result == 0)
        result = run_with_state(&engine, err);
    *again = engine.again;
    if (engine.scheduled)
        schedule_release(&engine.schedule);
    run_release(&engine.run);
    state_close(engine.state);
    travel_release(&engine.travel);
    lease_release(&engine.lease);
    pipeline_release(engine.pipeline);
    buf_release(&engine.text);
    arena_release(&engine.arena);
    return result;
}

int
engine_run(const struct engine_options *options, struct engine_outcome *outcome, struct err *err)
{
    bool again;
    int result = run_once(options, outcome, &again, err);
    if (result < 0 || !again)
        return result;
    struct engine_options next = *options;
    next.resume = NULL;
    return run_once(&next, outcome, &again, err);
}
