// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/migration.h"
#include "workflow/state.h"

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

FAKE_MAIN("workflow/migration", a_state_of_a_newer_program_is_refused, nouns_migrate_forward_and_each_once,
          a_failed_migration_leaves_nothing)
