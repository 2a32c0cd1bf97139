// SPDX-License-Identifier: Apache-2.0
// atoll compare with one function at two revisions: the same inputs through both in the sandbox, first for
// what they give, then for how long they take.
#include "base/clock.h"
#include "base/fs.h"
#include "cmd/compare.h"
#include "sandbox/duet.h"
#include "steps/benchmark-generate/benchmark_file.h"
#include "steps/shared/target/captured.h"
#include "steps/shared/target/differential.h"
#include "steps/shared/target/generate.h"
#include "steps/shared/target/output_text.h"
#include "steps/shared/target/revisions.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS_MAX_BYTES (64u << 20)
#define CORPUS_MAX_BYTES (32u << 20)
#define LAUNCH_NS (250 * CLOCK_MS_NS)
#define LAUNCHES_MAX 4096
#define CALL_WALL_MS 2000
#define CELL_MEMORY_BYTES ((size_t)1 << 31)
#define CELL_OPEN_FILES 32
#define MADE_UP_CALLS 300
#define SHOWN_BYTES 300 // of an input, of an output

struct function_compare {
    struct invocation *invocation;
    const struct compare_options *options;
    struct revisions_spec spec;
    struct revisions revisions;
    struct corpus inputs;
    size_t captured;     // calls among the inputs; 0 when they are made up
    double seconds_left; // of the duet at work, until its verdict; predicted
    sigset_t before;     // signals that were blocked before this began
};

// ---- signals that would end this process wait until the scratch folder is removed
// -------------------------------------------------------------------------------

static void
block_signals(struct function_compare *compare)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, &compare->before);
}

static void
end_if_told(const struct function_compare *compare)
{
    struct err ignored;
    sigset_t waiting;
    sigpending(&waiting);
    bool told =
        sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP);
    if (told && compare->revisions.scratch != NULL) {
        (void)!fs_remove_tree(compare->revisions.scratch, &ignored);
        sigprocmask(SIG_SETMASK, &compare->before, NULL); // ends here
    }
}

// ---- what is compared
// ----------------------------------------------------------------------------------------------

// The path below the repository of a file that is named from there or from the current folder.
static const char *
find_file(struct invocation *invocation, const char *named)
{
    struct arena *arena = invocation->arena;
    const char *repository = invocation->repository;
    size_t root = strlen(repository);
    struct err ignored;
    if (named[0] != '/' && fs_exists(fs_join(arena, repository, named)))
        return named;
    const char *real = fs_exists(named) ? fs_real(arena, named, &ignored) : NULL;
    bool inside = real != NULL && strncmp(real, repository, root) == 0 && real[root] == '/';
    return inside ? real + root + 1 : named;
}

// {"params", "recipe"}: the options, else what the benchmark file says. Owned.
static json_t *
describe(struct invocation *invocation, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *params = arguments_text(arguments, "params", NULL);
    AUTO_JSON *file = benchmark_file_read(invocation->arena, invocation->repository,
                                          arguments_text(arguments, "function", ""), err);
    if (file == NULL)
        return NULL;
    json_t *description = json_object(), *recipe = json_object();
    if (json_is_object(json_object_get(file, "params")))
        json_object_set(description, "params", json_object_get(file, "params"));
    if (arguments_has(arguments, "flags"))
        json_set_text(recipe, "flags", arguments_text(arguments, "flags", ""));
    if (arguments_has(arguments, "link"))
        json_set_text(recipe, "link", arguments_text(arguments, "link", ""));
    json_object_set_new(description, "recipe", recipe);
    if (params == NULL)
        return description;
    json_t *given = json_read(str_of(params), "--params", err);
    if (given == NULL) {
        err->kind = ERR_USAGE;
        json_decref(description);
        return NULL;
    }
    json_object_set_new(description, "params", given);
    return description;
}

// ---- inputs
// ----------------------------------------------------------------------------------------------------

static int
read_captured(struct function_compare *compare, const char *path, struct err *err)
{
    const struct signature *signature = &compare->revisions.benches[0].target.signature;
    AUTO_BUF text = BUF(INPUTS_MAX_BYTES);
    struct corpus held;
    if (fs_read(path, INPUTS_MAX_BYTES, &text, err) != 0)
        return -1;
    corpus_init(&held, CORPUS_MAX_BYTES);
    int status = captured_read(buf_str(&text), path, signature, &compare->inputs, &held, err);
    for (size_t i = 0; i < held.count && status == 0; i++)
        corpus_append(&compare->inputs, &held, i);
    corpus_release(&held);
    if (status == 0)
        status = buf_check(&compare->inputs.bytes, "the captured calls", err);
    compare->captured = compare->inputs.count;
    return status;
}

// Captured calls where there are any, else calls that the signature allows.
static int
make_inputs(struct function_compare *compare, struct err *err)
{
    struct invocation *invocation = compare->invocation;
    const struct signature *signature = &compare->revisions.benches[0].target.signature;
    const char *usual =
        fs_join(invocation->arena, invocation->repository,
                arena_printf(invocation->arena, ".atoll/captured/%s.jsonl", compare->spec.function));
    const char *named = arguments_text(invocation->arguments, "inputs", fs_exists(usual) ? usual : NULL);
    struct rng rng;
    if (named != NULL && !fs_exists(named))
        return err_set(err, ERR_USAGE, "--inputs %s: no such file", named);
    if (named != NULL && read_captured(compare, named, err) != 0)
        return -1;
    if (compare->inputs.count > 0)
        return 0;
    AUTO_JSON *distribution = distribution_of(&compare->inputs, signature);
    rng_init(&rng, compare->options->seed, 2);
    return generate_calls(&compare->inputs, signature, distribution, &compare->inputs, &rng, MADE_UP_CALLS,
                          err);
}

// ---- differences
// -------------------------------------------------------------------------------------------------

static const char *
describe_difference(const struct function_compare *compare, const json_t *counterexample)
{
    const struct signature *signature = &compare->revisions.benches[0].target.signature;
    AUTO_BUF text = BUF(1 << 20);
    char *call = json_compact(json_object_get(counterexample, "args"));
    buf_printf(&text, "%s(%.*s): A gives ", compare->spec.function, SHOWN_BYTES, call);
    output_text_add(signature, json_object_get(counterexample, "expected"), SHOWN_BYTES, &text);
    buf_puts(&text, "; B gives ");
    output_text_add(signature, json_object_get(counterexample, "got"), SHOWN_BYTES, &text);
    free(call);
    return arena_str(compare->invocation->arena, buf_str(&text));
}

// Keeps the inputs on which A does not fail or panic. *difference is the smallest one on which B gives
// something else.
static int
find_difference(struct function_compare *compare, const char **difference, struct err *err)
{
    struct workbench *benches = compare->revisions.benches;
    struct differential found;
    struct corpus kept;
    corpus_init(&kept, CORPUS_MAX_BYTES);
    *difference = NULL;
    int status = differential_between(&benches[0], &benches[1], &compare->inputs, &kept, &found, err);
    corpus_release(&compare->inputs);
    compare->inputs = kept;
    if (status != 0)
        return -1;
    if (found.differ > 0)
        *difference = describe_difference(compare, found.counterexample);
    json_decref(found.counterexample);
    if (found.differ == 0 && compare->inputs.count == 0)
        return err_set(err, ERR_TARGET,
                       "%s fails at \"%s\" on every input; say what its parameters are: --params",
                       compare->spec.function, compare->spec.names[0]);
    return 0;
}

// ---- time
// --------------------------------------------------------------------------------------------------------

static struct comparison
item_of(const struct duet_result *duet)
{
    static const enum sequential_verdict verdicts[] = {
        [DUET_FASTER] = SEQUENTIAL_FASTER,
        [DUET_SLOWER] = SEQUENTIAL_SLOWER,
        [DUET_EQUIVALENT] = SEQUENTIAL_EQUIVALENT,
        [DUET_INCONCLUSIVE] = SEQUENTIAL_INCONCLUSIVE,
    };
    struct sequential_estimate estimate = {duet->speedup, duet->low, duet->high};
    return compare_item(
        "", duet->verdict <= DUET_INCONCLUSIVE ? verdicts[duet->verdict] : SEQUENTIAL_INCONCLUSIVE, &estimate,
        duet->launches, duet->seconds);
}

struct progress {
    struct function_compare *compare;
    int64_t begun_ns;
};

static void
show_progress(void *context, const struct duet_progress *duet)
{
    struct progress *progress = context;
    struct invocation *invocation = progress->compare->invocation;
    const struct host *host = invocation->host;
    struct sequential_estimate estimate = {duet->speedup, duet->low, duet->high};
    double seconds = (double)(host->mono_ns(host->context) - progress->begun_ns) / 1e9;
    struct comparison item = compare_item("", SEQUENTIAL_INCONCLUSIVE, &estimate, duet->launches, seconds);
    progress->compare->seconds_left = duet->seconds_left;
    end_if_told(progress->compare);
    compare_live(&invocation->terminal, &item, 0, 1, duet->seconds_left);
}

static int
build(struct workbench *bench, struct built *built, struct err *err)
{
    if (builder_compile(bench->builder, target_baseline(&bench->target), BUILD_PLAIN, built, err) != 0)
        return -1;
    return built->ok
               ? 0
               : recipe_refused(&bench->target.recipe, bench->target.file, buf_str(&built->diagnostics), err);
}

// A duet of the two sides given, 0 for A and 1 for B.
static int
measure(struct function_compare *compare, const struct built builts[2], size_t first, size_t second,
        struct duet_result *duet, struct err *err)
{
    struct workbench *benches = compare->revisions.benches;
    const struct compare_options *options = compare->options;
    const struct host *host = compare->invocation->host;
    struct built_variant sides[2] = {{.builder = benches[first].builder, .built = &builts[first]},
                                     {.builder = benches[second].builder, .built = &builts[second]}};
    struct progress progress = {compare, host->mono_ns(host->context)};
    struct cell_inputs inputs = corpus_inputs(&compare->inputs);
    struct duet_spec spec = {.launcher = benches[0].launcher,
                             .host = host,
                             .baseline = built_duet_variant(&sides[0]),
                             .candidate = built_duet_variant(&sides[1]),
                             .inputs = &inputs,
                             .limits = benches[0].limits,
                             .alpha = options->rule.alpha,
                             .margin = options->rule.margin,
                             .launches_min = (size_t)options->rule.launches_min,
                             .launches_max = LAUNCHES_MAX,
                             .launch_ns = LAUNCH_NS,
                             .budget_ns = options->budget_ns,
                             .seed = rng_mix(options->seed, first == second),
                             .progress_context = &progress,
                             .progress = show_progress};
    int status = duet_run(&spec, duet, err);
    if (status == 0)
        workbench_name_call(&benches[0], &compare->inputs, duet);
    built_variant_release(&sides[0]);
    built_variant_release(&sides[1]);
    if (status == 0 && duet->verdict == DUET_FAULT)
        return err_set(err, ERR_TARGET, "%s fails when it is timed: %s", compare->spec.function,
                       duet->detail);
    return status;
}

// The comparison, and where it is asked for the same of A against itself; else the control's launches are 0.
static int
measure_both(struct function_compare *compare, struct duet_result *duet, struct duet_result *control,
             struct err *err)
{
    struct built builts[2] = {0};
    int status = 0;
    for (size_t side = 0; side < 2 && status == 0; side++)
        status = build(&compare->revisions.benches[side], &builts[side], err);
    if (status == 0)
        status = measure(compare, builts, 0, 1, duet, err);
    double seconds_left = compare->seconds_left;
    if (status == 0 && duet->verdict != DUET_DIFFERS &&
        arguments_has(compare->invocation->arguments, "control"))
        status = measure(compare, builts, 0, 0, control, err);
    compare->seconds_left = seconds_left;
    buf_release(&builts[0].diagnostics);
    buf_release(&builts[1].diagnostics);
    return status;
}

// ---- all of it
// -----------------------------------------------------------------------------------------------------

static void
introduce(const struct function_compare *compare)
{
    struct terminal *terminal = &compare->invocation->terminal;
    for (size_t side = 0; side < 2; side++) {
        const char *commit = compare->revisions.commits[side];
        terminal_note(terminal, "%c: %s at %s%s%.12s%s", (int)('A' + side), compare->spec.function,
                      compare->spec.names[side], *commit != '\0' ? " (" : "", commit,
                      *commit != '\0' ? ")" : "");
    }
    terminal_note(terminal, "%zu %s calls", compare->inputs.count,
                  compare->captured > 0 ? "captured" : "made-up");
}

static int
report(struct function_compare *compare, const struct duet_result *duet, const struct duet_result *control,
       const char *difference)
{
    size_t launches_min = (size_t)compare->options->rule.launches_min;
    struct comparison item = item_of(duet);
    bool refused = control->verdict == DUET_FASTER || control->verdict == DUET_SLOWER;
    item.aa.of = control->launches >= launches_min;
    item.aa.different = refused;
    if (refused)
        item.verdict = COMPARISON_INCONCLUSIVE;
    if (difference != NULL)
        item.verdict = COMPARISON_DIFFERS;
    struct comparison_report all = {
        .items = &item,
        .count = 1,
        .within = compare->options->rule.margin,
        .seconds = duet->seconds + control->seconds,
        .seconds_left = compare->seconds_left,
        .launch_seconds = duet->launches > 0 ? duet->seconds / (double)duet->launches : NAN,
        .launches_min = launches_min,
        .refused = refused,
        .trouble = duet->verdict == DUET_INCONCLUSIVE && *duet->detail != '\0' ? duet->detail : NULL,
        .difference = difference};
    return compare_finish(compare->invocation, &all);
}

static int
compare_both(struct function_compare *compare, struct err *err)
{
    struct duet_result duet = {.verdict = DUET_INCONCLUSIVE, .speedup = 1, .high = INFINITY}, control = duet;
    const char *difference = NULL;
    if (revisions_open(&compare->spec, &compare->revisions, err) != 0 || make_inputs(compare, err) != 0)
        return -1;
    introduce(compare);
    end_if_told(compare);
    terminal_live(&compare->invocation->terminal, "looking for differences in what they give");
    if (find_difference(compare, &difference, err) != 0)
        return -1;
    end_if_told(compare);
    if (difference == NULL && measure_both(compare, &duet, &control, err) != 0)
        return -1;
    if (duet.verdict == DUET_DIFFERS)
        difference = duet.detail;
    return report(compare, &duet, &control, difference);
}

int
compare_function(struct invocation *invocation, const struct compare_options *options, struct err *err)
{
    const struct arguments *arguments = invocation->arguments;
    const char *function = arguments_text(arguments, "function", "");
    const char *file = find_file(invocation, arguments->operands[2]);
    if (!str_ends(str_of(file), STR(".c")) && !str_ends(str_of(file), STR(".go")))
        return err_set(err, ERR_USAGE, "%s is no C or Go file; only functions in C and Go can be compared",
                       file);
    json_t *description = describe(invocation, err);
    if (description == NULL)
        return -1;
    struct function_compare compare = {
        .seconds_left = NAN,
        .invocation = invocation,
        .options = options,
        .spec = {.arena = invocation->arena,
                 .cell_path = invocation->cell_path,
                 .repository = invocation->repository,
                 .names = {arguments->operands[0], arguments->operands[1]},
                 .file = file,
                 .function = function,
                 .description = description,
                 .limits = {.wall_ms = CALL_WALL_MS,
                            .memory_bytes = CELL_MEMORY_BYTES,
                            .open_files = CELL_OPEN_FILES}},
    };
    corpus_init(&compare.inputs, CORPUS_MAX_BYTES);
    block_signals(&compare);
    int status = compare_both(&compare, err);
    corpus_release(&compare.inputs);
    revisions_release(&compare.revisions);
    sigprocmask(SIG_SETMASK, &compare.before, NULL);
    json_decref(description);
    return status;
}
