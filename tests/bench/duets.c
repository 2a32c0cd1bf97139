// SPDX-License-Identifier: Apache-2.0
// duets CELL KERNELS FOLDER LOG MODE COUNT SECONDS [KERNEL...]: live full duets over the kernels of a folder,
// or those that are named, with fresh layouts. Modes: "equal" (a kernel against itself, COUNT duets of at
// most SECONDS for each kernel), "more" (5, 2 and 1 % more work; how many are told right within 5, 20 and 60
// s, and whether the predicted time was right within a factor of two), "batch" (5 % more work at every size
// of a batch). What allocates is written in Go, and in C where there is no Go. Appends to LOG one line a
// launch, for tests/bench/rules.c: kernel, per cent, duet, median ns of the baseline's and the candidate's
// batches, log-ratio.
#include "base/clock.h"
#include "base/fs.h"
#include "base/stats.h"
#include "sandbox/duet_record.h"
#include "steps/shared/candidate/candidate.h"
#include "steps/shared/target/builder.h"
#include "steps/shared/target/captured.h"
#include "steps/shared/target/go/tool.h"
#include "steps/shared/target/workbench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CALLS = 40, ROUNDS = 2000, LAUNCHES_MIN = 8, LAUNCHES_MAX = 240, SAID_MAX = LAUNCHES_MAX };

struct kernel {
    const char *name, *file;
};
static const struct kernel kernels[] = {{"branchy", "branchy.c"},
                                        {"memory", "memory.c"},
                                        {"arithmetic", "arithmetic.c"},
                                        {"allocation-go", "go/allocation.go"}},
                           in_place_of_go = {"allocation", "allocation.c"};
enum { KERNELS = sizeof(kernels) / sizeof(*kernels) };

static const struct table_set *const tables[] = {&candidate_tables, NULL};
static const struct step_ops *const steps[] = {NULL};
static const struct registry registry = {.steps = steps, .tables = tables};

// A kernel that is ready to be measured.
struct stand {
    struct arena arena;
    struct err err;
    struct step step;
    struct workbench bench;
    struct corpus calls;
    const char *kernel;
    FILE *log;
    unsigned duets;
};

// One duet and what was said on the way.
struct outcome {
    struct duet_result result;
    double said_s[SAID_MAX]; // predicted seconds left after each launch
    double at_s[SAID_MAX];   // when
    int64_t begun_ns;
};

static int
add_calls(struct stand *stand)
{
    corpus_init(&stand->calls, 1 << 20);
    for (int i = 0; i < CALLS; i++) {
        AUTO_JSON *call = json_pack("[i, i]", 1 + 7919 * i, (int)ROUNDS);
        if (captured_add(&stand->calls, &stand->bench.target.signature, call, "call", &stand->err) != 0)
            return -1;
    }
    return 0;
}

static int
stand_init(struct stand *stand, char **argv, const struct kernel *kernel, FILE *log)
{
    *stand = (struct stand){.kernel = kernel->name, .log = log};
    struct arena *arena = &stand->arena;
    const char *folder = fs_real(arena, argv[3], &stand->err);
    if (folder == NULL)
        return -1;
    stand->step = (struct step){
        .run_id = "bench",
        .id = kernel->name,
        .with = json_object(),
        .repository = fs_real(arena, argv[2], &stand->err),
        .scratch = arena_printf(arena, "%s/%s", folder, kernel->name),
        .cell_path = fs_real(arena, argv[1], &stand->err),
        .mode = "measure",
        .sandbox = json_object(),
        .attempt = 1,
        .host = host_real(),
        .arena = arena,
        .outputs = json_object(),
    };
    if (stand->step.repository == NULL || stand->step.cell_path == NULL ||
        fs_mkdirs(stand->step.scratch, &stand->err) != 0)
        return -1;
    stand->step.journal = journal_open_local(arena_printf(arena, "%s/%s.db", folder, kernel->name), &registry,
                                             kernel->name, &stand->err);
    AUTO_JSON *target = json_pack("{s:s, s:s}", "file", kernel->file, "function", "kernel");
    if (language_of(kernel->file) == LANGUAGE_C)
        json_object_set_new(target, "recipe",
                            json_pack("{s:s, s:[s], s:[]}", "cc", "cc", "flags", "-O2", "link"));
    if (stand->step.journal == NULL || workbench_open(&stand->step, target, &stand->bench, &stand->err) != 0)
        return -1;
    return add_calls(stand);
}

static void
stand_release(struct stand *stand)
{
    corpus_release(&stand->calls);
    workbench_release(&stand->bench);
    journal_close_local(stand->step.journal);
    json_decref((json_t *)(uintptr_t)stand->step.with);
    json_decref((json_t *)(uintptr_t)stand->step.sandbox);
    json_decref(stand->step.outputs);
    arena_release(&stand->arena);
}

// ---- one duet

static void
note_progress(void *context, const struct duet_progress *progress)
{
    struct outcome *outcome = context;
    if (progress->launches > SAID_MAX)
        return;
    outcome->said_s[progress->launches - 1] = progress->seconds_left;
    outcome->at_s[progress->launches - 1] = (double)(clock_mono_ns() - outcome->begun_ns) / 1e9;
}

struct line {
    const struct stand *stand;
    unsigned pct;
};

static void
log_launch(void *context, const struct batches *batches, double log_ratio)
{
    const struct line *line = context;
    fprintf(line->stand->log, "%s %u %u %.3f %.3f %.9f\n", line->stand->kernel, line->pct, line->stand->duets,
            batches_median_ns(batches, 0), batches_median_ns(batches, 1), log_ratio);
}

// The kernel with so many per cent of its work done twice. The second call waits for the first one's result:
// else the processor would begin it early and hide a part of the planted work.
static const char c_variant[] = "uint32_t\nkernel(uint32_t seed, unsigned rounds)\n{\n"
                                "    uint32_t none = 0, more = work(seed + 1, rounds * %u / 100);\n"
                                "    __asm__ volatile(\"\" : \"+r\"(none));\n"
                                "    return work(seed ^ (more & none), rounds);\n}";
static const char go_variant[] = "func kernel(seed, rounds uint32) uint32 {\n"
                                 "\tmore := work(seed+1, rounds*%u/100)\n"
                                 "\treturn work(seed^(more&none), rounds)\n}";

static struct str
variant_of(struct stand *stand, unsigned pct)
{
    bool is_go = stand->bench.target.language->id == LANGUAGE_GO;

    return str_of(is_go ? arena_printf(&stand->arena, go_variant, pct)
                        : arena_printf(&stand->arena, c_variant, pct));
}

static int
run_duet(struct stand *stand, unsigned pct, const struct duet_spec *rule, struct outcome *outcome)
{
    struct builder *builder = stand->bench.builder;
    struct err *err = &stand->err;
    struct built built[2] = {{0}};
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    struct duet_replay replay;
    struct line line = {stand, pct};
    struct str text[2] = {target_baseline(&stand->bench.target), target_baseline(&stand->bench.target)};
    if (pct > 0)
        text[1] = variant_of(stand, pct);
    int status = 0;
    for (size_t i = 0; i < 2 && status == 0; i++)
        status = builder_compile(builder, text[i], BUILD_PLAIN, &built[i], err);
    struct built_variant sides[2] = {{.builder = builder, .built = &built[0]},
                                     {.builder = builder, .built = &built[1]}};
    struct cell_inputs inputs = corpus_inputs(&stand->calls);
    struct duet_spec spec = *rule;
    spec.launcher = stand->bench.launcher;
    spec.host = stand->step.host;
    spec.baseline = built_duet_variant(&sides[0]);
    spec.candidate = built_duet_variant(&sides[1]);
    spec.inputs = &inputs;
    spec.limits = stand->bench.limits;
    spec.record = &record;
    spec.progress_context = outcome;
    spec.progress = note_progress;
    outcome->begun_ns = clock_mono_ns();
    spec.seed = rng_mix((uint64_t)outcome->begun_ns, stand->duets);
    if (status == 0)
        status = duet_run(&spec, &outcome->result, err);
    if (status == 0)
        status = duet_record_replay(buf_str(&record), &replay, log_launch, &line, err);
    stand->duets++;
    for (size_t i = 0; i < 2; i++) {
        built_variant_release(&sides[i]);
        buf_release(&built[i].diagnostics);
    }
    return status;
}

static struct duet_spec
settings(const struct stand *stand, double seconds)
{
    seconds *= stand->bench.target.language->budget_factor;
    return (struct duet_spec){.alpha = 0.01,
                              .margin = 0.01,
                              .launches_min = LAUNCHES_MIN,
                              .launches_max = LAUNCHES_MAX,
                              .launch_ns = 250 * CLOCK_MS_NS,
                              .budget_ns = (int64_t)(seconds * 1e9)};
}

// ---- equal pairs

// Standard deviation of the launches, in per cent.
static double
spread_pct(const struct duet_result *result)
{
    return 100 * sqrt(stats_variance(result->log_ratios, result->launches));
}

static int
run_equal(struct stand *stand, int count, double seconds)
{
    unsigned verdicts[DUET_FAULT + 1] = {0};
    VEC(double) spreads = {0}, times = {0};
    for (int i = 0; i < count; i++) {
        struct outcome outcome = {.begun_ns = 0};
        struct duet_spec spec = settings(stand, seconds);
        if (run_duet(stand, 0, &spec, &outcome) != 0)
            return -1;
        verdicts[outcome.result.verdict]++;
        *vec_push(&spreads) = spread_pct(&outcome.result);
        *vec_push(&times) = outcome.result.seconds;
    }
    printf("%-13s %3u of %3d called different; %u equivalent, %u inconclusive, %u else; a launch's SD %.2f "
           "%%, %.1f s\n",
           stand->kernel, verdicts[DUET_FASTER] + verdicts[DUET_SLOWER], count, verdicts[DUET_EQUIVALENT],
           verdicts[DUET_INCONCLUSIVE], verdicts[DUET_DIFFERS] + verdicts[DUET_FAULT],
           stats_median(spreads.items, spreads.count), stats_median(times.items, times.count));
    vec_release(&spreads);
    vec_release(&times);
    return 0;
}

// ---- more work

// Whether the whole time that was told halfway was right within a factor of two.
static bool
said_right(const struct outcome *outcome)
{
    size_t half = outcome->result.launches / 2;
    if (half < 2 || half > SAID_MAX)
        return true;
    double took = outcome->result.seconds, said = outcome->at_s[half - 1] + outcome->said_s[half - 1];
    return said >= took / 2 && said <= took * 2;
}

static int
run_more(struct stand *stand, int count, double seconds)
{
    static const struct {
        unsigned pct;
        double within_s;
    } goals[] = {{5, 5}, {2, 20}, {1, 60}};
    for (size_t g = 0; g < sizeof(goals) / sizeof(*goals); g++) {
        int told = 0, in_time = 0, wrong = 0, predicted = 0;
        VEC(double) times = {0}, readings = {0}, spreads = {0};
        for (int i = 0; i < count; i++) {
            struct outcome outcome = {.begun_ns = 0};
            struct duet_spec spec = settings(stand, seconds);
            if (run_duet(stand, goals[g].pct, &spec, &outcome) != 0)
                return -1;
            bool right = outcome.result.verdict == DUET_SLOWER;
            told += right;
            wrong += outcome.result.verdict == DUET_FASTER;
            in_time += right && outcome.result.seconds <= goals[g].within_s;
            predicted += right && said_right(&outcome);
            *vec_push(&times) = outcome.result.seconds;
            *vec_push(&readings) = 100 * (1 / outcome.result.speedup - 1);
            *vec_push(&spreads) = spread_pct(&outcome.result);
        }
        printf(
            "%-13s +%u %%: %d of %d right, %d within %.0f s, %d the wrong way; median %.1f s, reads %.2f %%;"
            " time predicted within 2x in %d; a launch's SD %.2f %%\n",
            stand->kernel, goals[g].pct, told, count, in_time, goals[g].within_s, wrong,
            stats_median(times.items, times.count), stats_median(readings.items, readings.count), predicted,
            stats_median(spreads.items, spreads.count));
        vec_release(&times);
        vec_release(&readings);
        vec_release(&spreads);
    }
    return 0;
}

// ---- sizes of a batch

// A batch is a 400th of a launch, 200 us at least and 500 us at most.
static int
run_batch(struct stand *stand, int count, double seconds)
{
    static const int64_t launch_ms[] = {80, 120, 160, 200, 400};
    for (size_t i = 0; i < sizeof(launch_ms) / sizeof(*launch_ms); i++) {
        struct outcome outcome = {.begun_ns = 0};
        struct duet_spec spec = settings(stand, seconds);
        spec.launch_ns = launch_ms[i] * CLOCK_MS_NS;
        spec.launches_min = spec.launches_max = (size_t)count;
        if (run_duet(stand, 5, &spec, &outcome) != 0)
            return -1;
        printf("%-13s batches of %3.0f us: planted 5 %% reads %.2f %% [%.2f, %.2f] over %zu launches\n",
               stand->kernel, outcome.result.batch_us, 100 * (1 / outcome.result.speedup - 1),
               100 * (1 / outcome.result.high - 1), 100 * (1 / outcome.result.low - 1),
               outcome.result.launches);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct stand *stand, int count, double seconds);
} modes[] = {{"equal", run_equal}, {"more", run_more}, {"batch", run_batch}};

static int
run_mode(char **argv, const struct kernel *kernel, FILE *log)
{
    struct stand stand;
    int status = stand_init(&stand, argv, kernel, log);
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes) && status == 0; i++)
        if (strcmp(modes[i].name, argv[5]) == 0)
            status = modes[i].run(&stand, (int)strtol(argv[6], NULL, 10), strtod(argv[7], NULL));
    fflush(stdout);
    fflush(log);
    if (status != 0)
        fprintf(stderr, "duets: %s: %s\n", kernel->name, stand.err.message);
    stand_release(&stand);
    return status;
}

static const struct kernel *
kernel_at(size_t index)
{
    AUTO_ARENA arena = {0};
    struct err err;

    if (language_of(kernels[index].file) != LANGUAGE_GO || go_command(&arena, &err) != NULL)
        return &kernels[index];
    printf("%s: skipped: %s; %s stands in\n", kernels[index].name, err.message, in_place_of_go.file);
    return &in_place_of_go;
}

// Whether a kernel is among those that were named, or none was.
static bool
is_wanted(const char *name, char *const *named)
{
    for (size_t i = 0; named[i] != NULL; i++)
        if (strcmp(named[i], name) == 0)
            return true;
    return named[0] == NULL;
}

int
main(int argc, char **argv)
{
    FILE *log = argc >= 8 ? fopen(argv[4], "a") : NULL;
    if (log == NULL) {
        fprintf(stderr, "usage: duets CELL KERNELS FOLDER LOG equal|more|batch COUNT SECONDS [KERNEL...]\n");
        return 2;
    }
    int status = 0;
    for (size_t i = 0; i < KERNELS && status == 0; i++)
        if (is_wanted(kernels[i].name, argv + 8))
            status = run_mode(argv, kernel_at(i), log);
    fclose(log);
    return status == 0 ? 0 : 1;
}
