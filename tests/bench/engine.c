// SPDX-License-Identifier: Apache-2.0
// engine REPOSITORY FOLDER EVALUATIONS: evolves the demo's normalize_tag with the engine as it is
// (supervisor, step process, journal, islands, mutators, and a model whose recorded replies cost no time),
// and writes into FOLDER, for each evaluation, what passed since the one before it: in atoll.ms one line
// each, "own work journal" in milliseconds. Work is what a compiler, a linker or a cell was started for; it
// is told by clocks that the linker puts around the calls that start them (--wrap). All else is the engine's
// own time; journal is the part of it that waits for the supervisor's commits. FOLDER/replies.jsonl holds the
// replies.
//
// engine table FOLDER NAME...: medians of NAME.ms near 100 and 1,000 candidates, the first NAME against
// others.
#include "workflow/engine.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/stats.h"
#include "base/yaml.h"
#include "sandbox/cell.h"
#include "steps/island-evolve/search.h"
#include "steps/registry.h"
#include "workflow/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVALUATIONS_MAX = 100000, AROUND = 50, REPLIES = 4000, REPLIES_MAX_BYTES = 16 << 20 };

// ---- clocks around what works for a candidate

enum purpose { WORK, JOURNAL, CONSIDER, PURPOSES };

struct evaluation {
    double own_ms, work_ms, cpu_ms, journal_ms, propose_ms;
};

struct moment {
    int64_t wall_ns, cpu_ns;
};

static struct watch {
    struct moment begun, spent[PURPOSES], last;
    unsigned depth; // of calls under way: the outermost counts
    size_t count;
    struct evaluation evaluations[EVALUATIONS_MAX];
} watch;

static struct moment
now(void)
{
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (struct moment){clock_mono_ns(), cpu.tv_sec * CLOCK_S_NS + cpu.tv_nsec};
}

static void
enter(void)
{
    if (watch.depth++ == 0)
        watch.begun = now();
}

static void
leave(enum purpose purpose)
{
    if (--watch.depth > 0)
        return;
    struct moment end = now(), *spent = &watch.spent[purpose];
    spent->wall_ns += end.wall_ns - watch.begun.wall_ns;
    spent->cpu_ns += end.cpu_ns - watch.begun.cpu_ns;
}

static void
note_evaluation(void)
{
    struct moment end = now(), *last = &watch.last;
    const struct moment *work = &watch.spent[WORK], *journal = &watch.spent[JOURNAL];
    int64_t own_ns = end.wall_ns - last->wall_ns - work->wall_ns;
    if (last->wall_ns > 0 && watch.count < EVALUATIONS_MAX)
        watch.evaluations[watch.count++] =
            (struct evaluation){.own_ms = (double)own_ns / 1e6,
                                .work_ms = (double)work->wall_ns / 1e6,
                                .cpu_ms = (double)(end.cpu_ns - last->cpu_ns - work->cpu_ns) / 1e6,
                                .journal_ms = (double)journal->wall_ns / 1e6,
                                .propose_ms = (double)(own_ns - watch.spent[CONSIDER].wall_ns) / 1e6};
    *last = end;
    memset(watch.spent, 0, sizeof(watch.spent));
}

#define WATCHED(purpose, function, parameters, arguments) \
    int __real_##function parameters;                     \
    int __wrap_##function parameters;                     \
    int __wrap_##function parameters                      \
    {                                                     \
        enter();                                          \
        int status = __real_##function arguments;         \
        leave(purpose);                                   \
        return status;                                    \
    }

WATCHED(WORK, launcher_run,
        (struct launcher * launcher, const struct launch_spec *spec, struct launch_result *result,
         struct err *err),
        (launcher, spec, result, err))
WATCHED(WORK, cell_load, (struct cell * cell, const struct cell_inputs *inputs, struct err *err),
        (cell, inputs, err))
WATCHED(WORK, cell_call,
        (struct cell * cell, size_t index, struct buf *output, enum cell_fault *fault, struct buf *detail,
         struct err *err),
        (cell, index, output, fault, detail, err))
WATCHED(WORK, cell_batch,
        (struct cell * cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
         struct err *err),
        (cell, first, count, rounds, batch, err))
WATCHED(WORK, cell_empty,
        (struct cell * cell, size_t first, size_t count, size_t rounds, struct cell_batch *batch,
         struct err *err),
        (cell, first, count, rounds, batch, err))
WATCHED(JOURNAL, journal_begin,
        (struct step * step, const char *name, const char *key, const json_t *input, json_t **result,
         struct err *err),
        (step, name, key, input, result, err))
WATCHED(JOURNAL, journal_commit,
        (struct step * step, const char *name, const char *key, const json_t *result, struct err *err),
        (step, name, key, result, err))
WATCHED(JOURNAL, journal_commit_unawaited,
        (struct step * step, const char *name, const char *key, const json_t *result, struct err *err),
        (step, name, key, result, err))
WATCHED(JOURNAL, journal_blob_store, (struct step * step, struct str content, char hash[65], struct err *err),
        (step, content, hash, err))
WATCHED(JOURNAL, journal_blob_get,
        (struct step * step, const char *hash, struct buf *content, struct err *err),
        (step, hash, content, err))
WATCHED(JOURNAL, journal_store, (struct step * step, const char *statement, json_t *params, struct err *err),
        (step, statement, params, err))

struct cell *__real_cell_new(struct launcher *launcher, const struct cell_options *options, struct err *err);
struct cell *__wrap_cell_new(struct launcher *launcher, const struct cell_options *options, struct err *err);
struct cell *
__wrap_cell_new(struct launcher *launcher, const struct cell_options *options, struct err *err)
{
    enter();
    struct cell *cell = __real_cell_new(launcher, options, err);
    leave(WORK);
    return cell;
}

void __real_cell_free(struct cell *cell);
void __wrap_cell_free(struct cell *cell);
void
__wrap_cell_free(struct cell *cell)
{
    enter();
    __real_cell_free(cell);
    leave(WORK);
}

// An evaluation ends when its candidate was taken in.
int __real_search_consider(struct search *search, const struct proposal *proposal, double *gain,
                           bool *evaluated, struct err *err);
int __wrap_search_consider(struct search *search, const struct proposal *proposal, double *gain,
                           bool *evaluated, struct err *err);
int
__wrap_search_consider(struct search *search, const struct proposal *proposal, double *gain, bool *evaluated,
                       struct err *err)
{
    int64_t begun_ns = clock_mono_ns(), worked_ns = watch.spent[WORK].wall_ns;
    int status = __real_search_consider(search, proposal, gain, evaluated, err);
    watch.spent[CONSIDER].wall_ns += clock_mono_ns() - begun_ns - (watch.spent[WORK].wall_ns - worked_ns);
    if (status == 0 && *evaluated)
        note_evaluation();
    return status;
}

// ---- the run

static void
die(const char *what, const struct err *err)
{
    fprintf(stderr, "engine: %s: %s\n", what, err->message);
    exit(1);
}

static int
write_evaluations(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return -1;
    for (size_t i = 0; i < watch.count; i++)
        fprintf(file, "%.4f %.4f %.4f %.4f %.4f\n", watch.evaluations[i].own_ms, watch.evaluations[i].work_ms,
                watch.evaluations[i].cpu_ms, watch.evaluations[i].journal_ms,
                watch.evaluations[i].propose_ms);
    return fclose(file);
}

// The life of a step process; the one that evaluates leaves its figures behind.
static int
work_off_step(const char *path)
{
    int code = step_process_main(&step_registry, 3);
    return watch.count > 0 && write_evaluations(path) != 0 ? 1 : code;
}

// Replies that are right and as fast as the original, and each other machine code: a length that never comes
// is turned away.
static void
write_replies(const char *repository, const char *path)
{
    struct err err;
    AUTO_ARENA arena = {0};
    AUTO_BUF source = BUF(1 << 20), replies = BUF(REPLIES_MAX_BYTES);
    if (fs_read(fs_join(&arena, repository, "src/tag.c"), 1 << 20, &source, &err) < 0)
        die("the demo", &err);
    struct str text = buf_str(&source), mark = STR("    size_t n = 0;\n");
    ptrdiff_t from = str_find(text, STR("size_t\nnormalize_tag(")), end, at;
    if (from < 0 || (end = str_find(text = str_from(text, (size_t)from), STR("\n}\n"))) < 0 ||
        (at = str_find(text = str_head(text, (size_t)end + 2), mark)) < 0) {
        fprintf(stderr, "engine: src/tag.c of the demo is not what it was\n");
        exit(1);
    }
    struct str before = str_head(text, (size_t)at + mark.len), after = str_from(text, before.len);
    for (unsigned i = 0; i < REPLIES; i++) {
        json_t *reply = json_string(arena_printf(
            &arena, "```c\n%" STR_FMT "    if (in_len == %u)\n        return 0;\n%" STR_FMT "\n```\n",
            STR_ARG(before), 1000000000 + i, STR_ARG(after)));
        char *line = json_compact(reply);
        buf_printf(&replies, "%s\n", line);
        free(line);
        json_decref(reply);
    }
    if (fs_write(path, buf_str(&replies), &err) < 0)
        die("the replies", &err);
}

static json_t *
pipeline_of(const char *replies, int evaluations)
{
    json_t *generate = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}}", "id", "benchmark", "uses",
                                 "benchmark-generate", "with", "file", "src/tag.c", "function",
                                 "normalize_tag", "captured", ".atoll/captured/normalize_tag.jsonl");
    json_t *evolve =
        json_pack("{s:s, s:s, s:{s:s, s:i, s:f, s:[{s:s, s:s}]}}", "id", "evolve", "uses", "island-evolve",
                  "with", "benchmark", "${{ steps.benchmark.outputs.benchmark }}", "evaluations", evaluations,
                  "minutes", 600.0, "models", "provider", "replay", "file", replies);
    return json_pack("{s:i, s:s, s:[o, o]}", "version", 1, "name", "bench", "steps", generate, evolve);
}

static int
evolve(const char *cell, const char *repository, const char *folder, int evaluations)
{
    struct err err;
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(1 << 16);
    const char *replies = fs_join(&arena, folder, "replies.jsonl"),
               *argv[] = {"engine", "step-process", fs_join(&arena, folder, "atoll.ms"), NULL};
    write_replies(repository, replies);
    AUTO_JSON *pipeline = pipeline_of(replies, evaluations);
    if (yaml_write(pipeline, &text, &err) < 0)
        die("the pipeline", &err);
    struct engine_options options = {.repository = repository,
                                     .pipeline_path = "bench",
                                     .pipeline_text = buf_str(&text),
                                     .state_path = fs_join(&arena, folder, "state.db"),
                                     .registry = &step_registry,
                                     .host = host_real(),
                                     .self_path = "/proc/self/exe",
                                     .self_argv = argv,
                                     .cell_path = cell,
                                     .mode = getenv("BENCH_MODE"),
                                     .has_seed = true,
                                     .seed = 1};
    struct engine_outcome outcome;
    if (engine_run(&options, &outcome, &err) < 0)
        die("evolving", &err);
    return 0;
}

// ---- the table

enum { COLUMNS = 5 }; // as in struct evaluation; peers have the first three

struct series {
    size_t count;
    int columns;
    double ms[COLUMNS][EVALUATIONS_MAX];
};

static void
read_series(const char *path, struct series *series)
{
    char line[256];
    FILE *file = fopen(path, "r");
    series->count = 0;
    while (file != NULL && series->count < EVALUATIONS_MAX && fgets(line, sizeof(line), file) != NULL) {
        double *ms[COLUMNS];
        for (size_t i = 0; i < COLUMNS; i++)
            ms[i] = &series->ms[i][series->count];
        series->columns = sscanf(line, "%lf %lf %lf %lf %lf", ms[0], ms[1], ms[2], ms[3], ms[4]);
        series->count++;
    }
    if (file != NULL)
        fclose(file);
}

// Its median own time, 0 without so many evaluations.
static double
print_near(const char *name, size_t candidates, const struct series *series, double first_ms)
{
    double near[2 * AROUND], means[COLUMNS];
    printf("%-16s near %5zu candidates: ", name, candidates);
    if (series->count < candidates + AROUND) {
        printf("skipped: needs %zu evaluations, has %zu\n", candidates + AROUND, series->count);
        return 0;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        means[i] = stats_mean(series->ms[i] + candidates - AROUND, 2 * AROUND);
    memcpy(near, series->ms[0] + candidates - AROUND, sizeof(near));
    double median = stats_median(near, 2 * AROUND);
    printf("own median %8.3f ms, mean %8.3f, of it CPU %7.3f", median, means[0], means[2]);
    if (series->columns == COLUMNS)
        printf(", journal %7.3f, proposing %7.3f", means[3], means[4]);
    printf("; compile and run %6.1f", means[1]);
    if (first_ms > 0)
        printf("; %.1f times the first's median", median / first_ms);
    printf("\n");
    return median;
}

static int
print_table(const char *folder, char *const *names, size_t count)
{
    static const size_t sizes[] = {100, 1000};
    static struct series series;
    AUTO_ARENA arena = {0};
    double first_ms[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        read_series(arena_printf(&arena, "%s/%s.ms", folder, names[i]), &series);
        for (size_t j = 0; j < 2; j++) {
            double median = print_near(names[i], sizes[j], &series, first_ms[j]);
            if (i == 0)
                first_ms[j] = median;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    int64_t evaluations;
    if (argc == 3 && strcmp(argv[1], "step-process") == 0)
        return work_off_step(argv[2]);
    if (argc > 3 && strcmp(argv[1], "table") == 0)
        return print_table(argv[2], argv + 3, (size_t)argc - 3);
    if (argc == 5 && str_to_i64(str_of(argv[4]), &evaluations) && evaluations > 0 &&
        evaluations <= EVALUATIONS_MAX)
        return evolve(argv[1], argv[2], argv[3], (int)evaluations);
    fprintf(stderr, "usage: engine ATOLL-CELL REPOSITORY FOLDER EVALUATIONS | table FOLDER NAME...\n");
    return 2;
}
