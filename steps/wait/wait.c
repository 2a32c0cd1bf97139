// SPDX-License-Identifier: Apache-2.0
#include "steps/wait/wait.h"

#include "base/clock.h"
#include "workflow/journal.h"

#include <string.h>

static bool
has(const json_t *with, const char *name)
{
    const json_t *value = json_object_get(with, name);
    return value && !json_is_null(value);
}

static int
refuse_time(const char *until, struct err *err)
{
    return err_set(err, ERR_CONFIG,
                   "until: \"%s\" is no time; write it as 2026-12-24T18:00:00Z or with an offset as +01:00",
                   until);
}

// Exactly one of these.
static int
check_with(const json_t *with, struct err *err)
{
    static const char *const ways[] = {"for", "until", "signal", "approval"};
    int count = 0;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        count += has(with, ways[i]);
    if (count != 1)
        return err_set(err, ERR_CONFIG,
                       "`wait` takes one of `for`, `until`, `signal` and `approval`, not %d of them", count);
    const char *until = json_get_text(with, "until", NULL);
    int64_t ignored;
    if (until && str_find(str_of(until), STR("${{")) < 0 && !clock_parse_iso8601(str_of(until), &ignored))
        return refuse_time(until, err);
    if (has(with, "timeout") && (has(with, "for") || has(with, "until")))
        return err_set(err, ERR_CONFIG,
                       "`timeout` goes with `signal` and `approval`; a timer ends by itself");
    return 0;
}

static int
check(const char *repository, const json_t *with, struct err *err)
{
    (void)repository;
    return check_with(with, err);
}

static int64_t
span_ns(const struct step *step, const char *name)
{
    double span = step_real(step, name) * (double)CLOCK_S_NS;
    return span < 4e18 ? (int64_t)span : INT64_MAX / 2;
}

static int
wait_timer(struct step *step, int64_t begun_ns, struct err *err)
{
    int64_t due_ns = begun_ns + span_ns(step, "for");
    const char *until = step_text(step, "until");
    if (until && !clock_parse_iso8601(str_of(until), &due_ns))
        return refuse_time(until, err);
    if (journal_sleep_until(step, "timer", due_ns, err) < 0)
        return -1;
    char text[32];
    clock_iso8601(due_ns, text);
    step_output(step, "due", json_string(text));
    step_output(step, "summary", json_sprintf("waited until %s", text));
    return 0;
}

static int
wait_message(struct step *step, int64_t begun_ns, json_t **data, struct err *err)
{
    int64_t deadline_ns = has(step->with, "timeout") ? begun_ns + span_ns(step, "timeout") : 0;
    const char *signal = step_text(step, "signal");
    int got = signal ? journal_wait_signal(step, "signal", signal, deadline_ns, data, err)
                     : journal_wait_approval(step, "approval", json_object_get(step->with, "approval"),
                                             deadline_ns, data, err);
    if (got != 0)
        return got < 0 ? -1 : 0;
    char span[24];
    clock_human(span_ns(step, "timeout"), span, sizeof(span));
    if (signal)
        return err_set(err, ERR_TIMEOUT, "the signal \"%s\" did not come within %s", signal, span);
    return err_set(err, ERR_TIMEOUT, "nobody approved within %s", span);
}

static int
tell_message(struct step *step, const json_t *message, struct err *err)
{
    const char *sender = json_get_text(message, "sender", "");
    const json_t *data = json_object_get(message, "data");
    bool approval = has(step->with, "approval");
    if (approval && !json_get_bool(data, "approved", false)) {
        const char *why = json_get_text(data, "reason", "");
        return err_set(err, ERR_TARGET, "%s refused%s%s", sender, *why ? ": " : "", why);
    }
    char sent[32];
    clock_iso8601(json_get_int(message, "sent_ns", 0), sent);
    step_output(step, "sender", json_string(sender));
    step_output(step, "sent", json_string(sent));
    step_output(step, "data", data ? json_incref((json_t *)(uintptr_t)data) : json_null());
    step_output(step, "summary",
                approval ? json_sprintf("approved by %s", sender)
                         : json_sprintf("signal \"%s\" from %s", step_text(step, "signal"), sender));
    return 0;
}

static int
run(struct step *step, struct err *err)
{
    int64_t begun_ns;
    if (check_with(step->with, err) < 0 || journal_now(step, "begun", &begun_ns, err) < 0)
        return -1;
    if (has(step->with, "for") || has(step->with, "until"))
        return wait_timer(step, begun_ns, err);
    json_t *message = NULL;
    if (wait_message(step, begun_ns, &message, err) < 0)
        return -1;
    AUTO_JSON *held = message;
    return tell_message(step, held, err);
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    if (has(with, "signal"))
        return arena_printf(arena, "waits for the signal \"%s\"", json_get_text(with, "signal", "?"));
    if (has(with, "approval"))
        return "waits for an approval (`atoll approve`)";
    if (has(with, "until"))
        return arena_printf(arena, "waits until %s", json_get_text(with, "until", "?"));
    return "waits for a time";
}

static const struct field inputs[] = {
    {.name = "for", .type = FIELD_DURATION, .summary = "How long, from when the step starts."},
    {.name = "until",
     .type = FIELD_TEXT,
     .summary = "A time, as 2026-12-24T18:00:00Z or with an offset (+01:00); one that passed ends at once."},
    {.name = "signal", .type = FIELD_TEXT, .summary = "Name of a signal, sent by `atoll signal RUN NAME`."},
    {.name = "approval",
     .type = FIELD_LIST,
     .summary = "Who may approve (`atoll approve RUN STEP`), as they call themselves; [] for anybody."},
    {.name = "timeout",
     .type = FIELD_DURATION,
     .summary = "How long a signal or an approval is waited for; then the step fails. Without it, for ever."},
    {.name = NULL},
};
static const struct field outputs[] = {
    {.name = "due", .type = FIELD_TEXT, .summary = "When the timer was due."},
    {.name = "sender", .type = FIELD_TEXT, .summary = "Who sent the signal or approved."},
    {.name = "sent", .type = FIELD_TEXT, .summary = "When."},
    {.name = "data", .type = FIELD_ANY, .summary = "What came with it (`--data`)."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "How the wait ended, in one line."},
    {.name = NULL},
};

const struct step_ops step_wait = {
    .name = "wait",
    .summary = "Waits for a time, a signal or an approval; the run is put down meanwhile and costs nothing.",
    .inputs = inputs,
    .outputs = outputs,
    .check = check,
    .run = run,
    // The time is over, or the answer was no: only a person asks anew, by `atoll resume`.
    .final_kinds = 1U << ERR_TIMEOUT | 1U << ERR_TARGET,
    .plan = plan,
};
