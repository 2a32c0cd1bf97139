// SPDX-License-Identifier: Apache-2.0
// atoll status and list: what the state says, for a person or as JSON.
#include "base/clock.h"
#include "base/fs.h"
#include "cmd/place.h"
#include "cmd/summary.h"
#include "workflow/engine.h"

#include <stdio.h>
#include <string.h>

static const char *
run_of(const struct invocation *invocation)
{
    return invocation->arguments->operand_count > 0 ? invocation->arguments->operands[0] : NULL;
}

static enum style
style_of(const char *status)
{
    if (strcmp(status, "succeeded") == 0)
        return STYLE_GOOD;
    if (strcmp(status, "failed") == 0)
        return STYLE_BAD;
    return strcmp(status, "skipped") == 0 ? STYLE_DIM : STYLE_WARN;
}

static void
print_step(const struct terminal *terminal, const json_t *step)
{
    const char *status = json_get_text(step, "status", "");
    json_t *outputs = json_object_get(step, "outputs");
    const char *text = json_get_text(outputs, "summary", "");
    if (strcmp(status, "failed") == 0)
        text = json_get_text(json_object_get(step, "error"), "message", "");
    struct str rest = str_of(text), line = str_cut(&rest, '\n');
    printf("  %s%-10s%s %-32s %-20s %" STR_FMT "\n", terminal_style(terminal, style_of(status)), status,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(step, "id", ""),
           json_get_text(step, "uses", ""), STR_ARG(line));
}

static void
print_waits(const struct terminal *terminal, const json_t *json)
{
    size_t index;
    json_t *wait;
    json_array_foreach(json_object_get(json, "waiting_for"), index, wait)
        printf("  %s%s%s %s\n", terminal_style(terminal, STYLE_WARN), json_get_text(wait, "step", ""),
               terminal_style(terminal, STYLE_PLAIN), json_get_text(wait, "text", ""));
    const char *by = json_get_text(json, "paused_by", NULL);
    if (by != NULL)
        printf("  %sEffects are paused%s by %s; `atoll unpause` lets them leave again.\n",
               terminal_style(terminal, STYLE_WARN), terminal_style(terminal, STYLE_PLAIN), by);
}

static int
list(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const struct terminal *terminal = &invocation->terminal;
    struct run_filter filter = {.status = arguments_text(arguments, "status", NULL),
                                .pipeline = arguments_text(arguments, "pipeline", NULL),
                                .commit = arguments_text(arguments, "commit", NULL),
                                .limit = arguments_int(arguments, "limit", 0)};
    const char *state = place_readable(invocation, err);
    AUTO_JSON *runs = state == NULL ? NULL : engine_list(state, &filter, err);
    if (runs == NULL)
        return -1;
    if (terminal->json) {
        terminal_json(runs);
        return 0;
    }
    size_t index;
    json_t *run;
    json_array_foreach(runs, index, run)
    {
        const char *text = json_get_text(run, "status", "");
        printf("%s  %s%-11s%s  %-20s  %.12s  %s\n", json_get_text(run, "run", ""),
               terminal_style(terminal, style_of(text)), text, terminal_style(terminal, STYLE_PLAIN),
               json_get_text(run, "pipeline", ""), json_get_text(run, "commit", ""),
               json_get_text(run, "started", ""));
    }
    return 0;
}

static int
status(struct invocation *invocation, struct err *err)
{
    const char *state = place_readable(invocation, err);
    AUTO_JSON *json = state == NULL ? NULL : engine_status(state, run_of(invocation), err);
    if (json == NULL)
        return -1;
    if (invocation->terminal.json) {
        terminal_json(json);
        return 0;
    }
    const struct terminal *terminal = &invocation->terminal;
    const char *text = json_get_text(json, "status", "");
    printf("Run %s of %s: %s%s%s (started %s)\n", json_get_text(json, "run", ""),
           json_get_text(json, "pipeline", ""), terminal_style(terminal, style_of(text)), text,
           terminal_style(terminal, STYLE_PLAIN), json_get_text(json, "started", ""));
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(json, "steps"), index, step) print_step(terminal, step);
    print_waits(terminal, json);
    if (arguments_has(invocation->arguments, "summary"))
        summary_print(terminal, json);
    return 0;
}

static const struct option status_options[] = {
    PLACE_STATE_OPTION,
    PLACE_CARRIER_OPTION,
    {"summary", OPTION_FLAG, NULL, "print the summary of the run too", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

static const char *const run_statuses[] = {"running", "waiting",   "interrupted", "succeeded",
                                           "failed",  "cancelled", "superseded",  NULL};
static const struct option list_options[] = {
    PLACE_STATE_OPTION,
    PLACE_CARRIER_OPTION,
    {"status", OPTION_TEXT, "STATUS", "only runs of that status", run_statuses},
    {"pipeline", OPTION_TEXT, "NAME", "only runs of that pipeline", NULL},
    {"commit", OPTION_TEXT, "COMMIT", "only runs of that source commit, by its first digits", NULL},
    {"limit", OPTION_INT, "N", "the N latest", NULL},
    {NULL, OPTION_FLAG, NULL, NULL, NULL},
};

const struct command command_list = {
    .name = "list",
    .operands = "",
    .summary = "List the runs of the state, latest first",
    .options = list_options,
    .run = list,
};
const struct command command_status = {
    .name = "status",
    .operands = "[RUN]",
    .summary = "Show a run and its steps",
    .details = "RUN is the latest run by default.",
    .options = status_options,
    .operands_max = 1,
    .run = status,
};
