// SPDX-License-Identifier: Apache-2.0
#include "steps/correctness-test/correctness_test.h"

#include "base/fs.h"
#include "base/git.h"
#include "base/proc.h"
#include "sandbox/workspace.h"
#include "steps/shared/ledger/ledger.h"
#include "steps/shared/target/beyond.h"
#include "steps/shared/target/differential.h"
#include "steps/shared/target/generate.h"
#include "steps/shared/target/tree_command.h"

#include <ctype.h>
#include <string.h>

#define CORPUS_MAX_BYTES (64u << 20)
#define VARIANT_MAX_BYTES (1u << 20)
#define LEFT_OUT_MAX 4 // for each call compared; where the baseline fails more often, nothing is proven
#define RANDOM_STREAM 77
#define BOUNDARY_STREAM 78

struct work {
    struct step *step;
    struct workbench bench;
    const json_t *winner;
    const json_t *record;
    struct buf variant;
    json_t *checks;
    json_t *counterexample; // of the first check that refuted; owned
    bool refuted, unproven;
};

typedef int (*check_fn)(struct work *work, json_t *check, struct err *err);

// A check ends with "ok" true, or false with "refutes" saying whether it refutes or merely could not be made.
static int
settle(json_t *check, bool ok, bool refutes, const char *detail)
{
    json_object_set_new(check, "ok", json_boolean(ok));
    json_object_set_new(check, "refutes", json_boolean(refutes && !ok));
    json_set_text(check, "detail", detail);
    return 0;
}

static int
compare_on(struct work *work, enum build_kind kind, const struct corpus *corpus, json_t *check,
           struct err *err)
{
    struct differential found;
    if (differential_run(&work->bench, buf_str(&work->variant), kind, corpus, &found, err) != 0)
        return -1;
    const char *detail = arena_printf(work->step->arena,
                                      "%zu calls compared, %zu differ, %zu left out where the baseline fails",
                                      found.compared, found.differ, found.left_out);
    if (found.counterexample != NULL)
        json_object_set_new(check, "counterexample", found.counterexample);
    bool enough = found.compared > 0 && found.compared >= found.left_out / LEFT_OUT_MAX;
    return settle(check, found.differ == 0 && enough, found.differ > 0, detail);
}

static int
check_train(struct work *work, json_t *check, struct err *err)
{
    return compare_on(work, BUILD_PLAIN, &work->bench.train, check, err);
}

static int
check_holdout(struct work *work, json_t *check, struct err *err)
{
    return compare_on(work, BUILD_PLAIN, &work->bench.holdout, check, err);
}

static int
make_random(struct work *work, uint64_t stream, size_t count, struct corpus *corpus, struct err *err)
{
    struct rng rng;
    rng_init(&rng, work->step->seed, stream);
    corpus_init(corpus, CORPUS_MAX_BYTES);
    const json_t *distribution = json_object_get(work->record, "distribution");
    if (stream == BOUNDARY_STREAM)
        return generate_boundary(corpus, &work->bench.target.signature, distribution, &rng, err) != 0
                   ? -1
                   : beyond_calls(corpus, &work->bench.target.signature, distribution, &work->bench.train,
                                  &rng, err);
    return generate_calls(corpus, &work->bench.target.signature, distribution, &work->bench.train, &rng,
                          count, err);
}

static int
check_made_up(struct work *work, uint64_t stream, size_t count, enum build_kind kind, json_t *check,
              struct err *err)
{
    struct corpus corpus = {0};
    int result = make_random(work, stream, count, &corpus, err);
    if (result == 0)
        result = compare_on(work, kind, &corpus, check, err);
    corpus_release(&corpus);
    return result;
}

static int
check_random(struct work *work, json_t *check, struct err *err)
{
    return check_made_up(work, RANDOM_STREAM, (size_t)step_int(work->step, "random"), BUILD_PLAIN, check,
                         err);
}

static int
check_boundary(struct work *work, json_t *check, struct err *err)
{
    return check_made_up(work, BOUNDARY_STREAM, 0, BUILD_PLAIN, check, err);
}

static int
check_sanitizers(struct work *work, json_t *check, struct err *err)
{
    struct corpus corpus = {0};
    int result = make_random(work, BOUNDARY_STREAM, 0, &corpus, err);
    for (size_t i = 0; i < work->bench.holdout.count; i++)
        corpus_append(&corpus, &work->bench.holdout, i);
    if (result == 0)
        result = compare_on(work, BUILD_SANITIZED, &corpus, check, err);
    corpus_release(&corpus);
    return result;
}

static bool
in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// The same words and marks; white space may differ.
static bool
same_words(struct str one, struct str other)
{
    char before = ' ';
    one = str_trim(one);
    other = str_trim(other);
    for (;;) {
        struct str one_left = str_trim(one), other_left = str_trim(other);
        if (one_left.len == 0 || other_left.len == 0)
            return one_left.len == other_left.len;
        char next = *one_left.ptr;
        bool one_gap = one_left.len < one.len, other_gap = other_left.len < other.len;
        if (next != *other_left.ptr || (one_gap != other_gap && in_word(before) && in_word(next)))
            return false;
        before = next;
        one = str_from(one_left, 1);
        other = str_from(other_left, 1);
    }
}

// Same name, same parameters, same result, same storage.
static int
check_interface(struct work *work, json_t *check, struct err *err)
{
    struct step *step = work->step;
    struct target *target = &work->bench.target;
    struct str file = target_splice(step->arena, target, buf_str(&work->variant), false);
    AUTO_SYNTAX *syntax = syntax_new_in(target->language->id, file, err);
    if (syntax == NULL)
        return -1;
    struct function function;
    if (function_find(step->arena, syntax, target->name, &function, err) != 0)
        return settle(check, false, true, err->message);
    struct str before = str_n(target->source.ptr + target->function.start,
                              target->function.body_start - target->function.start);
    struct str after = str_n(file.ptr + function.start, function.body_start - function.start);
    bool same = same_words(before, after);
    return settle(check, same, true,
                  same ? "declaration unchanged" : "the function's declaration was changed");
}

static int
export_tree(struct work *work, const char *tree, struct err *err)
{
    if (fs_remove_tree(tree, err) != 0)
        return -1;
    struct repo *repo = repo_open(work->step->repository, err);
    if (repo == NULL)
        return -1;
    int result = repo_checkout(repo, work->bench.target.commit, tree, err);
    repo_free(repo);
    return result;
}

// Runs the repository's own test command in a copy, sandboxed. 0 with *passed.
static int
run_tests(struct work *work, const char *tree, bool *passed, const char **detail, struct err *err)
{
    struct step *step = work->step;
    struct tree_command command = {
        .launcher = work->bench.launcher,
        .tree = tree,
        .command = step_text(step, "test"),
        .file = work->bench.target.file,
        .wall_ms = (int64_t)(1000 * step_real(step, "test-timeout")),
    };
    struct launch_result result;
    if (tree_command_run(step, &command, &result, err) != 0)
        return -1;
    *passed = result.exit_code == 0;
    struct str last = str_last_line(buf_str(&result.output));
    const char *how = *passed ? "passed" : "failed";
    if (!*passed && result.limit != NULL)
        how = arena_printf(step->arena, "hit its %s limit", result.limit);
    *detail = arena_printf(step->arena, "`%s`: %s%s%" STR_FMT, step_text(step, "test"), how,
                           last.len > 0 ? ": " : "", STR_ARG(str_head(last, 300)));
    launch_result_release(&result);
    return 0;
}

// Runs the tests in a view of `tree`, with the change when `file` is not empty.
static int
run_in_view(struct work *work, const char *tree, struct str file, bool *passed, const char **detail,
            struct err *err)
{
    struct step *step = work->step;
    struct workspace_spec spec = {.source = tree, .home = workbench_views(step)};
    struct workspace *workspace = workspace_new(&spec, err);
    if (workspace == NULL)
        return -1;
    const char *path = workspace_path(workspace);
    int status = 0;
    if (file.len > 0)
        status = fs_write(fs_join(step->arena, path, work->bench.target.file), file, err);
    if (status == 0)
        status = run_tests(work, path, passed, detail, err);
    workspace_free(workspace);
    return status;
}

static int
check_tests(struct work *work, json_t *check, struct err *err)
{
    struct step *step = work->step;
    struct target *target = &work->bench.target;
    if (step_text(step, "test") == NULL)
        return settle(check, false, false, "no `test:` command given");
    char *tree = fs_join(step->arena, step->scratch, "tree");
    bool passed;
    const char *detail;
    if (export_tree(work, tree, err) != 0 || run_in_view(work, tree, STR(""), &passed, &detail, err) != 0)
        return -1;
    if (!passed)
        return settle(check, false, false, arena_printf(step->arena, "without the change: %s", detail));
    struct str file = target_splice(step->arena, target, buf_str(&work->variant), false);
    if (run_in_view(work, tree, file, &passed, &detail, err) != 0)
        return -1;
    return settle(check, passed, true, detail);
}

static const struct {
    const char *name;
    check_fn run;
} checks[] = {
    {"interface", check_interface}, {"train", check_train},       {"holdout", check_holdout},
    {"random", check_random},       {"boundary", check_boundary}, {"sanitizers", check_sanitizers},
    {"tests", check_tests},
};

struct one_check {
    struct work *work;
    size_t index;
};

static int
make_check(void *context, json_t **result, struct err *err)
{
    struct one_check *one = context;
    json_t *check = json_object();
    json_set_text(check, "name", checks[one->index].name);
    if (checks[one->index].run(one->work, check, err) != 0) {
        json_decref(check);
        return err_wrap(err, "check %s", checks[one->index].name);
    }
    *result = check;
    return 0;
}

static int
run_check(struct work *work, size_t index, struct err *err)
{
    struct one_check one = {work, index};
    json_t *check = NULL;
    step_progress(work->step, NULL, "checking %s", checks[index].name);
    AUTO_JSON *input = json_pack("{s:s, s:O}", "variant", json_get_text(work->winner, "variant", ""), "with",
                                 work->step->with);
    if (journal_activity(work->step, "check", checks[index].name, input, make_check, &one, &check, err) != 0)
        return -1;
    if (json_get_bool(check, "refutes", false))
        work->refuted = true;
    else if (!json_get_bool(check, "ok", false))
        work->unproven = true;
    json_t *counterexample = json_object_get(check, "counterexample");
    if (work->counterexample == NULL && counterexample != NULL)
        work->counterexample = json_incref(counterexample);
    json_array_append_new(work->checks, check);
    return 0;
}

static void
finish(struct work *work)
{
    struct step *step = work->step;
    const char *verdict = work->refuted ? "refuted" : work->unproven ? "unproven" : "proven";
    AUTO_BUF summary = BUF(4096);
    buf_printf(&summary, "%s: ", json_get_text(work->winner, "function", ""));
    size_t index;
    json_t *check;
    json_array_foreach(work->checks, index, check)
    {
        bool ok = json_get_bool(check, "ok", false);
        buf_printf(&summary, "%s%s%s", index > 0 ? ", " : "", json_get_text(check, "name", ""),
                   ok ? " ok" : " NOT ok (");
        if (!ok)
            buf_printf(&summary, "%s)", json_get_text(check, "detail", ""));
    }
    json_t *evidence =
        json_pack("{s:s, s:O, s:O, s:O, s:s, s:o}", "verdict", verdict, "checks", work->checks,
                  "counterexample", work->counterexample != NULL ? work->counterexample : json_null(),
                  "winner", work->winner, "isolation", isolation_name(launcher_level(work->bench.launcher)),
                  "containment", workbench_containment(work->bench.launcher));
    step_output(step, "verdict", json_string(verdict));
    step_output(step, "function", json_string(json_get_text(work->winner, "function", "")));
    step_output(step, "evidence", evidence);
    step_output(step, "summary", json_text(buf_str(&summary)));
}

static int
note_found(struct work *work, struct err *err)
{
    AUTO_JSON *details =
        json_pack("{s:f}", "speedup", json_get_real(json_object_get(work->winner, "holdout"), "speedup", 0));
    struct ledger_entry entry = {
        .file = work->bench.target.file,
        .function = work->bench.target.name,
        .variant = json_get_text(work->winner, "variant", ""),
        .event = LEDGER_FOUND,
        .details = details,
    };
    return ledger_note(work->step, &entry, err);
}

static int
prove(struct work *work, struct err *err)
{
    struct step *step = work->step;
    const char *variant = json_get_text(work->winner, "variant", NULL);
    if (variant == NULL || work->record == NULL)
        return err_set(err, ERR_CONFIG,
                       "`winner:` is the `winner` output of island-evolve with verdict improved");
    if (journal_blob_get(step, variant, &work->variant, err) != 0 ||
        workbench_open(step, json_object_get(work->record, "target"), &work->bench, err) != 0 ||
        workbench_inputs(step, work->record, &work->bench, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !work->refuted; i++)
        if (run_check(work, i, err) != 0)
            return -1;
    finish(work);
    return work->refuted || work->unproven ? 0 : note_found(work, err);
}

static int
run(struct step *step, struct err *err)
{
    struct work work = {.step = step, .variant = BUF(VARIANT_MAX_BYTES), .checks = json_array()};
    work.winner = json_object_get(step->with, "winner");
    work.record = json_object_get(work.winner, "benchmark");
    int result = prove(&work, err);
    workbench_release(&work.bench);
    buf_release(&work.variant);
    json_decref(work.checks);
    json_decref(work.counterexample);
    return result;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    return arena_printf(arena, "compares winner and baseline, runs `%s` in a sandboxed copy",
                        json_get_text(with, "test", "(no test command)"));
}

static const struct field inputs[] = {
    {.name = "winner", .type = FIELD_ANY, .required = true, .summary = "The winner of island-evolve."},
    {.name = "test",
     .type = FIELD_TEXT,
     .summary = "The repository's own test command, run in a sandboxed copy."},
    {.name = "test-timeout",
     .type = FIELD_DURATION,
     .otherwise = "\"10m\"",
     .summary = "Time for the test command."},
    {.name = "random",
     .type = FIELD_INT,
     .otherwise = "2000",
     .min = 1,
     .max = 1000000,
     .summary = "How many fresh random calls to compare."},
    {.name = NULL},
};
static const struct field outputs[] = {
    {.name = "verdict", .type = FIELD_TEXT, .summary = "proven, refuted or unproven."},
    {.name = "function", .type = FIELD_TEXT, .summary = "The function."},
    {.name = "evidence", .type = FIELD_ANY, .summary = "Every check with its result, for open-pull-request."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "One line for people."},
    {.name = NULL},
};

const struct step_ops step_correctness_test = {
    .name = "correctness-test",
    .summary = "Proves that a winner behaves as the function it replaces.",
    .inputs = inputs,
    .outputs = outputs,
    .run = run,
    .plan = plan,
};
