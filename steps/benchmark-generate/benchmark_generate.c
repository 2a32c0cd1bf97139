// SPDX-License-Identifier: Apache-2.0
#include "steps/benchmark-generate/benchmark_generate.h"

#include "base/fs.h"
#include "base/hash.h"
#include "steps/benchmark-generate/benchmark_file.h"
#include "steps/benchmark-generate/go_benchmark.h"
#include "steps/shared/target/captured.h"
#include "steps/shared/target/generate.h"
#include "steps/shared/target/outcome.h"
#include "steps/shared/target/workbench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX_BYTES (64u << 20)
#define CORPUS_MAX_BYTES (32u << 20)
#define FAULTS_MAX 64 // beyond, the inputs are nothing like what the function expects
#define FRESH_SEED 0x6265636861u

struct work {
    struct step *step;
    struct workbench bench;
    json_t *description;  // {"file", "function", "params", "recipe"}
    json_t *file;         // the benchmark file as it was, or null
    json_t *distribution; // of the captured calls
    json_t *captured;     // paths that were read
    size_t left_out;      // calls on which the baseline itself fails
};

static const char *
target_word(const struct step *step, const char *key)
{
    const char *given = step_text(step, key);
    return given != NULL ? given : json_get_text(json_object_get(step->with, "hotspot"), key, NULL);
}

static void
copy_member(json_t *to, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);
    if (value != NULL && !json_is_null(value))
        json_object_set(to, key, value);
}

// What the step's inputs say wins over the benchmark file, which wins over inference.
static json_t *
describe(const struct step *step, const json_t *file, const char *path, const char *function)
{
    json_t *description = json_object(), *recipe = json_object();
    json_set_text(description, "file", path);
    json_set_text(description, "function", function);
    copy_member(description, file, "params");
    if (json_is_object(json_object_get(file, "recipe")))
        json_object_update(recipe, json_object_get(file, "recipe"));
    copy_member(recipe, step->with, "cc");
    copy_member(recipe, step->with, "flags");
    copy_member(recipe, step->with, "link");
    copy_member(recipe, step->with, "write");
    json_t *params = json_object_get(step->with, "params");
    if (json_is_object(params)) {
        json_t *merged = json_object_get(description, "params");
        merged = merged != NULL ? json_deep_copy(merged) : json_object();
        json_object_update(merged, params);
        json_object_set_new(description, "params", merged);
    }
    json_object_set_new(description, "recipe", recipe);
    return description;
}

static int
read_calls_file(struct work *work, const char *path, struct err *err)
{
    AUTO_BUF text = BUF(CALLS_MAX_BYTES);
    if (fs_read(path, CALLS_MAX_BYTES, &text, err) != 0)
        return -1;
    size_t root = strlen(work->step->repository);
    const char *name =
        strncmp(path, work->step->repository, root) == 0 && path[root] == '/' ? path + root + 1 : path;
    json_array_append_new(work->captured, json_string(name));
    return captured_read(buf_str(&text), name, &work->bench.target.signature, &work->bench.train,
                         &work->bench.holdout, err);
}

static int
read_captured(struct work *work, struct err *err)
{
    struct step *step = work->step;
    size_t index;
    json_t *pattern;
    json_array_foreach(json_object_get(step->with, "captured"), index, pattern)
    {
        struct fs_list found;
        if (!json_is_string(pattern))
            return err_set(err, ERR_CONFIG, "`captured:` is a list of paths and globs; item %zu is no text",
                           index + 1);
        const char *path = fs_join(step->arena, step->repository, json_string_value(pattern));
        if (fs_glob(step->arena, path, &found, err) != 0)
            return -1;
        for (size_t i = 0; i < found.count; i++)
            if (read_calls_file(work, found.paths[i], err) != 0)
                return -1;
    }
    if (work->bench.train.count == 0) { // so few that all of them are held out
        struct corpus train = work->bench.train;
        work->bench.train = work->bench.holdout;
        work->bench.holdout = train;
    }
    if (json_array_size(work->captured) == 0 && step_bool(step, "require-captured"))
        return err_set(err, ERR_TARGET,
                       "no captured calls of %s; record some as JSON Lines {\"args\": [..]} and name them "
                       "in `captured:`",
                       work->bench.target.name);
    return 0;
}

// Without captured calls, and for what few captured calls leave open, inputs are made up.
static int
fill_up(struct work *work, struct err *err)
{
    struct workbench *bench = &work->bench;
    const struct signature *signature = &bench->target.signature;
    json_t *said = json_object_get(json_object_get(work->file, "inputs"), "distribution");
    work->distribution = json_is_object(said) ? json_incref(said) : distribution_of(&bench->train, signature);
    struct rng rng;
    rng_init(&rng, FRESH_SEED, 1);
    size_t wanted = (size_t)step_int(work->step, "calls");
    bool made_up = bench->train.count == 0;
    if (made_up &&
        generate_calls(&bench->train, signature, work->distribution, &bench->train, &rng, wanted, err) != 0)
        return -1;
    if (bench->holdout.count == 0) {
        rng_init(&rng, FRESH_SEED, 2);
        struct corpus none = {0};
        return generate_calls(&bench->holdout, signature, work->distribution, made_up ? &none : &bench->train,
                              &rng, wanted / 2 + 1, err);
    }
    return 0;
}

static int
fails_too_often(const struct work *work, const struct corpus *corpus, size_t index, const char *how,
                struct err *err)
{
    AUTO_JSON *call = corpus_call_json(corpus, index, &work->bench.target.signature);
    char *compact = json_compact(call);
    err_set(err, ERR_TARGET,
            "%s fails on its inputs (%.160s on %.200s); correct `params:` or the captured calls",
            work->bench.target.name, how, compact);
    free(compact);
    return -1;
}

// Runs every call once on the baseline; those on which it faults are dropped, since nothing can be compared
// there, and those that panic, since they can't be timed.
static int
keep_good(struct work *work, struct corpus *corpus, struct err *err)
{
    char object[4096];
    struct corpus good;
    corpus_init(&good, CORPUS_MAX_BYTES);
    struct cell *cell = NULL;
    int result =
        workbench_object(&work->bench, target_baseline(&work->bench.target), BUILD_PLAIN, object, err);
    size_t faults = 0;
    for (size_t i = 0; i < corpus->count && result == 0; i++) {
        struct cell_inputs inputs = corpus_inputs(corpus);
        if (cell == NULL) {
            cell = workbench_cell(&work->bench, object, BUILD_PLAIN, err);
            result = cell != NULL ? cell_load(cell, &inputs, err) : -1;
            if (result != 0)
                break;
        }
        enum cell_fault fault = CELL_OK;
        AUTO_BUF output = BUF(CORPUS_MAX_BYTES), detail = BUF(4096);
        result = cell_call(cell, i, &output, &fault, &detail, err);
        if (result == 0 && fault == CELL_OK) {
            if (outcome_is_timed(&work->bench.target.signature, buf_str(&output)))
                corpus_append(&good, corpus, i);
        } else if (result == 0) {
            cell_free(cell);
            cell = NULL;
            if (++faults > FAULTS_MAX)
                result = fails_too_often(work, corpus, i, buf_text(&detail), err);
        }
    }
    if (cell != NULL)
        cell_free(cell);
    if (result == 0 && good.count == 0)
        result =
            err_set(err, ERR_TARGET, "%s fails on every input; correct `params:`", work->bench.target.name);
    if (result != 0) {
        corpus_release(&good);
        return -1;
    }
    work->left_out += corpus->count - good.count;
    corpus_release(corpus);
    *corpus = good;
    return 0;
}

// The baseline against itself: what this machine can tell apart.
static int
noise_floor(struct work *work, json_t **floor, struct err *err)
{
    struct workbench *bench = &work->bench;
    struct built built = {.diagnostics = BUF(8192)};
    if (builder_compile(bench->builder, target_baseline(&bench->target), BUILD_PLAIN, &built, err) != 0)
        return -1;
    struct built_variant a = {.builder = bench->builder, .built = &built}, b = a;
    struct cell_inputs inputs = corpus_inputs(&bench->train);
    struct duet_spec spec = {
        .launcher = bench->launcher,
        .host = work->step->host,
        .baseline = built_duet_variant(&a),
        .candidate = built_duet_variant(&b),
        .inputs = &inputs,
        .limits = bench->limits,
        .alpha = 0.01,
        .margin = 0.01,
        .launches_min = 4,
        .launches_max = 4,
        .launch_ns = 120 * 1000000,
        .budget_ns = 5 * INT64_C(1000000000),
        .seed = work->step->seed,
    };
    struct duet_result duet = {0};
    int result = duet_run(&spec, &duet, err);
    built_variant_release(&a);
    built_variant_release(&b);
    buf_release(&built.diagnostics);
    if (result != 0)
        return err_wrap(err, "measuring the noise floor");
    workbench_name_call(bench, &bench->train, &duet);
    if (duet.verdict == DUET_DIFFERS || duet.verdict == DUET_FAULT)
        return err_set(err, ERR_TARGET, "%s does not repeat its own output (%s): it can't be compared",
                       bench->target.name, duet.detail);
    double spread = 0;
    for (size_t i = 0; i < duet.launches && i < 4; i++)
        spread = fmax(spread, fabs(duet.log_ratios[i]));
    *floor = json_pack("{s:f, s:f, s:f}", "speedup", duet.speedup, "spread", expm1(spread), "ns_per_call",
                       duet.ns_per_call[0]);
    return 0;
}

static json_t *
params_json(const struct signature *signature)
{
    AUTO_JSON *whole = signature_to_json(signature);
    json_t *params = json_object_get(whole, "params");
    return params != NULL ? json_incref(params) : json_incref(whole);
}

static int
put_corpus(struct work *work, const struct corpus *corpus, char hash[65], struct err *err)
{
    AUTO_BUF packed = BUF(2 * CORPUS_MAX_BYTES);
    corpus_pack(corpus, &packed);
    return buf_check(&packed, "the corpus", err) != 0
               ? -1
               : journal_blob_put(work->step, buf_str(&packed), hash, err);
}

static int
write_file(struct work *work, const json_t *record, struct err *err)
{
    const struct target *target = &work->bench.target;
    bool approved = json_get_bool(work->file, "approved", false);
    AUTO_JSON *content = json_pack(
        "{s:i, s:s, s:s, s:b, s:o, s:O, s:{s:O, s:O, s:O}, s:O}", "version", 1, "function", target->name,
        "file", target->file, "approved", approved, "params", params_json(&target->signature), "recipe",
        json_object_get(json_object_get(record, "target"), "recipe"), "inputs", "captured", work->captured,
        "calls", json_object_get(record, "calls"), "distribution", work->distribution, "noise_floor",
        json_object_get(record, "noise_floor"));
    if (content == NULL)
        return err_set(err, ERR_INTERNAL, "the benchmark file could not be put together");
    return benchmark_file_write(work->step->arena, work->step->repository, target->name, content, err);
}

static int
make_record(struct work *work, json_t **record, struct err *err)
{
    struct workbench *bench = &work->bench;
    const struct target *target = &bench->target;
    char train[65], holdout[65];
    json_t *floor;
    if (put_corpus(work, &bench->train, train, err) != 0 ||
        put_corpus(work, &bench->holdout, holdout, err) != 0 || noise_floor(work, &floor, err) != 0)
        return -1;
    json_t *hotspot = json_object_get(work->step->with, "hotspot");
    *record =
        json_pack("{s:s, s:s, s:f, s:s, s:{s:s, s:s, s:o, s:o, s:s}, s:s, s:s, s:O, s:o, s:{s:I, s:I, s:I}}",
                  "function", target->name, "file", target->file, "share", json_get_real(hotspot, "share", 0),
                  "benchmark_file", benchmark_file_path(work->step->arena, target->name), "target", "file",
                  target->file, "function", target->name, "params", params_json(&target->signature), "recipe",
                  recipe_to_json(&target->recipe), "commit", target->commit, "train", train, "holdout",
                  holdout, "distribution", work->distribution, "noise_floor", floor, "calls", "train",
                  (json_int_t)bench->train.count, "holdout", (json_int_t)bench->holdout.count, "left_out",
                  (json_int_t)work->left_out);
    if (*record == NULL)
        return err_set(err, ERR_INTERNAL, "the benchmark record could not be put together");
    const char *test = go_benchmark_path(work->step->arena, target->name);
    if (go_benchmark_save(work->step->arena, target, &bench->train, err) != 0)
        return -1;
    if (fs_exists(fs_join(work->step->arena, target->repository, test)))
        json_object_set_new(*record, "benchmark_test",
                            json_pack("{s:s, s:s}", "kept", test, "place",
                                      go_benchmark_place(work->step->arena, target->file, target->name)));
    return write_file(work, *record, err);
}

static int
generate(void *context, json_t **record, struct err *err)
{
    struct work *work = context;
    struct workbench *bench = &work->bench;
    if (workbench_open(work->step, work->description, bench, err) != 0)
        return -1;
    corpus_init(&bench->train, CORPUS_MAX_BYTES);
    corpus_init(&bench->holdout, CORPUS_MAX_BYTES);
    if (read_captured(work, err) != 0 || fill_up(work, err) != 0)
        return -1;
    step_progress(work->step, NULL, "%s: %zu train and %zu holdout calls; measuring the noise floor",
                  bench->target.name, bench->train.count, bench->holdout.count);
    if (keep_good(work, &bench->train, err) != 0 || keep_good(work, &bench->holdout, err) != 0)
        return -1;
    return make_record(work, record, err);
}

// What the record depends on: the same input gives the committed record.
static json_t *
activity_input(const struct work *work)
{
    json_t *input = json_object();
    json_object_set(input, "with", (json_t *)(uintptr_t)work->step->with);
    json_object_set(input, "target", work->description);
    return input;
}

static int
finish(struct step *step, const char *function, const char *file, json_t *record, const struct err *why)
{
    step_output(step, "function", json_string(function));
    step_output(step, "file", json_string(file));
    if (record == NULL) {
        step_output(step, "status", json_string("skipped"));
        step_output(step, "reason", json_text(str_of(why->message)));
        step_output(step, "summary", json_string(arena_printf(step->arena, "skipped: %s", why->message)));
        return 0;
    }
    const json_t *calls = json_object_get(record, "calls");
    const json_t *floor = json_object_get(record, "noise_floor");
    step_output(step, "status", json_string("ready"));
    step_output(step, "summary",
                json_string(arena_printf(
                    step->arena, "%lld train and %lld holdout calls, %.0f ns a call, noise %.1f %%",
                    (long long)json_get_int(calls, "train", 0), (long long)json_get_int(calls, "holdout", 0),
                    json_get_real(floor, "ns_per_call", 0), 100 * json_get_real(floor, "spread", 0))));
    step_output(step, "benchmark", json_incref(record));
    return 0;
}

static int
read_file(void *context, json_t **content, struct err *err)
{
    struct work *work = context;
    const char *function = target_word(work->step, "function");
    json_t *file = benchmark_file_read(work->step->arena, work->step->repository, function, err);
    if (file == NULL)
        return -1;
    *content = json_pack("{s:o}", "file", file);
    return 0;
}

// The file as it was before this step wrote it: what it says is an input, and must not change by our own
// hand.
static int
recall_file(struct work *work, const char *function, struct err *err)
{
    json_t *content = NULL;
    if (journal_activity(work->step, "file", function, NULL, read_file, work, &content, err) != 0)
        return -1;
    work->file = json_incref(json_object_get(content, "file"));
    json_decref(content);
    return 0;
}

static int
run(struct step *step, struct err *err)
{
    const char *function = target_word(step, "function"), *file = target_word(step, "file");
    if (function == NULL || file == NULL)
        return err_set(err, ERR_CONFIG,
                       "give `hotspot:` (an item of profile-fetch) or `file:` and `function:`");
    struct work work = {.step = step, .captured = json_array()};
    if (recall_file(&work, function, err) != 0)
        return -1;
    work.description = describe(step, work.file, file, function);
    AUTO_JSON *input = activity_input(&work), *record = NULL;
    int result = journal_activity(step, "benchmark", function, input, generate, &work, &record, err);
    bool can_skip = err->kind == ERR_TARGET || err->kind == ERR_NOT_FOUND;
    if (result == 0 || (can_skip && strcmp(step_text(step, "unsupported"), "skip") == 0))
        result = finish(step, function, file, result == 0 ? record : NULL, err);
    workbench_release(&work.bench);
    json_decref(work.description);
    json_decref(work.file);
    json_decref(work.captured);
    json_decref(work.distribution);
    return result;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    const json_t *hotspot = json_object_get(with, "hotspot");
    return arena_printf(
        arena, "reads captured calls, measures the noise floor (~5 s), writes .atoll/benchmarks/%s.yml",
        json_get_text(with, "function", json_get_text(hotspot, "function", "FUNCTION")));
}

static const char *const unsupported_words[] = {"fail", "skip", NULL};
static const struct field inputs[] = {
    {.name = "hotspot", .type = FIELD_ANY, .summary = "An item of profile-fetch: names file and function."},
    {.name = "file", .type = FIELD_TEXT, .summary = "Source file, relative to the repository."},
    {.name = "function", .type = FIELD_TEXT, .summary = "Function to benchmark."},
    {.name = "captured",
     .type = FIELD_LIST,
     .summary = "Captured calls: JSON Lines files or globs, {\"args\": [..], \"count\": 1} a line."},
    {.name = "require-captured",
     .type = FIELD_BOOL,
     .otherwise = "false",
     .summary = "Refuse a function that has no captured calls."},
    {.name = "params",
     .type = FIELD_ANY,
     .summary =
         "Roles of parameters: {NAME: {role: scalar|in|text|inout|out|count|context, of: NAME, "
         "length: result|capacity|nul, count: N, min, max, members: {NAME: the same}, setup, teardown, "
         "digest: FUNCTION}}; see docs/signatures.md."},
    {.name = "cc", .type = FIELD_TEXT, .summary = "Compiler; default $CC, then cc."},
    {.name = "flags",
     .type = FIELD_LIST,
     .summary = "Compiler flags; default what the repository's build says."},
    {.name = "link",
     .type = FIELD_LIST,
     .summary = "What the function needs beside its file: sources, objects and archives of the repository, "
                "-lNAME, -LFOLDER."},
    {.name = "write", .type = FIELD_LIST, .summary = "Absolute paths that a compiler wrapper may write to."},
    {.name = "calls",
     .type = FIELD_INT,
     .otherwise = "300",
     .min = 10,
     .max = 10000,
     .summary = "How many calls to make up where none were captured."},
    {.name = "unsupported",
     .type = FIELD_TEXT,
     .otherwise = "\"fail\"",
     .choices = unsupported_words,
     .summary = "What to do with a function that can't be handled: fail, or skip it and say why."},
    {.name = NULL},
};
static const struct field outputs[] = {
    {.name = "status", .type = FIELD_TEXT, .summary = "ready or skipped."},
    {.name = "reason", .type = FIELD_TEXT, .summary = "Why it was skipped."},
    {.name = "function", .type = FIELD_TEXT, .summary = "The function."},
    {.name = "file", .type = FIELD_TEXT, .summary = "Its file."},
    {.name = "benchmark", .type = FIELD_ANY, .summary = "The benchmark record, for island-evolve."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "One line for people."},
    {.name = NULL},
};

const struct step_ops step_benchmark_generate = {
    .name = "benchmark-generate",
    .summary = "Makes an honest benchmark of a C function from captured calls.",
    .inputs = inputs,
    .outputs = outputs,
    .run = run,
    .plan = plan,
};
