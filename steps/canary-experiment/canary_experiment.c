// SPDX-License-Identifier: Apache-2.0
#include "steps/canary-experiment/canary_experiment.h"

#include "steps/canary-experiment/work.h"

#include <math.h>

static json_t *
real_or_null(bool known, double value)
{
    return known && isfinite(value) ? json_real(value) : json_null();
}

static void
output_figures(const struct work *work)
{
    struct step *step = work->step;
    const struct verdict *verdict = &work->verdict;
    const struct speedup *speedup = &verdict->speedup;
    step_output(step, "predicted_saving", json_real(saving_predicted(work)));
    step_output(step, "measured_saving", real_or_null(speedup->known, 1 - 1 / speedup->estimate));
    step_output(step, "speedup", real_or_null(speedup->known, speedup->estimate));
    step_output(step, "speedup_low", real_or_null(speedup->known, speedup->low));
    step_output(step, "speedup_high", real_or_null(speedup->known, speedup->high));
    step_output(step, "cpu_before", real_or_null(speedup->known, verdict->control_s));
    step_output(step, "cpu_after", real_or_null(speedup->known, verdict->treatment_s));
    step_output(step, "quads", json_integer((json_int_t)work->shadow.quads));
}

static const char *
summary_of(const struct work *work)
{
    struct arena *arena = work->step->arena;
    const struct verdict *verdict = &work->verdict;
    const char *figures = "";
    if (verdict->speedup.known)
        figures =
            arena_printf(arena, "; CPU of a run %.4f s -> %.4f s, saving %.2f %% measured, %.2f %% predicted",
                         verdict->control_s, verdict->treatment_s, 100 * (1 - 1 / verdict->speedup.estimate),
                         100 * saving_predicted(work));
    const char *stage = "";
    if (verdict->decision == DECISION_ADVANCE)
        stage = arena_printf(arena, " to stage %zu of %zu (%g %%)", work->rollout.stage,
                             work->rollout.stage_count, rollout_percent(&work->rollout));
    return arena_printf(arena, "%s: %s%s (shadow: captured traffic, no live users): %s%s", work->function,
                        decision_name(verdict->decision), stage, verdict->reason, figures);
}

static const char *
next_of(const struct work *work)
{
    struct step *step = work->step;
    const char *remote = work->remote, *branch = work->branch;
    if (work->verdict.decision == DECISION_HOLD)
        return "atoll run";
    if (work->verdict.decision == DECISION_ROLLBACK)
        return arena_printf(step->arena, "git -C %s show %.12s", step->repository, work->commit);
    return arena_printf(step->arena, "git -C %s fetch %s && git -C %s diff %s...%s/%s", step->repository,
                        remote, step->repository, json_get_text(work->request, "base", "HEAD"), remote,
                        branch);
}

static void
finish(const struct work *work)
{
    static const char *const states[] = {
        [ROLLOUT_OFF] = "off", [ROLLOUT_ON] = "on", [ROLLOUT_ROLLED_BACK] = "rolled-back"};
    struct step *step = work->step;
    const struct rollout *rollout = &work->rollout;
    json_t *record =
        json_pack("{s:I, s:I, s:f, s:s, s:s, s:s}", "stage", (json_int_t)rollout->stage, "stages",
                  (json_int_t)rollout->stage_count, "percent", rollout_percent(rollout), "state",
                  states[rollout->state], "file", work->rollout_path, "branch", work->branch);
    json_set_text(record, "commit", work->commit[0] != '\0' ? work->commit : NULL);
    step_output(step, "decision", json_string(decision_name(work->verdict.decision)));
    step_output(step, "reason", json_text(str_of(work->verdict.reason)));
    step_output(step, "mode", json_string("shadow"));
    step_output(step, "function", json_string(work->function));
    step_output(step, "rollout", record);
    output_figures(work);
    step_output(step, "summary", json_text(str_of(summary_of(work))));
    step_output(step, "next", json_string(next_of(work)));
}

static int
decide(struct work *work, struct err *err)
{
    struct step *step = work->step;
    const char *standing;
    if (branch_open(work, &standing, err) != 0)
        return -1;
    if (standing != NULL) {
        work->verdict = (struct verdict){.decision = DECISION_HOLD, .reason = standing};
        finish(work);
        return 0;
    }
    if (replay_run(work, err) != 0)
        return err_wrap(err, "shadowing %s", work->function);
    shadow_judge(&work->shadow, step_real(step, "margin"), step->arena, &work->verdict);
    if (publish_decision(work, err) != 0)
        return -1;
    finish(work);
    return 0;
}

static int
run(struct step *step, struct err *err)
{
    struct work work = {.step = step, .request = json_object_get(step->with, "pull-request")};
    int result = decide(&work, err);
    repo_free(work.repo);
    return result;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    return arena_printf(arena,
                        "builds the branch, replays %s through `%s` with the flag off and on in the sandbox; "
                        "PUSHES a commit to the branch when the rollout advances or is rolled back",
                        json_get_text(with, "traffic", "the traffic"),
                        json_get_text(with, "run", "the service"));
}

static const struct field inputs[] = {
    {.name = "pull-request",
     .type = FIELD_ANY,
     .required = true,
     .summary = "The pull_request of open-pull-request."},
    {.name = "build",
     .type = FIELD_TEXT,
     .otherwise = "\"make\"",
     .summary = "Command that builds the service in a sandboxed copy of the branch."},
    {.name = "run",
     .type = FIELD_TEXT,
     .required = true,
     .summary = "Command that reads captured traffic on stdin and writes the answers on stdout."},
    {.name = "traffic",
     .type = FIELD_TEXT,
     .required = true,
     .summary = "Captured traffic, a file in the repository; without it the rollout holds."},
    {.name = "quads",
     .type = FIELD_INT,
     .otherwise = "90",
     .min = QUADS_MIN,
     .max = QUADS_MAX,
     .summary = "How often at most to compare two runs with the flag off and two with it on."},
    {.name = "min-cpu-seconds",
     .type = FIELD_REAL,
     .otherwise = "0.02",
     .min = 0,
     .max = 3600,
     .summary = "CPU time of one run below which nothing is concluded."},
    {.name = "margin",
     .type = FIELD_REAL,
     .otherwise = "0.01",
     .min = 0,
     .max = 1,
     .summary = "Share of the CPU time that may be lost and still counts as no harm."},
    {.name = "timeout",
     .type = FIELD_DURATION,
     .otherwise = "\"2m\"",
     .summary = "Time for the build, and for each run."},
    {.name = "lease",
     .type = FIELD_DURATION,
     .otherwise = "\"14d\"",
     .summary = "How long evaluators serve the treatment after an advance when nobody renews it."},
    {.name = "author-name", .type = FIELD_TEXT, .otherwise = "\"atoll\"", .summary = "Author of the commit."},
    {.name = "author-email",
     .type = FIELD_TEXT,
     .otherwise = "\"atoll@localhost\"",
     .summary = "Their address."},
    {.name = NULL},
};
static const struct field outputs[] = {
    {.name = "decision", .type = FIELD_TEXT, .summary = "advance, rollback or hold."},
    {.name = "reason", .type = FIELD_TEXT, .summary = "Why."},
    {.name = "mode", .type = FIELD_TEXT, .summary = "shadow: captured traffic, no live users."},
    {.name = "function", .type = FIELD_TEXT, .summary = "The function."},
    {.name = "rollout",
     .type = FIELD_ANY,
     .summary = "Stage, per cent, state, file, and the commit or null."},
    {.name = "predicted_saving", .type = FIELD_REAL, .summary = "Promised share of the service's CPU time."},
    {.name = "measured_saving", .type = FIELD_REAL, .summary = "Measured share, null when not measured."},
    {.name = "speedup", .type = FIELD_REAL, .summary = "Of the whole service, flag off over flag on."},
    {.name = "speedup_low", .type = FIELD_REAL, .summary = "Lower end of its 95 % interval."},
    {.name = "speedup_high", .type = FIELD_REAL, .summary = "Upper end of its 95 % interval."},
    {.name = "cpu_before", .type = FIELD_REAL, .summary = "Median CPU seconds of a run, flag off."},
    {.name = "cpu_after", .type = FIELD_REAL, .summary = "Median CPU seconds of a run, flag on."},
    {.name = "quads", .type = FIELD_INT, .summary = "How many quads were measured."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "One line for people."},
    {.name = "next", .type = FIELD_TEXT, .summary = "The command to type next."},
    {.name = NULL},
};

const struct step_ops step_canary_experiment = {
    .name = "canary-experiment",
    .summary = "Compares the service with the flag off and on, then advances, holds or rolls back.",
    .inputs = inputs,
    .outputs = outputs,
    .run = run,
    .plan = plan,
};
