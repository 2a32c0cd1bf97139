// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/report.h"

#include "base/clock.h"
#include "base/git.h"
#include "steps/island-evolve/mutator.h"

#include <math.h>
#include <string.h>

#define PATCH_MAX_BYTES ((size_t)4 << 20)
#define TELL_EVERY_NS (200 * CLOCK_MS_NS)

// ---- progress
// -------------------------------------------------------------------------------------------------

static json_t *
island_bests(const struct search *search)
{
    json_t *bests = json_array();
    for (unsigned i = 0; i < search->ring.count; i++)
        json_array_append_new(bests, json_real(island_best(&search->ring, i)->speedup));
    return bests;
}

void
report_search(struct report *report, const struct search *search)
{
    const struct host *host = report->step->host;
    int64_t now_ns = host->mono_ns(host->context);
    double best = search->best != NULL ? search->best->speedup : 1;
    if (best <= report->best_told && now_ns - report->told_ns < TELL_EVERY_NS)
        return;
    report->best_told = fmax(best, report->best_told);
    report->told_ns = now_ns;
    json_t *details =
        json_pack("{s:s, s:i, s:i, s:i, s:f, s:o}", "phase", "search", "done", (int)search->evaluations, "of",
                  (int)search->spec->evaluations_max, "evaluations", (int)search->evaluations, "best", best,
                  "islands", island_bests(search));
    if (report->seconds_max > 0)
        json_object_set_new(details, "seconds_left",
                            json_real(fmax(0, report->seconds_max - recorder_seconds(report->recorder))));
    step_progress(report->step, details, "%s: %u evaluations, best %.2fx",
                  report->cascade->bench->target.name, search->evaluations, best);
}

void
report_phase(struct report *report, const char *phase, const struct candidate *candidate)
{
    json_t *details = json_pack("{s:s, s:f}", "phase", phase, "best", candidate->speedup);
    step_progress(report->step, details, "%s: %s of candidate %s (%.2fx so far)",
                  report->cascade->bench->target.name, phase, candidate->id, candidate->speedup);
}

// ---- outputs
// --------------------------------------------------------------------------------------------------

static json_t *
limit_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
duet_figures(const struct duet_result *duet)
{
    json_t *json = json_pack("{s:f}", "speedup", duet->speedup);
    json_object_set_new(json, "speedup_low", limit_json(duet->low));
    json_object_set_new(json, "speedup_high", limit_json(duet->high));
    json_set_text(json, "verdict", duet_verdict_name(duet->verdict));
    json_object_set_new(json, "launches", json_integer((json_int_t)duet->launches));
    return json;
}

static json_t *
notes_of(const struct candidate *winner)
{
    json_t *notes = json_array();
    for (const struct candidate *c = winner; c != NULL && c->parents[0] != NULL; c = c->parents[0])
        if (strcmp(c->mutator, "minimise") != 0)
            json_array_insert_new(notes, 0, json_text(str_of(c->note)));
    return notes;
}

static json_t *
techniques_of(const struct candidate *winner)
{
    json_t *techniques = json_array();
    for (const struct candidate *c = winner; c != NULL && c->parents[0] != NULL; c = c->parents[0])
        if (strcmp(c->mutator, "minimise") != 0)
            json_array_insert_new(techniques, 0, json_string(c->mutator));
    return techniques;
}

static json_t *
best_of_n(const struct search *search)
{
    const struct candidate *best = search->best_first;
    if (best == NULL)
        return json_null();
    return json_pack("{s:i, s:f, s:s}", "n", (int)search->first_count, "speedup", best->speedup, "candidate",
                     best->id);
}

// The record that later steps read, without what only a winner has.
static json_t *
common_record(struct report *report, const struct search *search, const struct verdict *verdict)
{
    const struct target *target = &report->cascade->bench->target;
    bool improved = verdict->winner != NULL;
    json_t *record =
        json_pack("{s:s, s:s, s:s, s:O, s:i, s:O, s:f}", "verdict", improved ? "improved" : "none",
                  "function", target->name, "file", target->file, "benchmark", report->cascade->benchmark,
                  "evaluations", (int)search->evaluations, "rejected", search->rejected, "seconds",
                  recorder_seconds(report->recorder));
    json_t *hints = json_null();
    if (verdict->hints_speedup > 0)
        hints = json_pack("{s:f, s:s}", "speedup", verdict->hints_speedup, "note", verdict->hints_note);
    json_object_set_new(record, "hints_only", hints);
    json_object_set_new(record, "best_of_n", best_of_n(search));
    const struct launcher *launcher = report->cascade->bench->launcher;
    json_set_text(record, "isolation", isolation_name(launcher_level(launcher)));
    json_object_set_new(record, "containment", workbench_containment(launcher));
    const struct aa *aa = &report->recorder->aa;
    if (aa->of > 0) {
        json_object_set_new(
            record, "aa",
            json_pack("{s:I, s:I}", "different", (json_int_t)aa->different, "of", (json_int_t)aa->of));
        json_set_text(record, "host", report->recorder->host);
    }
    if (!improved)
        json_object_set_new(record, "notes", json_pack("[o]", json_text(str_of(verdict->why))));
    return record;
}

static int
make_patch(struct report *report, const struct candidate *winner, struct buf *patch, struct err *err)
{
    AUTO_ARENA arena = {0};
    const struct target *target = &report->cascade->bench->target;
    struct str after = target_splice(&arena, target, winner->text, false);
    if (repo_diff_text(target->file, target->source, target->file, after, patch, err) != 0)
        return -1;
    return buf_check(patch, "the patch", err);
}

static int
add_winner(struct report *report, const struct verdict *verdict, json_t *record, struct err *err)
{
    const struct candidate *winner = verdict->winner;
    AUTO_BUF patch = BUF(PATCH_MAX_BYTES);
    char variant_blob[65], patch_blob[65];
    if (make_patch(report, winner, &patch, err) != 0 ||
        journal_blob_put(report->step, winner->text, variant_blob, err) != 0 ||
        journal_blob_put(report->step, buf_str(&patch), patch_blob, err) != 0)
        return -1;
    json_set_text(record, "candidate", winner->id);
    json_set_text(record, "variant", variant_blob);
    json_set_text(record, "patch", patch_blob);
    json_object_set_new(record, "speedup", json_real(verdict->train.speedup));
    json_object_set_new(record, "speedup_low", limit_json(verdict->train.low));
    json_object_set_new(record, "speedup_high", limit_json(verdict->train.high));
    json_object_set_new(record, "train", duet_figures(&verdict->train));
    json_object_set_new(record, "holdout", duet_figures(&verdict->holdout));
    json_object_set_new(record, "techniques", techniques_of(winner));
    json_object_set_new(record, "notes", notes_of(winner));
    step_output(report->step, "speedup", json_real(verdict->holdout.speedup));
    step_output(report->step, "patch", json_text(buf_str(&patch)));
    return 0;
}

static const char *
summarise(const struct report *report, const struct search *search, const struct verdict *verdict)
{
    const char *name = report->cascade->bench->target.name;
    struct arena *arena = report->step->arena;
    if (verdict->winner == NULL)
        return arena_printf(arena, "%s: no improvement in %u evaluations (%s)", name, search->evaluations,
                            verdict->why);
    const struct duet_result *train = &verdict->train, *holdout = &verdict->holdout;
    return arena_printf(
        arena, "%s: %.2fx faster on train [%.2f, %.2f], %.2fx on holdout [%.2f, %.2f], after %u evaluations",
        name, train->speedup, train->low, train->high, holdout->speedup, holdout->low, holdout->high,
        search->evaluations);
}

int
report_outputs(struct report *report, const struct search *search, const struct verdict *verdict,
               struct err *err)
{
    struct step *step = report->step;
    json_t *record = common_record(report, search, verdict);
    if (verdict->winner != NULL && add_winner(report, verdict, record, err) != 0) {
        json_decref(record);
        return -1;
    }
    step_output(step, "verdict", json_string(verdict->winner != NULL ? "improved" : "none"));
    step_output(step, "function", json_string(report->cascade->bench->target.name));
    step_output(step, "file", json_string(report->cascade->bench->target.file));
    step_output(step, "summary", json_string(summarise(report, search, verdict)));
    step_output(step, "winner", record);
    return 0;
}

void
report_failure(struct step *step, const json_t *benchmark, const char *why)
{
    const char *function = json_get_text(benchmark, "function", "");
    const char *file = json_get_text(benchmark, "file", "");
    json_t *record =
        json_pack("{s:s, s:s, s:s, s:i, s:{}, s:f, s:[o]}", "verdict", "failed", "function", function, "file",
                  file, "evaluations", 0, "rejected", "seconds", 0.0, "notes", json_text(str_of(why)));
    json_object_set(record, "benchmark", benchmark != NULL ? (json_t *)(uintptr_t)benchmark : json_null());
    step_output(step, "verdict", json_string("failed"));
    step_output(step, "function", json_string(function));
    step_output(step, "file", json_string(file));
    step_output(step, "summary", json_text(str_of(arena_printf(step->arena, "%s: %s", function, why))));
    step_output(step, "winner", record);
    step_warn(step, "%s: %s", function, why);
}
