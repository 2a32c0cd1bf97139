// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/cascade.h"

#include "base/clock.h"
#include "base/fs.h"
#include "steps/island-evolve/screen.h"
#include "steps/shared/target/beyond.h"
#include "steps/shared/target/generate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRESH_CALLS 400
#define TRAIN_CALLS_MAX 1200
#define OBJECT_MAX_BYTES ((size_t)64 << 20)
#define INPUTS_MAX_BYTES ((size_t)32 << 20)
#define CALL_MS 250        // limit of a fresh call for the baseline
#define TRAIN_CALL_MS 4000 // of a captured one
#define QUICK_LAUNCHES 2
#define SLOWER_BELOW 0.97
#define QUICK_LAUNCH_NS (30 * CLOCK_MS_NS)

void
cascade_init(struct cascade *cascade, struct step *step, struct workbench *bench, const json_t *benchmark)
{
    *cascade = (struct cascade){.step = step, .bench = bench, .benchmark = benchmark, .seed = step->seed};
    cascade->meter = (struct meter){.bench = bench,
                                    .host = step->host,
                                    .baseline = &cascade->baseline,
                                    .limits = bench->limits,
                                    .margin = 0.01,
                                    .recorded = strcmp(step->mode, "deterministic") == 0,
                                    .seed = step->seed};
}

void
cascade_release(struct cascade *cascade)
{
    cascade_discard(&cascade->baseline);
    answers_release(&cascade->answers);
    map_release(&cascade->codes);
    meter_release(&cascade->meter);
}

void
cascade_discard(struct built *built)
{
    struct err ignored;
    AUTO_ARENA arena = {0};
    if (built->object[0] != '\0')
        (void)!fs_remove_tree(fs_dir_name(&arena, built->object), &ignored);
    buf_release(&built->diagnostics);
    *built = (struct built){0};
}

struct effort
cascade_quick(void)
{
    return (struct effort){
        .kind = "quick",
        .launches_min = QUICK_LAUNCHES,
        .launches_max = QUICK_LAUNCHES,
        .launch_ns = QUICK_LAUNCH_NS,
        .budget_ns = 4 * CLOCK_S_NS,
    };
}

// ---- the baseline
// ----------------------------------------------------------------------------------------------

struct question {
    struct cascade *cascade;
    const char *object_path;
    const struct answers_set *sets;
    size_t count;
};

static int
decide_inputs(void *context, json_t **result, struct err *err)
{
    struct question *question = context;
    struct cascade *cascade = question->cascade;
    json_t *decided = NULL;
    int status = answers_init(&cascade->answers, cascade->bench, question->object_path, question->sets,
                              question->count, NULL, &decided, err);
    *result = decided;
    return status;
}

// Which calls the baseline can answer is decided once and recorded: time limits take part in it.
static int
ask_baseline(struct cascade *cascade, const char *object_path, const struct answers_set *sets, size_t count,
             struct err *err)
{
    struct question question = {cascade, object_path, sets, count};
    json_t *kept = NULL;
    int status =
        journal_activity(cascade->step, "inputs", "baseline", json_object_get(cascade->benchmark, "train"),
                         decide_inputs, &question, &kept, err);
    if (status == 0 && cascade->answers.corpus.count == 0) {
        answers_release(&cascade->answers);
        status = answers_init(&cascade->answers, cascade->bench, object_path, sets, count, kept, NULL, err);
    }
    json_decref(kept);
    return status;
}

enum { FRESH, BEYOND, TRAIN, BOUNDARY, SETS };

static int
make_inputs(struct cascade *cascade, struct corpus sets[SETS], struct err *err)
{
    const struct workbench *bench = cascade->bench;
    const struct signature *signature = &bench->target.signature;
    const json_t *distribution = json_object_get(cascade->benchmark, "distribution");
    struct rng rng;
    rng_init(&rng, cascade->seed, rng_mix(0x696e70757473, 1));
    for (size_t i = 0; i < bench->train.count && i < TRAIN_CALLS_MAX; i++)
        corpus_append(&sets[TRAIN], &bench->train, i);
    if (generate_boundary(&sets[BOUNDARY], signature, distribution, &rng, err) != 0 ||
        beyond_calls(&sets[BEYOND], signature, distribution, &bench->train, &rng, err) != 0)
        return -1;
    return generate_calls(&sets[FRESH], signature, distribution, &bench->train, &rng, FRESH_CALLS, err);
}

static int
prepare_answers(struct cascade *cascade, struct err *err)
{
    struct corpus sets[SETS];
    char path[4096];
    for (size_t i = 0; i < SETS; i++)
        corpus_init(&sets[i], INPUTS_MAX_BYTES);
    int status = make_inputs(cascade, sets, err);
    if (status == 0)
        status = builder_link(cascade->bench->builder, &cascade->baseline, BUILD_PLAIN, 0, path, err);
    if (status == 0) {
        const struct answers_set asked[] = {{&sets[FRESH], CALL_MS, 120},
                                            {&sets[BEYOND], CALL_MS, 60},
                                            {&sets[TRAIN], TRAIN_CALL_MS, 200},
                                            {&sets[BOUNDARY], CALL_MS, 120}};
        status = ask_baseline(cascade, path, asked, SETS, err);
        unlink(path);
    }
    for (size_t i = 0; i < SETS; i++)
        corpus_release(&sets[i]);
    return status;
}

static int
compile_baseline(struct cascade *cascade, struct err *err)
{
    if (cascade->baseline.ok)
        return 0;
    struct target *target = &cascade->bench->target;
    if (builder_compile(cascade->bench->builder, target_baseline(target), BUILD_PLAIN, &cascade->baseline,
                        err) != 0)
        return -1;
    if (!cascade->baseline.ok)
        return recipe_refused(&target->recipe, target->file, buf_str(&cascade->baseline.diagnostics), err);
    cascade->meter.baseline_bytes = cascade->baseline.code_bytes;
    return 0;
}

int
cascade_prepare(struct cascade *cascade, struct err *err)
{
    if (cascade->ready)
        return 0;
    if (compile_baseline(cascade, err) != 0 || prepare_answers(cascade, err) != 0)
        return err_wrap(err, "preparing the baseline");
    if (cascade->answers.limit_ms > cascade->meter.limits.wall_ms)
        cascade->meter.limits.wall_ms = cascade->answers.limit_ms;
    cascade->ready = true;
    return 0;
}

// ---- climbing
// --------------------------------------------------------------------------------------------------

static int
drop(struct candidate *candidate, enum stage stage, const char *reason)
{
    candidate->stage = stage;
    candidate->reason = reason;
    return 0;
}

static int
drop_with(struct candidate *candidate, enum stage stage, const char *reason, struct str detail)
{
    snprintf(candidate->detail, sizeof candidate->detail, "%" STR_FMT, STR_ARG(str_trim(detail)));
    return drop(candidate, stage, reason);
}

// Another text with the same machine code behaves the same: it is as right and as fast as the first.
static int
drop_duplicate(struct candidate *candidate, const struct candidate *twin)
{
    candidate->speedup = candidate_is_right(twin) ? twin->speedup : 0;
    candidate->low = candidate->high = 0;
    return drop_with(candidate, STAGE_CODE, "duplicate-code", str_of(twin->id));
}

static int
check_linked(struct cascade *cascade, const struct answers *answers, const struct built *built,
             struct refutation *refutation, struct err *err)
{
    char path[4096];
    if (builder_link(cascade->bench->builder, built, BUILD_PLAIN, 0, path, err) != 0) {
        if (err->kind != ERR_TARGET)
            return -1;
        refutation->reason = "compile";
        snprintf(refutation->detail, refutation->detail_size, "%s", err->message);
        return 1;
    }
    int status = answers_check(answers, cascade->bench, path, refutation, err);
    unlink(path);
    return status;
}

static void
refuse_compile(const struct built *built, struct refutation *refutation)
{
    refutation->reason = "compile";
    snprintf(refutation->detail, refutation->detail_size, "%s", buf_text(&built->diagnostics));
}

int
cascade_check(struct cascade *cascade, const struct answers *answers, struct str variant, struct built *built,
              struct refutation *refutation, struct err *err)
{
    *built = (struct built){0};
    if (builder_compile(cascade->bench->builder, variant, BUILD_PLAIN, built, err) != 0)
        return -1;
    int status = 1;
    if (built->ok)
        status = check_linked(cascade, answers, built, refutation, err);
    else
        refuse_compile(built, refutation);
    if (status != 0)
        cascade_discard(built);
    return status;
}

static int
read_object(const struct built *built, struct buf *bytes, struct err *err)
{
    return fs_read(built->object, OBJECT_MAX_BYTES, bytes, err);
}

// What the variant's object takes from elsewhere that the baseline's does not. 1 with what it is in *detail.
static int
check_foreign(struct cascade *cascade, const struct built *built, char *detail, size_t detail_size,
              struct err *err)
{
    AUTO_BUF bytes = BUF(OBJECT_MAX_BYTES), baseline = BUF(OBJECT_MAX_BYTES);
    char name[64];
    if (read_object(built, &bytes, err) != 0 || read_object(&cascade->baseline, &baseline, err) != 0 ||
        builder_foreign(cascade->bench->builder, buf_str(&bytes), buf_str(&baseline), name, err) != 0)
        return -1;
    if (name[0] == '\0')
        return 0;
    enum cheat cheat = screen_word(str_of(name));
    return snprintf(detail, detail_size, "%s: use of %s, which the file does not use",
                    cheat_name(cheat != CHEAT_NONE ? cheat : CHEAT_SYSTEM_CALL), name) > 0;
}

// Whatever the text looks like: what the compiled variant may not have that the baseline has not. 1 with what
// it is in *detail.
static int
check_object(struct cascade *cascade, const struct candidate *candidate, const struct built *built,
             char *detail, size_t detail_size, struct err *err)
{
    const struct object_summary *ours = &cascade->baseline.summary, *theirs = &built->summary;
    if (theirs->starts && !ours->starts)
        return snprintf(detail, detail_size, "%s: code that runs when it is loaded",
                        cheat_name(CHEAT_CONSTRUCTOR)) > 0;
    int odd = builder_vet(cascade->bench->builder, built, candidate->text, detail, detail_size, err);
    if (odd != 0)
        return odd;
    if (theirs->state_bytes > ours->state_bytes)
        return snprintf(detail, detail_size, "%s: state that outlives a call: %zu bytes of variables",
                        cheat_name(CHEAT_KEEPS_STATE), theirs->state_bytes - ours->state_bytes) > 0;
    return check_foreign(cascade, built, detail, detail_size, err);
}

static int
measure(struct cascade *cascade, struct candidate *candidate, const struct built *built,
        struct duet_result *duet, struct err *err)
{
    struct effort quick = cascade_quick();
    if (meter_run(&cascade->meter, built, &cascade->bench->train, &quick, NULL, duet, err) != 0)
        return -1;
    candidate->stage = STAGE_QUICK;
    if (duet->verdict == DUET_DIFFERS)
        return drop_with(candidate, STAGE_QUICK, "differs-when-timed", str_of(duet->detail));
    if (duet->verdict == DUET_FAULT || duet->launches == 0)
        return drop_with(candidate, STAGE_QUICK, "crash", str_of(duet->detail));
    candidate->speedup = duet->speedup;
    candidate->low = duet->low;
    candidate->high = duet->high;
    if (duet->speedup >= SLOWER_BELOW)
        return 0;
    candidate->reason = "slower";
    bool named = duet->cheat != CHEAT_NONE;
    snprintf(candidate->detail, sizeof candidate->detail, "%s%s%.3f times as fast as the baseline",
             cheat_name(duet->cheat), named ? ": " : "", duet->speedup);
    return 0;
}

static int
climb(struct cascade *cascade, struct candidate *candidate, const struct built *built,
      struct duet_result *duet, struct err *err)
{
    if (!built->ok)
        return drop_with(candidate, STAGE_COMPILE, "compile", buf_str(&built->diagnostics));
    memcpy(candidate->code_hash, built->code_hash, sizeof candidate->code_hash);
    candidate->code_bytes = built->code_bytes;
    const struct candidate *twin = map_get(&cascade->codes, str_of(built->code_hash));
    if (twin != NULL)
        return drop_duplicate(candidate, twin);
    char forbidden[300];
    int odd = check_object(cascade, candidate, built, forbidden, sizeof forbidden, err);
    if (odd != 0)
        return odd < 0 ? -1 : drop_with(candidate, STAGE_COMPILE, "forbidden", str_of(forbidden));
    struct refutation refutation = {.detail = candidate->detail, .detail_size = sizeof candidate->detail};
    int status = check_linked(cascade, &cascade->answers, built, &refutation, err);
    if (status < 0)
        return -1;
    if (status > 0)
        return drop(candidate, refutation.in_smoke ? STAGE_SMOKE : STAGE_DIFFERENTIAL, refutation.reason);
    return measure(cascade, candidate, built, duet, err);
}

static int
evaluate_baseline(struct cascade *cascade, struct candidate *candidate, struct err *err)
{
    if (cascade_prepare(cascade, err) != 0)
        return -1;
    memcpy(candidate->code_hash, cascade->baseline.code_hash, sizeof candidate->code_hash);
    candidate->code_bytes = cascade->baseline.code_bytes;
    candidate->stage = STAGE_FULL;
    candidate->speedup = candidate->low = candidate->high = 1;
    return 0;
}

int
cascade_evaluate(struct cascade *cascade, struct candidate *candidate, struct duet_result *duet,
                 struct err *err)
{
    const char *reason = NULL;
    duet->launches = 0;
    if (candidate->parents[0] == NULL)
        return evaluate_baseline(cascade, candidate, err);
    int status = screen_variant(&cascade->bench->target, candidate->text, &reason, candidate->detail,
                                sizeof candidate->detail, err);
    if (status != 0)
        return status < 0 ? -1 : drop(candidate, STAGE_PARSE, reason);
    if (cascade_prepare(cascade, err) != 0)
        return -1;
    struct built built;
    status = builder_compile(cascade->bench->builder, candidate->text, BUILD_PLAIN, &built, err);
    if (status == 0)
        status = climb(cascade, candidate, &built, duet, err);
    cascade_discard(&built);
    return status;
}

void
cascade_remember(struct cascade *cascade, struct candidate *candidate)
{
    struct str code = str_of(candidate->code_hash);
    if (code.len > 0 && !map_has(&cascade->codes, code))
        map_set(&cascade->codes, code, candidate);
}
