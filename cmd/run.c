// SPDX-License-Identifier: Apache-2.0
// atoll run, resume and the step process: they differ in how engine_options are filled.
#include "cmd/run.h"

#include "base/clock.h"
#include "base/fs.h"
#include "cmd/display.h"
#include "cmd/summary.h"
#include "steps/registry.h"
#include "workflow/courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
read_vars(const struct invocation *invocation, json_t *vars, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    for (size_t i = 0; i < arguments->value_count; i++) {
        if (strcmp(arguments->values[i].option->name, "var") != 0)
            continue;
        struct str rest = str_of(arguments->values[i].text);
        struct str name = str_cut(&rest, '=');
        if (rest.ptr == NULL || name.len == 0)
            return err_set(err, ERR_USAGE, "--var needs NAME=VALUE, not \"%s\"", arguments->values[i].text);
        char *key = arena_str(invocation->arena, name);
        struct err ignored;
        json_t *value = json_read(rest, "--var", &ignored); // numbers, true and false keep their type
        json_object_set_new(vars, key, value != NULL ? value : json_text(rest));
    }
    return 0;
}

// How long to stay when all that is left waits.
static int
read_linger(const struct invocation *invocation, int64_t *linger_ns, struct err *err)
{
    const char *text = arguments_text(invocation->arguments, "linger", NULL);
    if (text == NULL || clock_parse_duration(str_of(text), linger_ns))
        return 0;
    return err_set(err, ERR_USAGE, "--linger needs a time as 30s, 5m or 2h, not \"%s\"", text);
}

// CI systems read step outputs from a file.
static void
write_ci_output(const struct invocation *invocation, const struct engine_outcome *outcome)
{
    const char *path = invocation->host->env(invocation->host->context, "GITHUB_OUTPUT");
    FILE *file = path != NULL && *path != '\0' ? fopen(path, "a") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "status=%s\nrun=%s\n", outcome->status, outcome->run);
    if (outcome->due_ns > 0) {
        char due[32];
        clock_iso8601(outcome->due_ns, due);
        fprintf(file, "due=%s\n", due);
    }
    fclose(file);
}

// Where the run stands. A run that failed is told as JSON together with its error, in one object.
static int
report(struct invocation *invocation, const struct engine_outcome *outcome, bool failed, struct err *err)
{
    struct terminal *terminal = &invocation->terminal;
    if (outcome->run[0] == '\0')
        return 0;
    AUTO_JSON *status = engine_status(outcome->state, outcome->run, err);
    if (status == NULL)
        return -1;
    if (!terminal->json)
        summary_print(terminal, status);
    else if (failed)
        terminal->answer = json_incref(status);
    else
        terminal_json(status);
    return 0;
}

static bool
nothing_improved(const char *state, const char *run)
{
    struct err ignored;
    AUTO_JSON *status = engine_status(state, run, &ignored);
    return status != NULL && !summary_improved(status);
}

// Tells how it ended. Returns the exit code, or -1 with err.
static int
conclude(struct invocation *invocation, const struct display *display, const struct engine_options *options,
         const struct engine_outcome *outcome, int result, struct err *err)
{
    struct terminal *terminal = &invocation->terminal;
    struct err ignored;
    if (terminal->json && result != 0)
        terminal->answer = display_problems(display);
    if (options->dry_run) {
        AUTO_JSON *plan = display_plan(display);
        if (terminal->json && result == 0)
            terminal_json(plan);
        return result;
    }
    if (report(invocation, outcome, result != 0, result == 0 ? err : &ignored) != 0 && result == 0)
        return -1;
    if (result == 0 && arguments_has(invocation->arguments, "fail-on-none") &&
        nothing_improved(outcome->state, outcome->run))
        return err_exit_code(ERR_NO_IMPROVEMENT);
    return result;
}

int
run_engine(struct invocation *invocation, struct engine_options *options, struct err *err)
{
    struct display *display = ARENA_NEW(invocation->arena, struct display);
    *display = (struct display){.terminal = &invocation->terminal, .host = invocation->host};
    options->registry = &step_registry;
    options->host = invocation->host;
    options->self_path = invocation->self_path;
    options->cell_path = invocation->cell_path;
    options->repository = invocation->repository;
    options->observe = display_event;
    options->context = display;
    struct engine_outcome outcome = {0};
    int result = engine_run(options, &outcome, err);
    write_ci_output(invocation, &outcome);
    result = conclude(invocation, display, options, &outcome, result, err);
    display_release(display);
    return result;
}

static int
run_pipeline(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    AUTO_JSON *vars = json_object();
    int64_t linger_ns = 0;
    if (read_vars(invocation, vars, err) != 0 || read_linger(invocation, &linger_ns, err) != 0)
        return -1;
    struct engine_options options = {
        .linger_ns = linger_ns,
        .carrier = arguments_text(arguments, "carrier", NULL),
        .take_over = arguments_has(arguments, "take-over"),
        .vars = vars,
        .mode = arguments_text(arguments, "mode", NULL),
        .state_path = arguments_text(arguments, "state", NULL),
        .has_seed = arguments_has(arguments, "seed"),
        .seed = (uint64_t)arguments_int(arguments, "seed", 0),
        .dry_run = arguments_has(arguments, "dry-run"),
    };
    options.pipeline_path = arguments->operand_count > 0
                                ? arguments->operands[0]
                                : fs_join(invocation->arena, invocation->repository, ".atoll/pipeline.yml");
    if (!fs_exists(options.pipeline_path))
        return err_set(err, ERR_CONFIG,
                       "%s: no such pipeline file; ready ones to copy stand in ci-templates/",
                       options.pipeline_path);
    return run_engine(invocation, &options, err);
}

static int
resume(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    int64_t linger_ns = 0;
    if (read_linger(invocation, &linger_ns, err) != 0)
        return -1;
    struct engine_options options = {
        .linger_ns = linger_ns,
        .carrier = arguments_text(arguments, "carrier", NULL),
        .take_over = arguments_has(arguments, "take-over"),
        .state_path = arguments_text(arguments, "state", NULL),
        .resume = arguments->operand_count > 0 ? arguments->operands[0] : NULL,
    };
    const char *state = options.state_path != NULL
                            ? options.state_path
                            : engine_state_path(invocation->arena, invocation->repository);
    AUTO_JSON *latest = options.resume == NULL ? engine_status(state, NULL, err) : NULL;
    if (options.resume == NULL) {
        if (latest == NULL)
            return -1;
        options.resume = json_get_text(latest, "run", "");
    }
    options.pipeline_path = fs_join(invocation->arena, invocation->repository, ".atoll/pipeline.yml");
    return run_engine(invocation, &options, err);
}

static int
courier_process(struct invocation *invocation, struct err *err)
{
    (void)invocation, (void)err;
    return courier_process_main(3);
}

static int
step_process(struct invocation *invocation, struct err *err)
{
    (void)invocation, (void)err;
    return step_process_main(&step_registry, 3);
}

static const char *const modes[] = {"normal", "deterministic", NULL};
static const struct option run_options[] = {
    {"var", OPTION_LIST, "NAME=VALUE", "set a variable of the pipeline; may be given several times", NULL},
    {"state", OPTION_TEXT, "FILE", "keep the state in FILE (default: what the pipeline says)", NULL},
    {"dry-run", OPTION_FLAG, NULL, "print what would run and what would leave the machine; start nothing",
     NULL},
    {"mode", OPTION_TEXT, "MODE", "normal, or deterministic (recorded costs, results in slot order)", modes},
    {"seed", OPTION_INT, "N", "seed of all random choices", NULL},
    {"carrier", OPTION_TEXT, "WHERE",
     "publish the state there: dir:PATH or git:REMOTE#REF (default: what the pipeline says)", NULL},
    {"take-over", OPTION_FLAG, NULL, "take the state from a machine whose lease has not run out", NULL},
    {"linger", OPTION_TEXT, "TIME", "stay up to TIME when all that is left waits (default: exit at once)",
     NULL},
    {"fail-on-none", OPTION_FLAG, NULL, "exit 3 when no function was improved", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};
static const struct option resume_options[] = {
    {"state", OPTION_TEXT, "FILE", "the state file", NULL},
    {"carrier", OPTION_TEXT, "WHERE",
     "publish the state there: dir:PATH or git:REMOTE#REF (default: what the pipeline says)", NULL},
    {"take-over", OPTION_FLAG, NULL, "take the state from a machine whose lease has not run out", NULL},
    {"linger", OPTION_TEXT, "TIME", "stay up to TIME when all that is left waits (default: exit at once)",
     NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_run = {
    .name = "run",
    .operands = "[PIPELINE]",
    .summary = "Run a pipeline, or go on with the run that was interrupted",
    .details = "PIPELINE is .atoll/pipeline.yml of the repository by default. A run that was killed goes on "
               "where it\n"
               "stopped: what was committed is never done or paid for again.",
    .options = run_options,
    .operands_max = 1,
    .run = run_pipeline,
};
const struct command command_resume = {
    .name = "resume",
    .operands = "[RUN]",
    .summary = "Go on with a failed or interrupted run",
    .details = "RUN is the latest run by default.",
    .options = resume_options,
    .operands_max = 1,
    .run = resume,
};
const struct command command_retry = {
    .name = "retry",
    .operands = "[RUN]",
    .summary = "Try again what failed or was cancelled in a run",
    .details =
        "RUN is the latest run by default. What was committed stays; a wait that timed out begins anew.",
    .options = resume_options,
    .operands_max = 1,
    .run = resume,
};
static int
reset(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *state = arguments_text(arguments, "state", NULL), *to = arguments_text(arguments, "to", NULL);
    if (state == NULL)
        state = engine_state_path(invocation->arena, invocation->repository);
    if (to == NULL)
        return err_set(err, ERR_USAGE, "--to STEP says where the run goes back to");
    json_t *steps;
    if (engine_reset(state, &step_registry, invocation->host, arguments->operands[0], to, &steps, err) != 0)
        return -1;
    AUTO_JSON *answer = json_pack("{s:s, s:s, s:o}", "run", arguments->operands[0], "to", to, "steps", steps);
    if (invocation->terminal.json)
        terminal_json(answer);
    else
        printf(
            "Run %s is back at step %s: %zu steps are to be done again. `atoll resume %s` goes on with it.\n",
            arguments->operands[0], to, json_array_size(steps), arguments->operands[0]);
    return 0;
}

static const struct option reset_options[] = {
    {"state", OPTION_TEXT, "FILE", "the state file", NULL},
    {"to", OPTION_TEXT, "STEP", "the first step to be done again, with all that comes after it", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_reset = {
    .name = "reset",
    .operands = "RUN",
    .summary = "Take a run back to a step; what came before stays",
    .details =
        "What the step and all after it committed is forgotten. Effects stay done: nothing is published a\n"
        "second time.",
    .options = reset_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = reset,
};
const struct command command_step_process = {.name = "step-process",
                                             .operands = "",
                                             .summary = "Run one step for a supervisor",
                                             .hidden = true,
                                             .anywhere = true,
                                             .run = step_process};
const struct command command_courier_process = {.name = "courier-process",
                                                .operands = "",
                                                .summary = "Publish or fetch a state for a supervisor",
                                                .hidden = true,
                                                .anywhere = true,
                                                .run = courier_process};
