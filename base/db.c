// SPDX-License-Identifier: Apache-2.0
#include "base/db.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_PATIENCE_MS 10000
#define SETTLE_PATIENCE_MS 1000

struct db_stmt {
    struct db_stmt *next;
    sqlite3_stmt *handle;
    struct db *db;
    int bind_status; // of the first failed bind since the last reset
    char *sql;
};

struct db {
    sqlite3 *handle;
    struct db_stmt *stmts;
    char *path;
};

static enum err_kind
kind_of(int status)
{
    switch (status & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ERR_IO;
    default:
        return ERR_INTERNAL;
    }
}

static int
fail(const struct db *db, int status, struct err *err)
{
    return err_set(err, kind_of(status), "%s: %s", db->path, sqlite3_errmsg(db->handle));
}

// A file system without shared memory keeps another journal mode and says so only in the answer.
static int
use_wal(struct db *db, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "PRAGMA journal_mode=WAL", err);
    if (!stmt || db_step(stmt, err) < 0)
        return -1;
    bool is_on = str_is(db_text(stmt, 0), "wal") || strcmp(db->path, ":memory:") == 0;
    db_reset(stmt);
    return is_on ? 0
                 : err_set(err, ERR_IO, "%s: the file system does not allow write-ahead logging", db->path);
}

static int
configure(struct db *db, enum db_mode mode, struct err *err)
{
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, LOCK_PATIENCE_MS);
    if (mode == DB_FROZEN && db_exec(db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", err) < 0)
        return -1;
    if (mode != DB_WRITE)
        return db_exec(db, "PRAGMA query_only=ON; SELECT count(*) FROM sqlite_schema", err);
    if (use_wal(db, err) < 0)
        return -1;
    return db_exec(db, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", err);
}

static int
open_handle(struct db *db, enum db_mode mode)
{
    int flags = mode == DB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (mode != DB_FROZEN)
        return sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    AUTO_BUF uri = BUF(1 << 16);
    buf_puts(&uri, "file:");
    for (const char *c = db->path; *c; c++)
        if (strchr("%?#", *c))
            buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*c);
        else
            buf_putc(&uri, *c);
    buf_puts(&uri, "?immutable=1");
    flags |= SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    return uri.full ? SQLITE_CANTOPEN : sqlite3_open_v2(buf_text(&uri), &db->handle, flags, NULL);
}

struct db *
db_open(const char *path, enum db_mode mode, struct err *err)
{
    if (mode != DB_WRITE && access(path, F_OK) < 0) {
        err_sys(err, ERR_NOT_FOUND, "opening %s", path);
        return NULL;
    }
    struct db *db = calloc(1, sizeof(*db));
    if (!db || !(db->path = strdup(path)))
        abort();
    int status = open_handle(db, mode);
    status = status == SQLITE_OK ? configure(db, mode, err) : fail(db, status, err);
    if (status == 0)
        return db;
    db_close(db);
    return NULL;
}

void
db_close(struct db *db)
{
    if (!db)
        return;
    for (struct db_stmt *next; db->stmts; db->stmts = next) {
        next = db->stmts->next;
        sqlite3_finalize(db->stmts->handle);
        free(db->stmts->sql);
        free(db->stmts);
    }
    sqlite3_close(db->handle);
    free(db->path);
    free(db);
}

int
db_exec(struct db *db, const char *sql, struct err *err)
{
    int status = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return status == SQLITE_OK ? 0 : fail(db, status, err);
}

// The kept statement of that text, moved to the front: what runs often is found at once.
static struct db_stmt *
find_idle(struct db *db, const char *sql)
{
    for (struct db_stmt **link = &db->stmts; *link; link = &(*link)->next) {
        struct db_stmt *stmt = *link;
        if (strcmp(stmt->sql, sql) != 0 || sqlite3_stmt_busy(stmt->handle))
            continue;
        *link = stmt->next;
        stmt->next = db->stmts;
        db->stmts = stmt;
        return stmt;
    }
    return NULL;
}

struct db_stmt *
db_prepare(struct db *db, const char *sql, struct err *err)
{
    struct db_stmt *stmt = find_idle(db, sql);
    if (stmt) {
        sqlite3_clear_bindings(stmt->handle);
        stmt->bind_status = SQLITE_OK;
        return stmt;
    }
    sqlite3_stmt *handle = NULL;
    const char *rest = "";
    int status = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &rest);
    if (status != SQLITE_OK || !handle || rest[strspn(rest, " \t\r\n;")]) {
        sqlite3_finalize(handle);
        if (status != SQLITE_OK)
            fail(db, status, err);
        else
            err_set(err, ERR_INTERNAL, "not exactly one SQL statement: %.200s", sql);
        return NULL;
    }
    stmt = calloc(1, sizeof(*stmt));
    if (!stmt || !(stmt->sql = strdup(sql)))
        abort();
    stmt->handle = handle;
    stmt->db = db;
    stmt->next = db->stmts;
    db->stmts = stmt;
    return stmt;
}

static void
note_bind(struct db_stmt *stmt, int status)
{
    if (stmt->bind_status == SQLITE_OK)
        stmt->bind_status = status;
}

void
db_bind_text(struct db_stmt *stmt, int index, struct str text)
{
    const char *ptr = text.ptr ? text.ptr : "";
    note_bind(stmt, sqlite3_bind_text64(stmt->handle, index, ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void
db_lend_text(struct db_stmt *stmt, int index, struct str text)
{
    const char *ptr = text.ptr ? text.ptr : "";
    note_bind(stmt, sqlite3_bind_text64(stmt->handle, index, ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void
db_lend_blob(struct db_stmt *stmt, int index, struct str bytes)
{
    const char *ptr = bytes.ptr ? bytes.ptr : "";
    note_bind(stmt, sqlite3_bind_blob64(stmt->handle, index, ptr, bytes.len, SQLITE_STATIC));
}

void
db_bind_int(struct db_stmt *stmt, int index, int64_t value)
{
    note_bind(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void
db_bind_real(struct db_stmt *stmt, int index, double value)
{
    note_bind(stmt, sqlite3_bind_double(stmt->handle, index, value));
}

void
db_bind_blob(struct db_stmt *stmt, int index, struct str bytes)
{
    const char *ptr = bytes.ptr ? bytes.ptr : "";
    note_bind(stmt, sqlite3_bind_blob64(stmt->handle, index, ptr, bytes.len, SQLITE_TRANSIENT));
}

void
db_bind_null(struct db_stmt *stmt, int index)
{
    note_bind(stmt, sqlite3_bind_null(stmt->handle, index));
}

int
db_step(struct db_stmt *stmt, struct err *err)
{
    if (stmt->bind_status != SQLITE_OK) {
        err_set(err, ERR_INTERNAL, "binding a parameter of %.200s: %s", stmt->sql,
                sqlite3_errstr(stmt->bind_status));
        db_reset(stmt);
        return -1;
    }
    int status = sqlite3_step(stmt->handle);
    if (status == SQLITE_ROW)
        return 1;
    if (status != SQLITE_DONE)
        fail(stmt->db, status, err);
    db_reset(stmt);
    return status == SQLITE_DONE ? 0 : -1;
}

struct str
db_text(struct db_stmt *stmt, int column)
{
    const char *ptr = (const char *)sqlite3_column_text(stmt->handle, column);
    return str_n(ptr, ptr ? (size_t)sqlite3_column_bytes(stmt->handle, column) : 0);
}

struct str
db_blob(struct db_stmt *stmt, int column)
{
    const char *ptr = sqlite3_column_blob(stmt->handle, column);
    return str_n(ptr, ptr ? (size_t)sqlite3_column_bytes(stmt->handle, column) : 0);
}

int64_t
db_int(struct db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

double
db_real(struct db_stmt *stmt, int column)
{
    return sqlite3_column_double(stmt->handle, column);
}

bool
db_is_null(struct db_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

void
db_reset(struct db_stmt *stmt)
{
    sqlite3_reset(stmt->handle);
    stmt->bind_status = SQLITE_OK;
}

// A statement without parameters and results that is worth keeping.
static int
run_kept(struct db *db, const char *sql, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, sql, err);
    return stmt && db_step(stmt, err) >= 0 ? 0 : -1;
}

int
db_begin(struct db *db, struct err *err)
{
    return run_kept(db, "BEGIN IMMEDIATE", err);
}

int
db_commit(struct db *db, struct err *err)
{
    if (run_kept(db, "COMMIT", err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}

void
db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t
db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t
db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

// ---- the whole file ----

static int
copy_pages(struct db *db, sqlite3 *to, struct err *err)
{
    int status = sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
    sqlite3_backup *backup = status == SQLITE_OK ? sqlite3_backup_init(to, "main", db->handle, "main") : NULL;
    if (backup) {
        sqlite3_backup_step(backup, -1); // all at once: one read transaction, nothing to start over
        status = sqlite3_backup_finish(backup);
    }
    if (backup && status == SQLITE_OK)
        return 0;
    return err_set(err, kind_of(sqlite3_extended_errcode(to)), "copying %s: %s", db->path,
                   sqlite3_errmsg(to));
}

int
db_backup(struct db *db, const char *path, struct err *err)
{
    sqlite3 *to = NULL;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_CONFLICT, "copying %s: %s is there already", db->path, path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int status = sqlite3_open_v2(path, &to, flags, NULL);
    status = status == SQLITE_OK
                 ? copy_pages(db, to, err)
                 : err_set(err, kind_of(status), "opening %s: %s", path, sqlite3_errstr(status));
    if (sqlite3_close(to) != SQLITE_OK && status == 0)
        status = err_set(err, ERR_IO, "closing %s", path);
    if (status < 0)
        unlink(path);
    return status;
}

int
db_check(struct db *db, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, "PRAGMA quick_check(1)", err);
    int row = stmt ? db_step(stmt, err) : -1;
    if (row < 0)
        return -1;
    bool fine = row == 1 && str_is(db_text(stmt, 0), "ok");
    int status = fine ? 0
                      : err_set(err, ERR_IO, "%s is damaged: %.*s", db->path, (int)db_text(stmt, 0).len,
                                db_text(stmt, 0).ptr ? db_text(stmt, 0).ptr : "");
    db_reset(stmt);
    return status;
}

int
db_settle(struct db *db, struct err *err)
{
    sqlite3_busy_timeout(db->handle, SETTLE_PATIENCE_MS);
    struct db_stmt *stmt = db_prepare(db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
    int row = stmt ? db_step(stmt, err) : -1;
    sqlite3_busy_timeout(db->handle, LOCK_PATIENCE_MS);
    if (row < 0)
        return -1;
    bool is_busy = db_int(stmt, 0) != 0;
    db_reset(stmt);
    return is_busy ? err_set(err, ERR_LOCKED, "%s is in use", db->path) : 0;
}

// ---- parameters and rows as JSON ----

static int
bind_json(struct db_stmt *stmt, int index, const json_t *value, struct err *err)
{
    if (json_is_string(value)) {
        db_bind_text(stmt, index, str_n(json_string_value(value), json_string_length(value)));
    } else if (json_is_integer(value)) {
        db_bind_int(stmt, index, json_integer_value(value));
    } else if (json_is_real(value)) {
        db_bind_real(stmt, index, json_real_value(value));
    } else if (json_is_boolean(value)) {
        db_bind_int(stmt, index, json_is_true(value));
    } else if (json_is_null(value)) {
        db_bind_null(stmt, index);
    } else {
        AUTO_BUF bytes = BUF(SIZE_MAX / 2);
        if (!json_bytes_into(value, &bytes))
            return err_set(err, ERR_INTERNAL, "parameter %d of %.200s is neither a scalar nor {\"b64\": ..}",
                           index, stmt->sql);
        db_bind_blob(stmt, index, buf_str(&bytes));
    }
    return 0;
}

static struct db_stmt *
prepare_with(struct db *db, const char *sql, const json_t *params, struct err *err)
{
    struct db_stmt *stmt = db_prepare(db, sql, err);
    for (size_t i = 0; stmt && i < json_array_size(params); i++)
        if (bind_json(stmt, (int)i + 1, json_array_get(params, i), err) < 0)
            return NULL;
    return stmt;
}

int
db_run(struct db *db, const char *sql, const json_t *params, struct err *err)
{
    struct db_stmt *stmt = prepare_with(db, sql, params, err);
    int status = stmt ? 1 : -1;
    while (status > 0)
        status = db_step(stmt, err);
    return status;
}

static json_t *
blob_to_json(struct str bytes)
{
    AUTO_BUF text = BUF(SIZE_MAX / 2);
    buf_add_base64(&text, bytes.ptr, bytes.len);
    return json_pack("{s:s}", "b64", buf_text(&text));
}

static json_t *
column_to_json(struct db_stmt *stmt, int column)
{
    switch (sqlite3_column_type(stmt->handle, column)) {
    case SQLITE_INTEGER:
        return json_integer(db_int(stmt, column));
    case SQLITE_FLOAT:
        return isfinite(db_real(stmt, column)) ? json_real(db_real(stmt, column)) : json_null();
    case SQLITE_TEXT:
        return json_text(db_text(stmt, column));
    case SQLITE_BLOB:
        return blob_to_json(db_blob(stmt, column));
    default:
        return json_null();
    }
}

json_t *
db_rows(struct db *db, const char *sql, const json_t *params, struct err *err)
{
    struct db_stmt *stmt = prepare_with(db, sql, params, err);
    if (!stmt)
        return NULL;
    json_t *rows = json_array();
    int status;
    while ((status = db_step(stmt, err)) > 0) {
        json_t *row = json_object();
        for (int i = 0; i < sqlite3_column_count(stmt->handle); i++)
            json_object_set_new(row, sqlite3_column_name(stmt->handle, i), column_to_json(stmt, i));
        json_array_append_new(rows, row);
    }
    if (status == 0)
        return rows;
    json_decref(rows);
    return NULL;
}
