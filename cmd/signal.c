// SPDX-License-Identifier: Apache-2.0
// atoll signal, approve, cancel, pause and unpause: what a person or another job tells a run. Each leaves a
// message; the owner of the state takes it in, or this process does when nobody owns it.
#include "cmd/place.h"
#include "workflow/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Who sends: --as, else what the CI system or the machine says.
static const char *
sender_of(const struct invocation *invocation)
{
    static const char *const variables[] = {"GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"};
    const char *given = arguments_text(invocation->arguments, "as", NULL);
    for (size_t i = 0; given == NULL && i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = invocation->host->env(invocation->host->context, variables[i]);
        given = value != NULL && *value != '\0' ? value : NULL;
    }
    return given != NULL ? given : "somebody";
}

static json_t *
read_status(struct invocation *invocation, const char *run, struct err *err)
{
    const char *state = place_readable(invocation, err);
    return state != NULL ? engine_status(state, run, err) : NULL;
}

// "latest" is the run that was started last.
static const char *
run_of(struct invocation *invocation, struct err *err)
{
    const char *run = invocation->arguments->operands[0];
    if (strcmp(run, "latest") != 0)
        return run;
    AUTO_JSON *status = read_status(invocation, NULL, err);
    return status != NULL ? arena_dup(invocation->arena, json_get_text(status, "run", "")) : NULL;
}

static int
send_message(struct invocation *invocation, struct message *message, const char *what, struct err *err)
{
    const char *where;
    message->sender = sender_of(invocation);
    if (place_send(invocation, message, &where, err) != 0)
        return -1;
    const char *next = strcmp(where, "state") == 0        ? "`atoll run` goes on with it"
                       : strcmp(where, "supervisor") == 0 ? "a running atoll takes it in now"
                                                          : "the next `atoll run`, anywhere, takes it in";
    if (invocation->terminal.json) {
        AUTO_JSON *answer =
            json_pack("{s:s, s:s, s:s?, s:s, s:s}", "sent", message->kind, "name", message->name, "run",
                      message->run, "sender", message->sender, "delivered", where);
        terminal_json(answer);
    } else if (message->run == NULL || strcmp(message->kind, "cancel") == 0) {
        printf("%s by %s.\n", what, message->sender);
    } else {
        printf("%s by %s; %s.\n", what, message->sender, next);
    }
    return 0;
}

// What `--data` holds: JSON, or any other text as it is.
static json_t *
read_data(const struct invocation *invocation)
{
    const char *text = arguments_text(invocation->arguments, "data", NULL);
    struct err ignored;
    if (text == NULL)
        return NULL;
    json_t *data = json_read(str_of(text), "--data", &ignored);
    return data != NULL ? data : json_text(str_of(text));
}

static int
signal_run(struct invocation *invocation, struct err *err)
{
    AUTO_JSON *data = read_data(invocation);
    struct message message = {.kind = "signal", .name = invocation->arguments->operands[1], .data = data};
    message.run = run_of(invocation, err);
    if (message.run == NULL)
        return -1;
    return send_message(invocation, &message,
                        arena_printf(invocation->arena, "Signal \"%s\" sent", message.name), err);
}

// The approval that a step waits for, borrowed; NULL when it waits for none.
static const json_t *
approval_of(const json_t *status, const char *step)
{
    size_t i;
    json_t *wait;
    json_array_foreach(json_object_get(status, "waiting_for"), i, wait)
    {
        if (strcmp(json_get_text(wait, "kind", ""), "approval") == 0 &&
            strcmp(json_get_text(wait, "step", ""), step) == 0)
            return wait;
    }
    return NULL;
}

// Tells at once what would otherwise only show as a run that goes on waiting.
static int
check_approval(struct invocation *invocation, const char *run, const char *step, struct err *err)
{
    AUTO_JSON *status = read_status(invocation, run, err);
    if (status == NULL)
        return -1;
    const json_t *wait = approval_of(status, step);
    if (wait == NULL)
        return err_set(err, ERR_NOT_FOUND, "step %s of run %s does not wait for an approval", step, run);
    const json_t *who = json_object_get(wait, "who");
    const char *sender = sender_of(invocation);
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)who, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), sender) == 0)
            return 0;
    }
    if (json_array_size(who) == 0)
        return 0;
    char *names = json_compact(who);
    err_set(err, ERR_USAGE, "step %s may be approved by %s, not by %s (--as NAME says who you are)", step,
            names, sender);
    free(names);
    return -1;
}

static int
approve(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *step = arguments->operands[1];
    bool refused = arguments_has(arguments, "reject");
    AUTO_JSON *data = json_pack("{s:b}", "approved", !refused);
    const char *reason = arguments_text(arguments, "reason", NULL);
    if (reason != NULL)
        json_set_text(data, "reason", reason);
    struct message message = {
        .kind = "signal", .name = message_approval_name(invocation->arena, step), .data = data};
    message.run = run_of(invocation, err);
    if (message.run == NULL || check_approval(invocation, message.run, step, err) != 0)
        return -1;
    const char *what = arena_printf(invocation->arena, "Step %s %s", step, refused ? "refused" : "approved");
    return send_message(invocation, &message, what, err);
}

static int
cancel(struct invocation *invocation, struct err *err)
{
    struct message message = {.kind = "cancel", .name = ""};
    message.run = run_of(invocation, err);
    if (message.run == NULL)
        return -1;
    return send_message(invocation, &message,
                        arena_printf(invocation->arena, "Run %s cancelled", message.run), err);
}

static int
pause_effects(struct invocation *invocation, struct err *err)
{
    struct message message = {.kind = "pause", .name = ""};
    return send_message(invocation, &message,
                        "Effects paused: nothing leaves the machine until `atoll unpause`;"
                        " asked for",
                        err);
}

static int
unpause_effects(struct invocation *invocation, struct err *err)
{
    struct message message = {.kind = "unpause", .name = ""};
    return send_message(invocation, &message, "Effects may leave again; asked for", err);
}

#define STATE_OPTION PLACE_STATE_OPTION, PLACE_CARRIER_OPTION
#define AS_OPTION                                                                                        \
    {                                                                                                    \
        "as", OPTION_TEXT, "NAME", "who sends it (default: the CI system's or the machine's user)", NULL \
    }
#define END_OPTION                          \
    {                                       \
        NULL, OPTION_FLAG, NULL, NULL, NULL \
    }

static const struct option signal_options[] = {
    STATE_OPTION,
    AS_OPTION,
    {"data", OPTION_TEXT, "JSON", "what comes with it: JSON, or any text", NULL},
    END_OPTION,
};
static const struct option approve_options[] = {
    STATE_OPTION,
    AS_OPTION,
    {"reject", OPTION_FLAG, NULL, "refuse instead; the step fails", NULL},
    {"reason", OPTION_TEXT, "TEXT", "why, kept in the history", NULL},
    END_OPTION,
};
static const struct option plain_options[] = {STATE_OPTION, AS_OPTION, END_OPTION};

const struct command command_signal = {
    .name = "signal",
    .operands = "RUN NAME",
    .summary = "Send a signal to a run",
    .details =
        "A step `wait: {signal: NAME}` takes it; one that comes before the step waits is kept. RUN may be\n"
        "`latest`.",
    .options = signal_options,
    .operands_min = 2,
    .operands_max = 2,
    .run = signal_run,
};
const struct command command_approve = {
    .name = "approve",
    .operands = "RUN STEP",
    .summary = "Approve a step that waits for it, or refuse",
    .details = "RUN may be `latest`. Names are as their senders say: who may write the state may approve.",
    .options = approve_options,
    .operands_min = 2,
    .operands_max = 2,
    .run = approve,
};
const struct command command_cancel = {
    .name = "cancel",
    .operands = "RUN",
    .summary = "End a run: its processes are stopped, what it committed stays",
    .details = "RUN may be `latest`. `atoll retry` can go on with it.",
    .options = plain_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = cancel,
};
const struct command command_pause = {
    .name = "pause",
    .operands = "",
    .summary = "Kill switch: let no effect leave the machine",
    .details =
        "Steps that would push, open a pull request or change a flag wait until `atoll unpause`; the rest\n"
        "goes on. Holds for every run of the state.",
    .options = plain_options,
    .run = pause_effects,
};
const struct command command_unpause = {
    .name = "unpause",
    .operands = "",
    .summary = "Let effects leave again",
    .options = plain_options,
    .run = unpause_effects,
};
