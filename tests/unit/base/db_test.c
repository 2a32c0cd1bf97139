// SPDX-License-Identifier: Apache-2.0
#include "base/db.h"
#include "base/fs.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static char *dir;

static struct db *
open_ok(enum db_mode mode)
{
    if (!dir)
        dir = fs_temp_dir(&arena, NULL, "atoll-db-", &err);
    struct db *db = db_open(fs_join(&arena, dir, "state.db"), mode, &err);
    ck_assert_msg(db != NULL, "%s", err.message);
    return db;
}

static void
finish(struct db *db)
{
    db_close(db);
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
    arena_release(&arena);
}

static void
exec_ok(struct db *db, const char *sql)
{
    ck_assert_msg(db_exec(db, sql, &err) == 0, "%s", err.message);
}

static int64_t
query_int(struct db *db, const char *sql)
{
    struct db_stmt *stmt = db_prepare(db, sql, &err);
    ck_assert_msg(stmt != NULL, "%s", err.message);
    ck_assert_int_eq(db_step(stmt, &err), 1);
    int64_t value = db_int(stmt, 0);
    db_reset(stmt);
    return value;
}

START_TEST(sets_the_pragmas)
{
    struct db *db = open_ok(DB_WRITE);
    AUTO_JSON *mode = db_rows(db, "PRAGMA journal_mode", NULL, &err);
    ck_assert_str_eq(json_get_text(json_array_get(mode, 0), "journal_mode", ""), "wal");
    ck_assert_int_eq(query_int(db, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(query_int(db, "PRAGMA foreign_keys"), 1);
    ck_assert_int_ge(query_int(db, "PRAGMA busy_timeout"), 5000);
    finish(db);
}
END_TEST

START_TEST(enforces_foreign_keys)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a REFERENCES a(id))");
    ck_assert_int_eq(db_exec(db, "INSERT INTO b VALUES(7)", &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, "state.db: FOREIGN KEY"));
    finish(db);
}
END_TEST

START_TEST(commits_and_rolls_back)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE t(x)");
    ck_assert_int_eq(db_begin(db, &err), 0);
    exec_ok(db, "INSERT INTO t VALUES(1)");
    ck_assert_int_eq(db_commit(db, &err), 0);
    ck_assert_int_eq(db_begin(db, &err), 0);
    exec_ok(db, "INSERT INTO t VALUES(2)");
    db_rollback(db);
    db_rollback(db); // outside a transaction
    ck_assert_int_eq(query_int(db, "SELECT count(*) FROM t"), 1);
    ck_assert_int_eq(db_commit(db, &err), -1);
    ck_assert_int_eq(db_begin(db, &err), 0);
    exec_ok(db, "INSERT INTO t VALUES(3)");
    db_close(db); // without commit
    db = open_ok(DB_READ);
    ck_assert_int_eq(query_int(db, "SELECT sum(x) FROM t"), 1);
    finish(db);
}
END_TEST

// A deferred constraint fails the commit itself; nothing may stay open then.
START_TEST(a_failed_commit_is_rolled_back)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE a(id INTEGER PRIMARY KEY);"
                "CREATE TABLE b(a REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED)");
    ck_assert_int_eq(db_begin(db, &err), 0);
    exec_ok(db, "INSERT INTO b VALUES(7)");
    ck_assert_int_eq(db_commit(db, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(db_begin(db, &err), 0);
    ck_assert_int_eq(query_int(db, "SELECT count(*) FROM b"), 0);
    finish(db);
}
END_TEST

START_TEST(binds_and_reads_every_type)
{
    struct db *db = open_ok(DB_WRITE);
    struct db_stmt *stmt = db_prepare(db, "SELECT ?1, ?2, ?3, ?4, ?5, ?6", &err);
    db_bind_text(stmt, 1, STR("t\xc3\xbc"));
    db_bind_int(stmt, 2, INT64_MIN);
    db_bind_real(stmt, 3, 0.1);
    db_bind_blob(stmt, 4, STR("a\0b"));
    db_bind_null(stmt, 5);
    db_bind_text(stmt, 6, (struct str){0});
    ck_assert_int_eq(db_step(stmt, &err), 1);
    ck_assert(str_is(db_text(stmt, 0), "t\xc3\xbc"));
    ck_assert_int_eq(db_int(stmt, 1), INT64_MIN);
    ck_assert_double_eq(db_real(stmt, 2), 0.1);
    ck_assert(str_eq(db_blob(stmt, 3), STR("a\0b")));
    ck_assert(db_is_null(stmt, 4));
    ck_assert_uint_eq(db_text(stmt, 4).len, 0);
    ck_assert(!db_is_null(stmt, 5)); // empty text is not NULL
    ck_assert_int_eq(db_step(stmt, &err), 0);
    finish(db);
}
END_TEST

START_TEST(lent_bytes_are_kept_by_the_step)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE lent(t TEXT, b BLOB)");
    struct db_stmt *stmt = db_prepare(db, "INSERT INTO lent VALUES(?, ?)", &err);
    char text[] = "text", bytes[] = "a\0b";
    db_lend_text(stmt, 1, str_of(text));
    db_lend_blob(stmt, 2, str_n(bytes, 3));
    ck_assert_int_eq(db_step(stmt, &err), 0);
    memset(text, '?', sizeof(text));
    memset(bytes, '?', sizeof(bytes));
    db_lend_text(stmt, 1, (struct str){0});
    db_lend_blob(stmt, 2, (struct str){0});
    ck_assert_int_eq(db_step(stmt, &err), 0);
    ck_assert_int_eq(query_int(db, "SELECT count(*) FROM lent WHERE t = 'text' AND b = x'610062'"), 1);
    ck_assert_int_eq(query_int(db, "SELECT count(*) FROM lent WHERE t = '' AND b = x''"), 1);
    finish(db);
}
END_TEST

START_TEST(gives_statements_again)
{
    struct db *db = open_ok(DB_WRITE);
    static const char sql[] = "SELECT value, ?1 FROM (SELECT 1 AS value UNION SELECT 2)";
    struct db_stmt *first = db_prepare(db, sql, &err);
    db_bind_int(first, 1, 5);
    ck_assert_int_eq(db_step(first, &err), 1);
    struct db_stmt *second = db_prepare(db, sql, &err); // the first stands on a row
    ck_assert_ptr_ne(first, second);
    db_bind_int(second, 1, 6);
    ck_assert_int_eq(db_step(second, &err), 1);
    ck_assert_int_eq(db_step(first, &err), 1);
    ck_assert_int_eq(db_int(first, 0), 2);
    db_reset(first);
    db_reset(second);
    struct db_stmt *third = db_prepare(db, sql, &err);
    ck_assert(third == first || third == second);
    ck_assert_int_eq(db_step(third, &err), 1);
    ck_assert(db_is_null(third, 1)); // unbound again
    finish(db);
}
END_TEST

START_TEST(reports_wrong_use)
{
    struct db *db = open_ok(DB_WRITE);
    ck_assert_ptr_null(db_prepare(db, "SELECT x FROM nowhere", &err));
    ck_assert_int_eq(err.kind, ERR_INTERNAL);
    ck_assert_msg(strstr(err.message, "no such table: nowhere"), "%s", err.message);
    ck_assert_ptr_null(db_prepare(db, "SELECT 1; SELECT 2", &err));
    ck_assert_ptr_null(db_prepare(db, " ", &err));
    struct db_stmt *stmt = db_prepare(db, "SELECT ?1", &err);
    db_bind_int(stmt, 2, 1);
    ck_assert_int_eq(db_step(stmt, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INTERNAL);
    ck_assert_int_eq(db_step(stmt, &err), 1); // usable again
    AUTO_JSON *params = json_pack("[[i]]", 1);
    ck_assert_int_eq(db_run(db, "SELECT ?1", params, &err), -1);
    finish(db);
}
END_TEST

START_TEST(speaks_json)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c, d, e)");
    AUTO_JSON *params = json_pack("[s, i, f, b, {s:s}]", "text", -3, 0.5, 1, "b64", "AAE=");
    ck_assert_msg(db_run(db, "INSERT INTO t(a,b,c,d,e) VALUES(?,?,?,?,?)", params, &err) == 0, "%s",
                  err.message);
    ck_assert_int_eq(db_changes(db), 1);
    ck_assert_int_eq(db_last_id(db), 1);
    AUTO_JSON *null = json_pack("[n]");
    ck_assert_int_eq(db_run(db, "INSERT INTO t(a) VALUES(?1), (?1)", null, &err), 0);
    ck_assert_int_eq(db_changes(db), 2);
    AUTO_JSON *rows = db_rows(db, "SELECT a, b, c, d, e FROM t ORDER BY id LIMIT 2", NULL, &err);
    char *text = json_compact(rows);
    ck_assert_str_eq(text, "[{\"a\":\"text\",\"b\":-3,\"c\":0.5,\"d\":1,\"e\":{\"b64\":\"AAE=\"}},"
                           "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null}]");
    free(text);
    ck_assert_ptr_null(db_rows(db, "SELECT abs(-9223372036854775808)", NULL, &err));
    finish(db);
}
END_TEST

START_TEST(reads_only)
{
    struct db *db = open_ok(DB_WRITE);
    exec_ok(db, "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    struct db *reader = open_ok(DB_READ);
    ck_assert_int_eq(db_exec(reader, "INSERT INTO t VALUES(2)", &err), -1);
    ck_assert_int_eq(db_begin(db, &err), 0);
    exec_ok(db, "INSERT INTO t VALUES(3)");
    ck_assert_int_eq(query_int(reader, "SELECT count(*) FROM t"), 1); // neither blocked nor dirty
    ck_assert_int_eq(db_commit(db, &err), 0);
    ck_assert_int_eq(query_int(reader, "SELECT count(*) FROM t"), 2);
    db_close(reader);
    ck_assert_ptr_null(db_open(fs_join(&arena, dir, "none.db"), DB_READ, &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(
        fs_write(fs_join(&arena, dir, "text.db"), STR("this is no database, only some text"), &err), 0);
    ck_assert_ptr_null(db_open(fs_join(&arena, dir, "text.db"), DB_WRITE, &err));
    ck_assert_int_eq(err.kind, ERR_IO);
    finish(db);
}
END_TEST

// What was committed is there after the writer was killed; what was not is gone.
START_TEST(survives_a_killed_writer)
{
    db_close(open_ok(DB_WRITE));
    pid_t writer = fork();
    if (writer == 0) {
        struct db *db = open_ok(DB_WRITE);
        exec_ok(db, "CREATE TABLE t(x)");
        ck_assert_int_eq(db_begin(db, &err), 0);
        exec_ok(db, "INSERT INTO t VALUES(1)");
        ck_assert_int_eq(db_commit(db, &err), 0);
        ck_assert_int_eq(db_begin(db, &err), 0);
        exec_ok(db, "INSERT INTO t VALUES(2)");
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(writer, &status, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct db *db = open_ok(DB_WRITE);
    ck_assert_int_eq(query_int(db, "SELECT sum(x) FROM t"), 1);
    finish(db);
}
END_TEST

START_TEST(copies_checks_and_settles)
{
    struct db *db = open_ok(DB_WRITE);
    const char *copy = fs_join(&arena, dir, "copy?.db"), *log = arena_printf(&arena, "%s-wal", copy);
    exec_ok(db, "CREATE TABLE t(x); INSERT INTO t VALUES(7)");
    ck_assert_int_eq(db_backup(db, copy, &err), 0);
    ck_assert_int_eq(db_backup(db, copy, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(db_backup(db, "/none/copy.db", &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    struct db *frozen = db_open(copy, DB_FROZEN, &err);
    ck_assert_msg(frozen != NULL, "%s", err.message);
    ck_assert_int_eq(query_int(frozen, "SELECT x FROM t"), 7);
    ck_assert_int_eq(db_check(frozen, &err), 0);
    ck_assert_int_eq(db_exec(frozen, "INSERT INTO t VALUES(8)", &err), -1);
    db_close(frozen);
    ck_assert(!fs_exists(log));
    struct db *writer = db_open(copy, DB_WRITE, &err);
    exec_ok(writer, "INSERT INTO t VALUES(8)");
    AUTO_BUF bytes = BUF(1 << 20);
    ck_assert_int_eq(fs_read(log, 1 << 20, &bytes, &err), 0);
    ck_assert_uint_gt(bytes.len, 0);
    ck_assert_int_eq(db_settle(writer, &err), 0);
    ck_assert_int_eq(fs_read(log, 1 << 20, &bytes, &err), 0);
    ck_assert_uint_eq(bytes.len, 0);
    db_close(writer);
    ck_assert_int_eq(fs_read(copy, 1 << 20, &bytes, &err), 0);
    bytes.ptr[4096] = 77; // the type of the table's page
    ck_assert_int_eq(fs_write(copy, buf_str(&bytes), &err), 0);
    frozen = db_open(copy, DB_FROZEN, &err);
    ck_assert_int_eq(db_check(frozen, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    db_close(frozen);
    finish(db);
}
END_TEST

UNIT_MAIN("base/db", sets_the_pragmas, enforces_foreign_keys, commits_and_rolls_back,
          a_failed_commit_is_rolled_back, binds_and_reads_every_type, gives_statements_again,
          lent_bytes_are_kept_by_the_step, reports_wrong_use, speaks_json, reads_only,
          survives_a_killed_writer, copies_checks_and_settles)
