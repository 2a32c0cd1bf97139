// SPDX-License-Identifier: Apache-2.0
#include "workflow/engine_call.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/yaml.h"
#include "workflow/notice.h"
#include "workflow/overlap.h"

#include <stdio.h>
#include <string.h>

#define PUBLISH_EVERY_NS (60 * CLOCK_S_NS) // when only the command line names a carrier
#define LEASE_NS (600 * CLOCK_S_NS)
#define PUBLISH_PATIENCE_NS (300 * CLOCK_S_NS)
#define STOPPED_PATIENCE_NS (4 * CLOCK_S_NS) // a runner that is taken away waits ten seconds in all

void
engine_tell(const struct engine *engine, const char *type, const char *text, const json_t *details)
{
    AUTO_ARENA arena = {0};
    if (engine->state)
        text = secrets_mask_text(state_secrets(engine->state), &arena, text);
    notice_tell(engine->options, type, *engine->run.id ? engine->run.id : NULL, NULL, text, details);
}

static int
tell_problems(struct engine *engine, struct problems *problems, struct err *err)
{
    VEC_EACH (struct problem, problem, &problems->list) {
        char *line = arena_printf(&engine->arena, "%s:%u:%u: %s", problem->mark.file, problem->mark.line,
                                  problem->mark.column, problem->text);
        AUTO_JSON *details = problem_json(problem);
        engine_tell(engine, "problem", line, details);
    }
    return problems_err(problems, err);
}

int
engine_parse(struct engine *engine, struct err *err)
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
    return engine_parse(engine, err);
}

// ---- before the run

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
        engine_tell(
            engine, "warning",
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
    engine->state_path = engine_choose_state(engine);
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
    if (engine_take_run(engine, err) < 0 || claim_state(engine, err) < 0)
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
    int result = engine_finish(engine, end, &supervision, err);
    if (result == 0 && end == SUPERVISION_ENDED) {
        overlap_drop_source(options->repository, engine->run.id, work);
        result = engine_take_buffered(engine, err);
    }
    struct err unpublished;
    if (give_state_up(engine, end, &unpublished) == 0)
        return result;
    if (result == 0)
        *err = unpublished;
    else
        engine_tell(engine, "warning", unpublished.message, NULL);
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
