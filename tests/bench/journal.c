// SPDX-License-Identifier: Apache-2.0
// journal FOLDER [ROUNDS [ACTIVITIES]]: how many durable activities a second the engine commits, beside plain
// SQLite in the same folder and the same round. An activity is two commits, each on disk before the next one
// starts: it was begun; its result of 200 bytes is there. The engine's go from a real step process over the
// socketpair to a real supervisor. Also what an activity costs in the state file.
#include "workflow/journal.h"
#include "base/clock.h"
#include "base/db.h"
#include "base/fs.h"
#include "base/stats.h"
#include "workflow/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESULT_BYTES = 200, GROUP_ROWS = 100, PROCESSES = 8, ROUNDS_MAX = 99 };

// ---- the step that is measured

// A result of RESULT_BYTES as JSON.
static json_t *
make_result(int64_t number)
{
    char filler[RESULT_BYTES + 1];
    int head = snprintf(filler, sizeof(filler), "{\"number\":%" PRId64 ",\"text\":\"\"}", number);
    memset(filler, 'x', sizeof(filler));
    return json_pack("{s:I, s:s#}", "number", (json_int_t)number, "text", filler, RESULT_BYTES - head);
}

static int
activity(struct step *step, int64_t number, struct err *err)
{
    char key[24];
    snprintf(key, sizeof(key), "%" PRId64, number);
    AUTO_JSON *input = json_pack("{s:I}", "number", (json_int_t)number);
    AUTO_JSON *result = make_result(number);
    json_t *known;
    if (journal_begin(step, "evaluate", key, input, &known, err) != 0)
        return -1;
    return journal_commit(step, "evaluate", key, result, err);
}

static int
store_rows(struct step *step, struct err *err)
{
    AUTO_JSON *result = make_result(0);
    char *text = json_compact(result);
    int stored = 0;
    for (int i = 0; stored == 0 && i < GROUP_ROWS; i++)
        stored = journal_store(step, "bench.insert", json_pack("[Is]", (json_int_t)i, text), err);
    free(text);
    return stored;
}

// An activity whose result are rows.
static int
group(struct step *step, int64_t number, struct err *err)
{
    char key[24];
    snprintf(key, sizeof(key), "%" PRId64, number);
    json_t *known;
    if (journal_begin(step, "batch", key, NULL, &known, err) != 0 || store_rows(step, err) < 0)
        return -1;
    return journal_commit(step, "batch", key, NULL, err);
}

// Rows alone, a commit for each group, inside one activity that says when it began and ended.
static int
flushes(struct step *step, int64_t count, struct err *err)
{
    json_t *known;
    if (journal_begin(step, "flushes", "all", NULL, &known, err) != 0)
        return -1;
    for (int64_t i = 0; i < count; i++)
        if (store_rows(step, err) < 0 || journal_flush(step, err) < 0)
            return -1;
    return journal_commit(step, "flushes", "all", NULL, err);
}

static int
burst(struct step *step, struct err *err)
{
    for (int64_t i = 0; i < step_int(step, "activities"); i++)
        if (activity(step, i, err) < 0)
            return -1;
    for (int64_t i = 0; i < step_int(step, "groups"); i++)
        if (group(step, i, err) < 0)
            return -1;
    int64_t count = step_int(step, "flushes");
    return count > 0 ? flushes(step, count, err) : 0;
}

static const struct field inputs[] = {
    {.name = "activities", .type = FIELD_INT, .otherwise = "0", .summary = "How many activities."},
    {.name = "groups", .type = FIELD_INT, .otherwise = "0", .summary = "How many groups of rows."},
    {.name = "flushes",
     .type = FIELD_INT,
     .otherwise = "0",
     .summary = "How many groups without an activity."},
    {.name = NULL},
};
static const struct step_ops step_burst = {
    .name = "burst", .summary = "Commits.", .inputs = inputs, .run = burst};
static const struct step_ops *const steps[] = {&step_burst, NULL};
static const char *const migrations[] = {
    "CREATE TABLE bench(id INTEGER PRIMARY KEY, number INTEGER NOT NULL, text TEXT NOT NULL) STRICT", NULL};
static const struct table_statement statements[] = {
    {"bench.insert", "INSERT INTO bench(number, text) VALUES(?1, ?2)"}, {NULL, NULL}};
static const struct table_set bench_rows = {
    .noun = "bench", .migrations = migrations, .statements = statements};
static const struct table_set *const tables[] = {&bench_rows, NULL};
static const struct registry registry = {steps, tables};

// ---- figures

static void
die(const char *what, const struct err *err)
{
    fprintf(stderr, "journal: %s: %s\n", what, err->message);
    exit(1);
}

// Runs `with` in one step process, or in PROCESSES at the same time; the seconds from the first activity's
// beginning to the last one's end.
static double
engine_seconds(const char *folder, const char *with, bool many)
{
    static const char *const argv[] = {"journal", "step-process", NULL};
    static const char each[] = "    for-each: ${{ vars.items }}\n";
    struct err err;
    AUTO_ARENA arena = {0};
    const char *pipeline =
        arena_printf(&arena,
                     "version: 1\nname: bench\nparallel: %d\nvars: {items: [1, 2, 3, 4, 5, "
                     "6, 7, 8]}\nsteps:\n  - id: burst\n    uses: burst\n%s"
                     "    with: {%s}\n",
                     PROCESSES, many ? each : "", with);
    const char *state = fs_join(&arena, folder, "engine/state.db");
    (void)!fs_remove_tree(fs_join(&arena, folder, "engine"), &err);
    struct engine_options options = {.repository = folder,
                                     .pipeline_text = str_of(pipeline),
                                     .state_path = state,
                                     .registry = &registry,
                                     .host = host_real(),
                                     .self_path = "/proc/self/exe",
                                     .self_argv = argv,
                                     .cell_path = "/bin/false"};
    struct engine_outcome outcome;
    if (engine_run(&options, &outcome, &err) < 0)
        die("engine", &err);
    AUTO_JSON *rows =
        state_query(state, "SELECT max(committed_ns) - min(begun_ns) AS span_ns FROM activity", NULL, &err);
    if (!rows)
        die("engine", &err);
    return (double)json_get_int(json_array_get(rows, 0), "span_ns", 0) / 1e9;
}

static void
plain(struct db *db, const char *sql)
{
    struct err err;
    struct db_stmt *stmt = db_prepare(db, sql, &err);
    if (!stmt || db_step(stmt, &err) < 0)
        die("sqlite", &err);
}

static void
insert(struct db *db, int64_t number, struct str text)
{
    struct err err;
    struct db_stmt *stmt = db_prepare(db, "INSERT INTO raw(number, text) VALUES(?, ?)", &err);
    if (!stmt)
        die("sqlite", &err);
    db_bind_int(stmt, 1, number);
    db_bind_text(stmt, 2, text);
    if (db_step(stmt, &err) < 0)
        die("sqlite", &err);
}

// `commits` transactions of `rows` rows each on plain SQLite; seconds. With two for an activity, the first
// holds no result.
static double
raw_seconds(const char *folder, int64_t commits, int64_t rows, bool two)
{
    struct err err;
    AUTO_ARENA arena = {0};
    const char *raw = fs_join(&arena, folder, "raw");
    (void)!fs_remove_tree(raw, &err);
    struct db *db = fs_mkdirs(raw, &err) < 0 ? NULL : db_open(fs_join(&arena, raw, "raw.db"), DB_WRITE, &err);
    if (!db ||
        db_exec(db, "CREATE TABLE raw(id INTEGER PRIMARY KEY, number INTEGER, text TEXT) STRICT", &err) < 0)
        die("sqlite", &err);
    AUTO_JSON *result = make_result(0);
    char *text = json_compact(result);
    int64_t begin_ns = clock_mono_ns();
    for (int64_t i = 0; i < commits; i++) {
        plain(db, "BEGIN IMMEDIATE");
        for (int64_t j = 0; j < rows; j++)
            insert(db, i, two && i % 2 == 0 ? STR("begun") : str_of(text));
        plain(db, "COMMIT");
    }
    double seconds = (double)(clock_mono_ns() - begin_ns) / 1e9;
    db_close(db);
    free(text);
    return seconds;
}

// ---- the table

struct series {
    const char *name;
    double rate[ROUNDS_MAX], ratio[ROUNDS_MAX];
};

static void
print(struct series *series, size_t rounds, const char *unit)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, series->ratio, sizeof(sorted));
    double low = stats_quantile(sorted, rounds, 0), high = stats_quantile(sorted, rounds, 1);
    printf("%-44s median %9.0f %s/s, %6.1f %% of SQLite (%.1f to %.1f)\n", series->name,
           stats_median(series->rate, rounds), unit, 100 * stats_median(sorted, rounds), 100 * low,
           100 * high);
}

static void
measure_activities(const char *folder, size_t rounds, int64_t count)
{
    static struct series raw = {.name = "plain SQLite, two commits an activity"},
                         one = {.name = "one step process"}, eight = {.name = "eight step processes"};
    AUTO_ARENA arena = {0};
    const char *alone = arena_printf(&arena, "activities: %" PRId64, count),
               *shared = arena_printf(&arena, "activities: %" PRId64, count / 4);
    for (size_t i = 0; i < rounds; i++) {
        double before = raw_seconds(folder, 2 * count, 1, true);
        one.rate[i] = (double)count / engine_seconds(folder, alone, false);
        eight.rate[i] = (double)(count / 4 * PROCESSES) / engine_seconds(folder, shared, true);
        double after = raw_seconds(folder, 2 * count, 1, true);
        raw.rate[i] = 2 * (double)count / (before + after);
        raw.ratio[i] = 1;
        one.ratio[i] = one.rate[i] / raw.rate[i];
        eight.ratio[i] = eight.rate[i] / raw.rate[i];
    }
    print(&raw, rounds, "activities");
    print(&one, rounds, "activities");
    print(&eight, rounds, "activities");
}

static void
measure_groups(const char *folder, size_t rounds, int64_t count)
{
    static struct series raw = {.name = "plain SQLite, 100 rows a commit"},
                         one = {.name = "journal_store and journal_flush"},
                         two = {.name = "with an activity begun and committed"};
    AUTO_ARENA arena = {0};
    const char *rows = arena_printf(&arena, "flushes: %" PRId64, count),
               *with = arena_printf(&arena, "groups: %" PRId64, count);
    for (size_t i = 0; i < rounds; i++) {
        double before = raw_seconds(folder, count, GROUP_ROWS, false);
        one.rate[i] = (double)(count * GROUP_ROWS) / engine_seconds(folder, rows, false);
        two.rate[i] = (double)(count * GROUP_ROWS) / engine_seconds(folder, with, false);
        double after = raw_seconds(folder, count, GROUP_ROWS, false);
        raw.rate[i] = 2 * (double)(count * GROUP_ROWS) / (before + after);
        raw.ratio[i] = 1;
        one.ratio[i] = one.rate[i] / raw.rate[i];
        two.ratio[i] = two.rate[i] / raw.rate[i];
    }
    print(&raw, rounds, "rows");
    print(&one, rounds, "rows");
    print(&two, rounds, "rows");
}

// Leaves a state with `count` activities of one step process for others to look at.
static void
measure_size(const char *folder, int64_t count)
{
    AUTO_ARENA arena = {0};
    engine_seconds(folder, arena_printf(&arena, "activities: %" PRId64, count), false);
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "step-process") == 0)
        return step_process_main(&registry, 3);
    struct str folder = str_of(argc > 1 ? argv[1] : ".");
    int64_t rounds = 5, count = 2000;
    if ((argc > 2 && !str_to_i64(str_of(argv[2]), &rounds)) ||
        (argc > 3 && !str_to_i64(str_of(argv[3]), &count)) || rounds < 1 || rounds > ROUNDS_MAX ||
        count < PROCESSES) {
        fprintf(stderr, "usage: journal FOLDER [ROUNDS [ACTIVITIES]]\n");
        return 2;
    }
    measure_activities(folder.ptr, (size_t)rounds, count);
    measure_groups(folder.ptr, (size_t)rounds, count / 4);
    measure_size(folder.ptr, 5 * count);
    return 0;
}
