// SPDX-License-Identifier: Apache-2.0
#include "sandbox/duet_record.h"
#include "steps/island-evolve/recorder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static json_t *
bound_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
duet_json(const struct recorder *recorder, const struct duet_result *duet, double aa_seconds)
{
    const struct aa *aa = &recorder->aa;
    json_t *json = json_pack("{s:i, s:f, s:i, s:f, s:f}", "verdict", (int)duet->verdict, "speedup",
                             duet->speedup, "launches", (int)duet->launches, "cpu_seconds", duet->cpu_seconds,
                             "seconds", duet->seconds + aa_seconds);
    json_object_set_new(json, "low", bound_json(duet->low));
    json_object_set_new(json, "high", bound_json(duet->high));
    json_set_text(json, "detail", duet->detail);
    json_set_text(json, "host", recorder->host);
    json_object_set_new(
        json, "aa",
        json_pack("[I, I, I]", (json_int_t)aa->different, (json_int_t)aa->of, (json_int_t)aa->comparisons));
    return json;
}

static uint64_t
count_at(const json_t *list, size_t index)
{
    json_int_t value = json_integer_value(json_array_get(list, index));
    return value > 0 ? (uint64_t)value : 0;
}

static void
duet_read(struct recorder *recorder, const json_t *json, struct duet_result *duet)
{
    const json_t *aa = json_object_get(json, "aa");
    *duet = (struct duet_result){
        .verdict = (enum duet_verdict)json_get_int(json, "verdict", DUET_INCONCLUSIVE),
        .speedup = json_get_real(json, "speedup", 1),
        .low = json_get_real(json, "low", 0),
        .high = json_get_real(json, "high", INFINITY),
        .launches = (size_t)json_get_int(json, "launches", 0),
        .cpu_seconds = json_get_real(json, "cpu_seconds", 0),
        .seconds = json_get_real(json, "seconds", 0),
        .input = SIZE_MAX,
    };
    snprintf(duet->detail, sizeof duet->detail, "%s", json_get_text(json, "detail", ""));
    recorder->replayed_s += duet->seconds;
    recorder->aa = (struct aa){count_at(aa, 0), count_at(aa, 1), count_at(aa, 2)};
    snprintf(recorder->host, sizeof recorder->host, "%s", json_get_text(json, "host", ""));
}

// ---- one measurement

// A measurement under way.
struct work {
    struct recorder *recorder;
    const struct candidate *candidate;
    const struct corpus *inputs;
    const struct effort *effort;
    const struct built *built; // of the candidate
    double aa_seconds;         // of the A/A comparisons before it
};

static void
tell(void *context, const struct duet_progress *progress)
{
    const struct work *work = context;
    const char *function = work->recorder->cascade->bench->target.name, *kind = work->effort->kind;
    json_t *details = json_pack("{s:s, s:f, s:i}", "phase", kind, "best", progress->speedup, "done",
                                (int)progress->launches);
    if (isfinite(progress->low) && isfinite(progress->high) && progress->low > 0) {
        json_object_set_new(details, "low", json_real(progress->low));
        json_object_set_new(details, "high", json_real(progress->high));
    }
    if (!isfinite(progress->seconds_left)) {
        step_progress(work->recorder->step, details, "%s: %s of candidate %s, launch %zu: %.3fx", function,
                      kind, work->candidate->id, progress->launches, progress->speedup);
        return;
    }
    json_object_set_new(details, "seconds_left", json_real(progress->seconds_left));
    step_progress(work->recorder->step, details,
                  "%s: %s of candidate %s, launch %zu: %.3fx, a verdict in %.0f s", function, kind,
                  work->candidate->id, progress->launches, progress->speedup, progress->seconds_left);
}

// Puts raw batches and row away, to be committed with the activity.
static int
put(const struct work *work, const struct effort *effort, const struct buf *record,
    const struct duet_result *duet, struct err *err)
{
    struct step *step = work->recorder->step;
    struct measurement measurement = meter_measurement(effort, duet);
    char raw[65] = "";
    if (record->len > 0 && journal_blob_store(step, buf_str(record), raw, err) != 0)
        return -1;
    measurement.raw = raw;
    measurement.aa = work->recorder->aa;
    return candidate_store_measurement(step, work->candidate->id, &measurement, err);
}

static bool
is_different(const struct duet_result *duet)
{
    return duet->verdict == DUET_FASTER || duet->verdict == DUET_SLOWER;
}

static int
note(const struct work *work, const char *kind, const struct duet_result *duet, bool is_aa, struct err *err)
{
    struct recorder *recorder = work->recorder;
    struct aa_comparison comparison = {recorder->host, work->candidate->id, kind, is_aa, is_different(duet)};
    return aa_note(recorder->step, &comparison, &recorder->aa, err);
}

// The baseline against itself, with layouts of its own.
static int
measure_aa(struct work *work, struct err *err)
{
    struct cascade *cascade = work->recorder->cascade;
    struct effort effort = *work->effort;
    struct duet_result duet;
    char kind[24];
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    struct meter_watch watch = {.record = &record};
    aa_next_kind(&work->recorder->aa, kind);
    effort.kind = kind;
    effort.alpha = 0;
    if (meter_run(&cascade->meter, &cascade->baseline, work->inputs, &effort, &watch, &duet, err) != 0)
        return -1;
    work->aa_seconds += duet.seconds;
    if (duet.verdict == DUET_DIFFERS || duet.verdict == DUET_FAULT)
        return 0;
    return note(work, effort.kind, &duet, true, err) != 0 ? -1 : put(work, &effort, &record, &duet, err);
}

static int
measure_full(struct work *work, struct duet_result *duet, struct err *err)
{
    struct recorder *recorder = work->recorder;
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    struct meter_watch watch = {&record, work, tell};
    struct machine machine;
    machine_read(NULL, &machine);
    snprintf(recorder->host, sizeof recorder->host, "%s", machine.cpu);
    if (aa_read(recorder->step, recorder->host, &recorder->aa, err) != 0)
        return -1;
    for (size_t i = 0; i < AA_ENOUGH && aa_is_due(&recorder->aa); i++)
        if (measure_aa(work, err) != 0)
            return -1;
    if (meter_run(&recorder->cascade->meter, work->built, work->inputs, work->effort, &watch, duet, err) !=
            0 ||
        note(work, work->effort->kind, duet, false, err) != 0)
        return -1;
    char reason[200];
    bool decided = is_different(duet) || duet->verdict == DUET_EQUIVALENT;
    if (decided && aa_refuses(&recorder->aa, reason)) {
        duet->verdict = DUET_INCONCLUSIVE;
        snprintf(duet->detail, sizeof duet->detail, "%s", reason);
    }
    return put(work, work->effort, &record, duet, err);
}

static int
measure(struct work *work, struct duet_result *duet, struct err *err)
{
    struct recorder *recorder = work->recorder;
    const struct meter *meter = &recorder->cascade->meter;
    if (work->effort->full && !meter->recorded)
        return measure_full(work, duet, err);
    AUTO_BUF none = BUF(1);
    if (meter_run(meter, work->built, work->inputs, work->effort, NULL, duet, err) != 0)
        return -1;
    return put(work, work->effort, &none, duet, err);
}

static int
measure_anew(struct work *work, struct duet_result *duet, struct err *err)
{
    struct cascade *cascade = work->recorder->cascade;
    const struct candidate *candidate = work->candidate;
    struct built built = {0};
    if (cascade_prepare(cascade, err) != 0)
        return -1;
    int status = builder_compile(cascade->bench->builder, candidate->text, BUILD_PLAIN, &built, err);
    if (status == 0 && !built.ok)
        status = err_set(err, ERR_INTERNAL, "candidate %s compiled before and does not now", candidate->id);
    struct work with = *work;
    with.built = &built;
    if (status == 0)
        status = measure(&with, duet, err);
    work->aa_seconds = with.aa_seconds;
    cascade_discard(&built);
    return status;
}

int
recorder_measure(struct recorder *recorder, const struct candidate *candidate, const struct corpus *inputs,
                 const struct effort *effort, struct duet_result *result, struct err *err)
{
    struct step *step = recorder->step;
    const char *key = arena_printf(step->arena, "%s/%s", effort->kind, candidate->id);
    AUTO_JSON *input = json_pack("{s:s, s:s}", "variant", candidate->id, "benchmark", recorder->salt);
    json_t *known = NULL;
    int begun = journal_begin(step, "measure", key, input, &known, err);
    if (begun == 1) {
        duet_read(recorder, known, result);
        json_decref(known);
    }
    if (begun != 0)
        return begun < 0 ? -1 : 0;
    struct work work = {.recorder = recorder, .candidate = candidate, .inputs = inputs, .effort = effort};
    if (measure_anew(&work, result, err) != 0)
        return -1;
    AUTO_JSON *json = duet_json(recorder, result, work.aa_seconds);
    return journal_commit(step, "measure", key, json, err);
}
