// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/island_evolve.h"

#include "base/fs.h"
#include "base/hash.h"
#include "steps/island-evolve/go_mutate.h"
#include "steps/island-evolve/mutator.h"
#include "steps/island-evolve/report.h"
#include "steps/shared/ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_SHARE 0.6 // of the time; the rest is for the verdict

struct evolution {
    struct step *step;
    const json_t *benchmark;
    struct workbench bench;
    struct cascade cascade;
    struct recorder recorder;
    struct oracle *oracle;
    struct search_spec spec;
    struct search search;
    struct report report;
    double seconds;
};

// ---- setting up
// -----------------------------------------------------------------------------------------------

// Names target and inputs: what an id and a recorded evaluation hold for.
static const char *
salt_of(const struct evolution *evolution)
{
    const struct target *target = &evolution->bench.target;
    struct hasher *hasher = hasher_new();
    struct hash hash;
    char *hex = arena_alloc(evolution->step->arena, 65);
    const char *parts[] = {target->file, target->name, json_get_text(evolution->benchmark, "train", ""),
                           json_get_text(evolution->benchmark, "holdout", "")};
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        hasher_add(hasher, parts[i], strlen(parts[i]) + 1);
    hasher_add(hasher, target->source.ptr, target->source.len);
    for (size_t i = 0; i < target->recipe.flag_count; i++)
        hasher_add(hasher, target->recipe.flags[i], strlen(target->recipe.flags[i]) + 1);
    hasher_finish(hasher, &hash);
    hash_hex(&hash, hex);
    return hex;
}

// The target of the record, with `cpu:` as one more flag.
static json_t *
target_json(const struct step *step, const json_t *benchmark)
{
    json_t *target = json_deep_copy(json_object_get(benchmark, "target"));
    const char *cpu = step_text(step, "cpu");
    json_t *flags = json_object_get(json_object_get(target, "recipe"), "flags");
    if (cpu != NULL && json_is_array(flags))
        json_array_append_new(flags, json_string(arena_printf(step->arena, "-march=%s", cpu)));
    return target;
}

static double
spent(void *context)
{
    const struct evolution *evolution = context;
    return recorder_seconds(&evolution->recorder);
}

static void
tell(void *context, const struct search *search)
{
    struct evolution *evolution = context;
    report_search(&evolution->report, search);
}

static void
tell_phase(void *context, const char *phase, const struct candidate *candidate)
{
    struct evolution *evolution = context;
    report_phase(&evolution->report, phase, candidate);
}

static uint64_t
seed_of(const struct step *step)
{
    return json_object_get(step->with, "seed") != NULL ? (uint64_t)step_int(step, "seed") : step->seed;
}

static void
specify(struct evolution *evolution, const char *salt)
{
    struct step *step = evolution->step;
    evolution->spec = (struct search_spec){
        .arena = step->arena,
        .target = &evolution->bench.target,
        .oracle = evolution->oracle,
        .mutators = evolution->bench.target.language->id == LANGUAGE_GO ? go_mutators : mutators,
        .judge = recorder_judge(&evolution->recorder),
        .authors = recorder_authors(&evolution->recorder),
        .benchmark = evolution->benchmark,
        .salt = salt,
        .seed = seed_of(step),
        .islands = (unsigned)step_int(step, "islands"),
        .archive = (unsigned)step_int(step, "archive"),
        .migrate_every = (unsigned)step_int(step, "migrate-every"),
        .evaluations_max = (unsigned)step_int(step, "evaluations"),
        .seconds_max = evolution->seconds * SEARCH_SHARE,
        .target_speedup = step_real(step, "target-speedup"),
        .context = evolution,
        .seconds = spent,
        .progress = tell,
    };
}

// It evaluates C; the mutators of Go need none.
static int
ask_oracle(struct evolution *evolution, struct err *err)
{
    struct step *step = evolution->step;
    if (evolution->bench.target.language->id != LANGUAGE_C)
        return 0;
    evolution->oracle = oracle_new(evolution->bench.launcher, &evolution->bench.target,
                                   fs_join(step->arena, step->scratch, "oracle"), err);
    if (evolution->oracle == NULL)
        return -1;
    oracle_keep_answers(evolution->oracle, step);
    return 0;
}

static int
set_up(struct evolution *evolution, struct err *err)
{
    struct step *step = evolution->step;
    AUTO_JSON *target = target_json(step, evolution->benchmark);
    if (workbench_open(step, target, &evolution->bench, err) != 0 ||
        workbench_inputs(step, evolution->benchmark, &evolution->bench, err) != 0)
        return -1;
    if (evolution->bench.train.count == 0 || evolution->bench.holdout.count == 0)
        return err_set(err, ERR_TARGET, "the benchmark has no train or no holdout inputs");
    cascade_init(&evolution->cascade, step, &evolution->bench, evolution->benchmark);
    evolution->cascade.seed = seed_of(step);
    evolution->cascade.meter.margin = step_real(step, "margin");
    const char *costs = step_path(step, "costs");
    if (costs != NULL && evolution->cascade.meter.recorded &&
        meter_read_costs(&evolution->cascade.meter, costs, step->arena, err) != 0)
        return -1;
    const char *salt = salt_of(evolution);
    if (recorder_init(&evolution->recorder, step, &evolution->cascade, salt,
                      json_object_get(step->with, "models"), err) != 0)
        return -1;
    if (ask_oracle(evolution, err) != 0)
        return -1;
    specify(evolution, salt);
    return 0;
}

static void
release(struct evolution *evolution)
{
    search_release(&evolution->search);
    if (evolution->oracle != NULL)
        oracle_free(evolution->oracle);
    if (evolution->cascade.step != NULL)
        cascade_release(&evolution->cascade);
    workbench_release(&evolution->bench);
}

// ---- running
// --------------------------------------------------------------------------------------------------

static int
evolve(struct evolution *evolution, struct err *err)
{
    struct step *step = evolution->step;
    struct verdict verdict;
    if (set_up(evolution, err) != 0)
        return -1;
    evolution->report = (struct report){.step = step,
                                        .recorder = &evolution->recorder,
                                        .cascade = &evolution->cascade,
                                        .seconds_max = evolution->spec.seconds_max};
    if (search_run(&evolution->spec, &evolution->search, err) != 0)
        return -1;
    const struct verdict_spec spec = {
        .step = step,
        .recorder = &evolution->recorder,
        .cascade = &evolution->cascade,
        .search = &evolution->search,
        .min_speedup = step_real(step, "min-speedup"),
        .margin = step_real(step, "margin"),
        .seconds = evolution->seconds * (1 - SEARCH_SHARE),
        .progress = tell_phase,
        .context = evolution,
    };
    if (verdict_reach(&spec, &verdict, err) != 0)
        return -1;
    return report_outputs(&evolution->report, &evolution->search, &verdict, err);
}

// The ledger outlives the run: what was tried on the function, and how it ended.
static int
note_tried(struct step *step, const json_t *benchmark, struct err *err)
{
    AUTO_JSON *details = json_pack("{s:s}", "verdict", json_get_text(step->outputs, "verdict", ""));
    struct ledger_entry entry = {
        .file = json_get_text(benchmark, "file", ""),
        .function = json_get_text(benchmark, "function", ""),
        .event = LEDGER_TRIED,
        .details = details,
    };
    return ledger_note(step, &entry, err);
}

// Ends the step without a search.
static int
skip(struct step *step, const json_t *benchmark, const char *why, struct err *err)
{
    const char *function = json_get_text(benchmark, "function", "");
    const char *file = json_get_text(benchmark, "file", "");
    json_t *record = json_pack("{s:s, s:s, s:s, s:O, s:i, s:{}, s:f, s:[o]}", "verdict", "none", "function",
                               function, "file", file, "benchmark", benchmark, "evaluations", 0, "rejected",
                               "seconds", 0.0, "notes", json_text(str_of(why)));
    if (record == NULL)
        return err_set(err, ERR_INTERNAL, "the record of %s could not be put together", function);
    step_output(step, "verdict", json_string("none"));
    step_output(step, "function", json_string(function));
    step_output(step, "file", json_string(file));
    step_output(step, "summary", json_text(str_of(arena_printf(step->arena, "%s: %s", function, why))));
    step_output(step, "winner", record);
    return 0;
}

// What a person declined is not searched for again: *why says so, NULL when nobody did.
static int
ask_ledger(struct step *step, const json_t *benchmark, const char **why, struct err *err)
{
    AUTO_JSON *rows = NULL;
    *why = NULL;
    if (step_bool(step, "again"))
        return 0;
    if (ledger_rows(step, json_get_text(benchmark, "file", ""), json_get_text(benchmark, "function", ""),
                    &rows, err) != 0)
        return -1;
    const json_t *closed = ledger_standing(rows, LEDGER_CLOSED, NULL);
    if (closed != NULL)
        *why = arena_printf(step->arena,
                            "not searched: a person closed its pull request, which run %s saw; "
                            "`again: true` searches",
                            json_get_text(closed, "run", ""));
    return 0;
}

static int
run(struct step *step, struct err *err)
{
    struct evolution *evolution = ARENA_NEW(step->arena, struct evolution);
    evolution->step = step;
    evolution->benchmark = json_object_get(step->with, "benchmark");
    bool deterministic = strcmp(step->mode, "deterministic") == 0;
    evolution->seconds = deterministic ? 0 : step_real(step, "minutes") * 60;
    if (!json_is_object(json_object_get(evolution->benchmark, "target")))
        return err_set(err, ERR_CONFIG,
                       "`benchmark` is not a record of benchmark-generate: it has no \"target\"");
    const char *why;
    if (ask_ledger(step, evolution->benchmark, &why, err) != 0)
        return -1;
    if (why != NULL)
        return skip(step, evolution->benchmark, why, err);
    int status = evolve(evolution, err);
    release(evolution);
    if (status != 0 && err->kind == ERR_TARGET) {
        report_failure(step, evolution->benchmark, err->message);
        status = 0;
    }
    return status == 0 ? note_tried(step, evolution->benchmark, err) : -1;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    size_t models = json_array_size(json_object_get(with, "models"));
    return arena_printf(arena, "up to %lld evaluations in %.1f minutes on this machine; %s",
                        (long long)json_get_int(with, "evaluations", 0), json_get_real(with, "minutes", 0),
                        models == 0 ? "nothing leaves it"
                                    : "prompts with the function's source go to the configured models");
}

static const struct field inputs[] = {
    {.name = "benchmark",
     .type = FIELD_ANY,
     .required = true,
     .summary = "the record that benchmark-generate made"},
    {.name = "minutes",
     .type = FIELD_REAL,
     .otherwise = "2",
     .min = 0.05,
     .max = 10080,
     .summary = "time for search and verdict together; not looked at in deterministic mode"},
    {.name = "evaluations",
     .type = FIELD_INT,
     .otherwise = "400",
     .min = 1,
     .max = 1000000,
     .summary = "at most so many candidates are evaluated by the search"},
    {.name = "islands",
     .type = FIELD_INT,
     .otherwise = "4",
     .min = 1,
     .max = 64,
     .summary = "number of islands in the ring"},
    {.name = "archive",
     .type = FIELD_INT,
     .otherwise = "12",
     .min = 2,
     .max = 1000,
     .summary = "elites that an island keeps"},
    {.name = "migrate-every",
     .type = FIELD_INT,
     .otherwise = "5",
     .min = 1,
     .max = 10000,
     .summary = "generations between migrations"},
    {.name = "models",
     .type = FIELD_LIST,
     .members = model_fields,
     .summary = "language models that propose variants beside the native mutators"},
    {.name = "seed", .type = FIELD_INT, .summary = "of all random choices; default: the run's"},
    {.name = "min-speedup",
     .type = FIELD_REAL,
     .otherwise = "1.05",
     .min = 1,
     .max = 1000,
     .summary = "less than this on holdout inputs is no improvement"},
    {.name = "target-speedup",
     .type = FIELD_REAL,
     .min = 1,
     .max = 1e6,
     .summary = "the search ends when it is reached"},
    {.name = "margin",
     .type = FIELD_REAL,
     .otherwise = "0.01",
     .min = 0.001,
     .max = 0.5,
     .summary = "differences below it are called equivalent"},
    {.name = "cpu",
     .type = FIELD_TEXT,
     .summary = "the oldest processor that has to run it, as in -march=; default: what the flags allow"},
    {.name = "again",
     .type = FIELD_BOOL,
     .otherwise = "false",
     .summary = "search also when a person closed the function's pull request"},
    {.name = "costs",
     .type = FIELD_TEXT,
     .summary = "deterministic mode: JSON Lines of {code_hash, speedup} that stand for measurements"},
    {.name = NULL},
};

static const struct field outputs[] = {
    {.name = "verdict", .type = FIELD_TEXT, .summary = "improved, none or failed"},
    {.name = "winner", .type = FIELD_ANY, .summary = "the record that correctness-test reads"},
    {.name = "patch", .type = FIELD_TEXT, .summary = "unified diff of the file, when improved"},
    {.name = "function", .type = FIELD_TEXT, .summary = "name of the function"},
    {.name = "file", .type = FIELD_TEXT, .summary = "its file"},
    {.name = "speedup", .type = FIELD_REAL, .summary = "on holdout inputs, when improved"},
    {.name = "summary", .type = FIELD_TEXT, .summary = "one line for people"},
    {.name = NULL},
};

const struct step_ops step_island_evolve = {
    .name = "island-evolve",
    .summary = "Evolve faster versions of a function on islands, and measure the best on unseen inputs",
    .inputs = inputs,
    .outputs = outputs,
    .run = run,
    .plan = plan,
};
