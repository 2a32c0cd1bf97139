// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/migration.h"
#include "workflow/state.h"

#include <limits.h>

static struct state *
open_state(const struct registry *registry, struct err *err)
{
    return state_open("s/state.db", registry, host_real(), err);
}

static int64_t
number(const char *sql)
{
    struct err err = {0};
    AUTO_JSON *rows = state_query("s/state.db", sql, NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

START_TEST(a_state_of_a_newer_program_is_refused)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    state_close(open_state(&fake_registry, &err));
    struct db *db = db_open("s/state.db", DB_WRITE, &err);
    ck_assert_int_eq(db_exec(db, "INSERT INTO migration VALUES('engine', 9, 0)", &err), 0);
    db_close(db);
    ck_assert_ptr_null(open_state(&fake_registry, &err));
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
    char known[40];
    snprintf(known, sizeof(known), "knows version %d", migration_version());
    ck_assert_msg(strstr(err.message, "version 9") && strstr(err.message, known), "%s", err.message);
    ck_assert_ptr_null(state_query("s/state.db", "SELECT 1", NULL, &err));
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
}
END_TEST

START_TEST(nouns_migrate_forward_and_each_once)
{
    static const char *const older[] = {"CREATE TABLE square(step TEXT NOT NULL, number INTEGER NOT NULL,"
                                        " UNIQUE(step, number)) STRICT",
                                        NULL};
    static const struct table_set set = {"square", older, fake_statements, NULL};
    static const struct table_set *const tables[] = {&set, NULL};
    static const struct registry registry = {fake_steps, tables};
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    state_close(open_state(&registry, &err));
    ck_assert_int_eq(number("SELECT max(version) AS n FROM migration WHERE noun = 'square'"), 1);
    state_close(open_state(&fake_registry, &err));
    state_close(open_state(&fake_registry, &err));
    ck_assert_int_eq(number("SELECT max(version) AS n FROM migration WHERE noun = 'square'"), 2);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM sqlite_master WHERE name = 'square_number'"), 1);
    ck_assert_ptr_null(open_state(&registry, &err));
    ck_assert_int_eq(err.kind, ERR_ENVIRONMENT);
}
END_TEST

START_TEST(a_failed_migration_leaves_nothing)
{
    static const char *const broken[] = {"CREATE TABLE half(x)", "CREATE TABLE half(x)", NULL};
    static const struct table_set set = {"half", broken, NULL, NULL};
    static const struct table_set *const tables[] = {&set, NULL};
    static const struct registry registry = {fake_steps, tables};
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    state_close(open_state(&fake_registry, &err));
    ck_assert_ptr_null(open_state(&registry, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "migration 2 of the half tables"));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'"), 0);
}
END_TEST

// The pipeline of data/state-N.db, the state that an atoll with schema version N left when it was killed:
// what ran is the second of the four activities of `work`. A new schema version comes with a new file.
static const char old_pipeline[] =
    "version: 1\nname: old\nsteps:\n"
    "  - {id: list, uses: echo, with: {items: [x, y], log: log}}\n"
    "  - {id: each, uses: echo, needs: list, for-each: \"${{ steps.list.outputs.items }}\", with: {value: "
    "\"${{ item }}\"}}\n"
    "  - {id: bad, uses: trouble, needs: each, with: {how: config, log: log}, on-failure: {uses: echo, with: "
    "{log: log}}}\n"
    "  - {id: after, uses: echo, needs: bad, with: {log: log}}\n"
    "  - {id: ship, uses: ship, needs: each, with: {key: old, log: log}}\n"
    "  - {id: work, uses: work, needs: ship, with: {count: 4, sleep-ms: 300, log: log}}\n"
    "  - {id: last, uses: echo, needs: work, with: {value: \"${{ steps.work.outputs.sum }}\", log: log}}\n";

// Copies the stored state of a version into a folder of its own, which becomes the working directory.
static char *
old_state(struct arena *arena, const char *home, int version)
{
    struct err err = {0};
    AUTO_BUF content = BUF(1 << 20);
    const char *stored = arena_printf(arena, "%s/tests/unit/workflow/data/state-%d.db", home, version);
    ck_assert_msg(fs_read(stored, 1 << 20, &content, &err) == 0, "%s", err.message);
    char *folder = fake_folder(arena);
    ck_assert_int_eq(fs_write("s/state.db", buf_str(&content), &err), 0);
    return folder;
}

// The rows of all steps as one text, column by column.
static char *
steps_text(struct arena *arena)
{
    struct err err = {0};
    struct db *db = db_open("s/state.db", DB_WRITE, &err);
    AUTO_JSON *rows = db_rows(db,
                              "SELECT run, key, id, role, position, uses, item, status, attempt, failures,"
                              " next_ns, started_ns, ended_ns, outputs, error FROM step ORDER BY run, key",
                              NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    db_close(db);
    char *text = json_compact(rows), *kept = arena_dup(arena, text);
    free(text);
    return kept;
}

static void
ck_keeps_every_step(const char *home, int version)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    old_state(&arena, home, version);
    const char *before = steps_text(&arena);
    struct state *state = open_state(&fake_registry, &err);
    ck_assert_msg(state != NULL, "version %d: %s", version, err.message);
    state_close(state);
    ck_assert_str_eq(steps_text(&arena), before);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM step"), 10);
    ck_assert_int_eq(number("SELECT max(version) AS n FROM migration WHERE noun = 'engine'"),
                     migration_version());
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "version %d: %s", version, err.message);
}

START_TEST(a_state_of_every_version_keeps_its_steps)
{
    char home[PATH_MAX];
    ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
    for (int version = 1; version <= migration_version(); version++)
        ck_keeps_every_step(home, version);
}
END_TEST

static void
ck_goes_on(const char *home, int version)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct engine_options options = fake_options(old_state(&arena, home, version), old_pipeline);
    options.state_path = "s/state.db";
    struct engine_outcome outcome;
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_msg(outcome.resumed && strcmp(outcome.step, "bad") == 0, "version %d: %s", version,
                  err.message);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM run"), 1);
    ck_assert_int_eq(fake_count("log", "work 0"), 0);
    ck_assert_int_eq(fake_count("log", "work 1"), 1);
    ck_assert_int_eq(fake_count("log", "work 3"), 1);
    ck_assert_int_eq(fake_count("log", "effect old/0"), 0);
    ck_assert_int_eq(fake_count("log", "last echoes"), 1);
    ck_assert_int_eq(fake_count("log", "bad on-failure echoes"), 1);
    ck_assert_int_eq(fake_count("log", NULL), 5);
    ck_assert_int_eq(
        number("SELECT json_extract(outputs, '$.value') AS n FROM step WHERE key = 'last' AND attempt = 1"),
        14);
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "version %d: %s", version, err.message);
}

START_TEST(the_run_of_a_state_of_every_version_goes_on)
{
    char home[PATH_MAX];
    ck_assert_ptr_nonnull(getcwd(home, sizeof(home)));
    for (int version = 1; version <= migration_version(); version++)
        ck_goes_on(home, version);
}
END_TEST

FAKE_MAIN("workflow/migration", a_state_of_a_newer_program_is_refused, nouns_migrate_forward_and_each_once,
          a_failed_migration_leaves_nothing, a_state_of_every_version_keeps_its_steps,
          the_run_of_a_state_of_every_version_goes_on)
