// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/verdict.h"

#include "base/clock.h"
#include "steps/island-evolve/contender.h"
#include "steps/island-evolve/lexeme.h"
#include "steps/island-evolve/minimise.h"
#include "steps/shared/target/differential.h"
#include "steps/shared/target/generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MINIMISE_TESTS = 24, FRESH_CALLS = 300 };

#define TEXT_MAX_BYTES (1u << 20)
#define INPUTS_MAX_BYTES ((size_t)64 << 20)
#define WORTH_A_LOOK 1.02
#define KEEP_SPEED 0.97 // of the winner's speed, for a smaller patch: what a quick duet can tell
#define RANK_LAUNCHES 3
#define ALPHA 0.01 // of an evolution
#define FULL_LAUNCHES_MIN 8
#define FULL_LAUNCHES_MAX 60

static void
say(const struct verdict_spec *spec, const char *phase, const struct candidate *candidate)
{
    if (spec->progress != NULL)
        spec->progress(spec->context, phase, candidate);
}

static void
count_rejected(const struct verdict_spec *spec, const char *reason)
{
    json_t *rejected = spec->search->rejected;
    json_object_set_new(rejected, reason, json_integer(json_get_int(rejected, reason, 0) + 1));
}

// ---- ranking
// --------------------------------------------------------------------------------------------------

static struct effort
rank_effort(void)
{
    return (struct effort){
        .kind = "rank",
        .launches_min = RANK_LAUNCHES,
        .launches_max = RANK_LAUNCHES,
        .launch_ns = 60 * CLOCK_MS_NS,
        .budget_ns = 10 * CLOCK_S_NS,
    };
}

static int
rank(const struct verdict_spec *spec, struct contender *contenders, size_t count, struct err *err)
{
    struct effort effort = rank_effort();
    const struct corpus *train = &spec->cascade->bench->train;
    struct duet_result duet;
    for (size_t i = 0; count > 1 && i < count; i++) {
        say(spec, "rank", contenders[i].candidate);
        if (recorder_measure(spec->recorder, contenders[i].candidate, train, &effort, &duet, err) != 0)
            return -1;
        contenders[i].speedup = duet.launches > 0 ? duet.speedup : 0;
    }
    contender_sort(contenders, count);
    return 0;
}

// ---- minimising
// -----------------------------------------------------------------------------------------------

struct smaller {
    const struct verdict_spec *spec;
    const struct candidate *winner;
    const struct candidate *best; // the smallest good one so far
};

static int
is_still_good(void *context, struct str text, struct err *err)
{
    struct smaller *smaller = context;
    struct judge judge = recorder_judge(smaller->spec->recorder);
    struct candidate *candidate = search_offspring(smaller->spec->search, smaller->winner, "minimise", text);
    if (judge.evaluate(judge.context, candidate, err) != 0)
        return -1;
    bool same_code = candidate->reason != NULL && strcmp(candidate->reason, "duplicate-code") == 0;
    bool good = (candidate_is_right(candidate) || same_code) &&
                candidate->speedup >= KEEP_SPEED * smaller->winner->speedup;
    if (good)
        smaller->best = candidate;
    return good;
}

static int
make_smaller(const struct verdict_spec *spec, const struct candidate **winner, struct err *err)
{
    struct smaller smaller = {spec, *winner, *winner};
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    say(spec, "minimise", *winner);
    if (minimise(spec->search->root->text, (*winner)->text, MINIMISE_TESTS, is_still_good, &smaller, &text,
                 err) < 0)
        return -1;
    *winner = smaller.best;
    return 0;
}

static bool
is_only_hints(const struct verdict_spec *spec, const struct candidate *candidate)
{
    AUTO_BUF ours = BUF(TEXT_MAX_BYTES), theirs = BUF(TEXT_MAX_BYTES);
    lexeme_plain(spec->search->root->text, &ours);
    lexeme_plain(candidate->text, &theirs);
    return str_eq(buf_str(&ours), buf_str(&theirs));
}

static void
note_hints(struct verdict *verdict, const struct candidate *candidate, double speedup)
{
    if (speedup <= verdict->hints_speedup || speedup < WORTH_A_LOOK)
        return;
    verdict->hints_speedup = speedup;
    verdict->hints_note = candidate->note;
}

// ---- holdout
// --------------------------------------------------------------------------------------------------

struct holdout_check {
    const struct verdict_spec *spec;
    const struct candidate *candidate;
};

static int
make_answers(const struct verdict_spec *spec, struct answers *answers, struct err *err)
{
    struct cascade *cascade = spec->cascade;
    struct workbench *bench = cascade->bench;
    struct corpus fresh;
    struct rng rng;
    json_t *decided = NULL;
    char path[4096];
    corpus_init(&fresh, INPUTS_MAX_BYTES);
    rng_init(&rng, spec->step->seed, rng_mix(0x686f6c646f7574, 2));
    int status =
        generate_calls(&fresh, &bench->target.signature, json_object_get(cascade->benchmark, "distribution"),
                       &bench->holdout, &rng, FRESH_CALLS, err);
    if (status == 0)
        status = builder_link(bench->builder, &cascade->baseline, BUILD_PLAIN, 0, path, err);
    if (status == 0) {
        const struct answers_set sets[] = {{&bench->holdout, 4000, 1000}, {&fresh, 250, 500}};
        status = answers_init(answers, bench, path, sets, 2, NULL, &decided, err);
        unlink(path);
    }
    corpus_release(&fresh);
    json_decref(decided);
    return status;
}

// What equal outputs hide: a sanitizer sees it on the calls that the search compared. 1 refuted.
static int
check_sanitized(struct holdout_check *check, struct refutation *refutation, struct err *err)
{
    struct cascade *cascade = check->spec->cascade;
    struct differential found;
    if (differential_run(cascade->bench, check->candidate->text, BUILD_SANITIZED, &cascade->answers.corpus,
                         &found, err) != 0) {
        if (err->kind != ERR_TARGET)
            return -1;
        step_warn(check->spec->step, "no look with sanitizers: %s", err->message);
        return 0;
    }
    if (found.differ == 0)
        return 0;
    struct str got = str_of(json_get_text(found.counterexample, "got", "another output"));
    AUTO_JSON *example = found.counterexample;
    char *args = json_compact(json_object_get(example, "args"));
    refutation->reason = "sanitizer";
    snprintf(refutation->detail, refutation->detail_size, "on %.200s: %" STR_FMT, args,
             STR_ARG(str_head(got, 300)));
    free(args);
    return 1;
}

static int
check_holdout(void *context, json_t **result, struct err *err)
{
    struct holdout_check *check = context;
    struct cascade *cascade = check->spec->cascade;
    char detail[CANDIDATE_DETAIL_MAX_BYTES] = "";
    struct refutation refutation = {.detail = detail, .detail_size = sizeof detail};
    struct answers answers = {0};
    struct built built = {0};
    int status = cascade_prepare(cascade, err);
    if (status == 0)
        status = make_answers(check->spec, &answers, err);
    if (status == 0)
        status = cascade_check(cascade, &answers, check->candidate->text, &built, &refutation, err);
    if (status == 0)
        status = check_sanitized(check, &refutation, err);
    cascade_discard(&built);
    answers_release(&answers);
    if (status < 0)
        return -1;
    *result = json_pack("{s:b}", "right", status == 0);
    if (status > 0) {
        json_set_text(*result, "reason", refutation.reason);
        json_object_set_new(*result, "detail", json_text(str_of(detail)));
    }
    return 0;
}

// ---- the proof of speed
// ----------------------------------------------------------------------------------------

// Candidate number `number` (from 1) of an evolution that gets as far as this. Its share of the error is
// 1/(number (number + 1)), which adds up to ALPHA however many there are.
static struct effort
full_effort(const struct verdict_spec *spec, const char *kind, size_t number)
{
    double launch_ms = fmax(80, fmin(spec->seconds * 8, 250));
    unsigned linking = spec->cascade->bench->target.language->budget_factor;
    return (struct effort){
        .kind = kind,
        .full = true,
        .alpha = ALPHA / (double)(number * (number + 1)),
        .launches_min = FULL_LAUNCHES_MIN,
        .launches_max = FULL_LAUNCHES_MAX,
        .launch_ns = (int64_t)(launch_ms * 1e6),
        .budget_ns = (int64_t)(fmax(spec->seconds * 0.35, 3) * linking * 1e9),
    };
}

// Stores what the verdict made of a candidate.
static int
store(const struct verdict_spec *spec, const struct candidate *candidate, struct err *err)
{
    const struct target *target = &spec->cascade->bench->target;
    char source[65];
    if (journal_blob_put(spec->step, candidate->text, source, err) != 0)
        return -1;
    return candidate_store(spec->step, candidate, target->file, target->name, source, err);
}

static int
drop(const struct verdict_spec *spec, const struct candidate *candidate, const char *reason,
     const char *detail, struct verdict *verdict, struct err *err)
{
    struct candidate dropped = *candidate;
    dropped.stage = STAGE_FULL;
    dropped.reason = reason;
    snprintf(dropped.detail, sizeof dropped.detail, "%s", detail);
    verdict->why = arena_printf(spec->step->arena, "%s: %s", reason, detail);
    count_rejected(spec, reason);
    return store(spec, &dropped, err);
}

// The winner may be the twin of another candidate; from here on it stands for itself.
static int
crown(const struct verdict_spec *spec, const struct candidate *candidate, struct verdict *verdict,
      struct err *err)
{
    struct candidate winner = *candidate;
    winner.stage = STAGE_FULL;
    winner.reason = NULL;
    winner.detail[0] = '\0';
    winner.speedup = verdict->train.speedup;
    winner.low = verdict->train.low;
    winner.high = verdict->train.high;
    verdict->winner = candidate;
    return store(spec, &winner, err);
}

static bool
is_faster(const struct verdict_spec *spec, const struct duet_result *duet)
{
    return duet->verdict == DUET_FASTER && duet->low > 1 + spec->margin && duet->speedup >= spec->min_speedup;
}

static const char *
judge_train(const struct verdict_spec *spec, const struct duet_result *train)
{
    if (train->verdict == DUET_DIFFERS)
        return "differs-when-timed";
    return is_faster(spec, train) ? NULL : "not-faster";
}

static const char *
judge_holdout(const struct verdict_spec *spec, const struct duet_result *train,
              const struct duet_result *holdout)
{
    if (holdout->verdict == DUET_DIFFERS)
        return "differs-when-timed";
    if (holdout->speedup < train->speedup / 2 && holdout->high < train->speedup)
        return "overfit";
    return is_faster(spec, holdout) ? NULL : "not-faster";
}

static const char *
describe(const struct verdict_spec *spec, const char *inputs, const struct duet_result *duet)
{
    if (duet->verdict == DUET_DIFFERS || duet->verdict == DUET_FAULT)
        return arena_dup(spec->step->arena, duet->detail);
    return arena_printf(spec->step->arena, "%s on %s inputs: %.3f times as fast [%.3f, %.3f]%s%s",
                        duet_verdict_name(duet->verdict), inputs, duet->speedup, duet->low, duet->high,
                        duet->detail[0] != '\0' ? "; " : "", duet->detail);
}

static int
prove_on_holdout(const struct verdict_spec *spec, const struct candidate *winner, struct verdict *verdict,
                 struct err *err)
{
    struct holdout_check check = {spec, winner};
    struct effort effort = full_effort(spec, "holdout", verdict->examined);
    const struct corpus *holdout = &spec->cascade->bench->holdout;
    json_t *result = NULL;
    AUTO_JSON *input = json_pack("{s:s}", "variant", winner->id);
    say(spec, "holdout", winner);
    if (journal_activity(spec->step, "holdout", winner->id, input, check_holdout, &check, &result, err) != 0)
        return -1;
    AUTO_JSON *held = result;
    if (!json_get_bool(held, "right", false))
        return drop(spec, winner, json_get_text(held, "reason", "wrong-output"),
                    json_get_text(held, "detail", ""), verdict, err);
    if (recorder_measure(spec->recorder, winner, holdout, &effort, &verdict->holdout, err) != 0)
        return -1;
    const char *reason = judge_holdout(spec, &verdict->train, &verdict->holdout);
    if (reason != NULL)
        return drop(spec, winner, reason, describe(spec, "holdout", &verdict->holdout), verdict, err);
    return crown(spec, winner, verdict, err);
}

static int
examine(const struct verdict_spec *spec, const struct contender *contender, struct verdict *verdict,
        struct err *err)
{
    const struct candidate *winner = contender->candidate;
    struct effort effort = full_effort(spec, "train", verdict->examined + 1);
    if (make_smaller(spec, &winner, err) != 0)
        return -1;
    if (is_only_hints(spec, winner)) {
        note_hints(verdict, contender->candidate, contender->speedup);
        return 0;
    }
    verdict->examined++;
    say(spec, "train", winner);
    if (recorder_measure(spec->recorder, winner, &spec->cascade->bench->train, &effort, &verdict->train,
                         err) != 0)
        return -1;
    const char *reason = judge_train(spec, &verdict->train);
    if (reason != NULL)
        return drop(spec, winner, reason, describe(spec, "train", &verdict->train), verdict, err);
    return prove_on_holdout(spec, winner, verdict, err);
}

static int
measure_hints(const struct verdict_spec *spec, struct verdict *verdict, struct err *err)
{
    const struct candidate *hint = spec->search->best_hint;
    struct effort effort = rank_effort();
    struct duet_result duet;
    if (hint == NULL || hint->speedup < WORTH_A_LOOK)
        return 0;
    if (recorder_measure(spec->recorder, hint, &spec->cascade->bench->train, &effort, &duet, err) != 0)
        return -1;
    note_hints(verdict, hint, duet.speedup);
    return 0;
}

int
verdict_reach(const struct verdict_spec *spec, struct verdict *verdict, struct err *err)
{
    struct contender contenders[CONTENDERS_MAX];
    *verdict = (struct verdict){.why = "no right candidate was faster"};
    size_t count = contender_choose(spec->search, contenders);
    double until_s = recorder_seconds(spec->recorder) + 1.5 * spec->seconds;
    if (rank(spec, contenders, count, err) != 0)
        return -1;
    for (size_t i = 0; i < count && verdict->winner == NULL; i++) {
        bool in_time = i == 0 || recorder_seconds(spec->recorder) < until_s;
        if (in_time && examine(spec, &contenders[i], verdict, err) != 0)
            return -1;
    }
    return measure_hints(spec, verdict, err);
}
