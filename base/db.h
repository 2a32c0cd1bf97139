// SPDX-License-Identifier: Apache-2.0
// A SQLite database: WAL, synchronous=FULL, foreign keys on, 10 s of patience for locks. A handle belongs to
// one process and one thread and must not be used after a fork. Errors: ERR_LOCKED when another process keeps
// it locked, ERR_CONFLICT for a violated constraint, ERR_IO for disk and damage, ERR_NOT_FOUND for a missing
// file, ERR_INTERNAL for wrong SQL.
#ifndef ATOLL_BASE_DB_H
#define ATOLL_BASE_DB_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

enum db_mode {
    DB_READ,   // an existing file, nothing can be written
    DB_FROZEN, // an existing file that nobody writes and nobody trusts: no lock, no files beside it
    DB_WRITE,  // made when missing
};

struct db;
struct db_stmt;

// Opens a database. Returns owned, or NULL.
struct db *db_open(const char *path, enum db_mode mode, struct err *err) MUST_USE;

// Rolls back what is open, finalizes all statements and closes; NULL is fine.
void db_close(struct db *db);

// Runs any number of statements without parameters and without results.
int db_exec(struct db *db, const char *sql, struct err *err) MUST_USE;

// One statement, unbound, borrowed: the database keeps it and gives it again for the same text, unless it
// stands on a row. NULL on error.
struct db_stmt *db_prepare(struct db *db, const char *sql, struct err *err) MUST_USE;

// Bind parameter `index` (from 1). Bytes are copied. A wrong index is reported by db_step.
void db_bind_text(struct db_stmt *stmt, int index, struct str text);
void db_bind_int(struct db_stmt *stmt, int index, int64_t value);
void db_bind_real(struct db_stmt *stmt, int index, double value);
void db_bind_blob(struct db_stmt *stmt, int index, struct str bytes);
void db_bind_null(struct db_stmt *stmt, int index);

// The same without a copy: the bytes must stay as they are until the statement was stepped to its end.
void db_lend_text(struct db_stmt *stmt, int index, struct str text);
void db_lend_blob(struct db_stmt *stmt, int index, struct str bytes);

// 1: a row is there; 0: done, and the statement is reset; -1: error, and it is reset.
int db_step(struct db_stmt *stmt, struct err *err) MUST_USE;

// Columns (from 0) of the current row; text and blob are borrowed until the next step or reset. NULL gives 0
// or an empty view.
struct str db_text(struct db_stmt *stmt, int column);
struct str db_blob(struct db_stmt *stmt, int column);
int64_t db_int(struct db_stmt *stmt, int column);
double db_real(struct db_stmt *stmt, int column);
bool db_is_null(struct db_stmt *stmt, int column);

// Ends a statement before its last row.
void db_reset(struct db_stmt *stmt);

// BEGIN IMMEDIATE / COMMIT / ROLLBACK. A failed commit is rolled back. A rollback outside a transaction is
// fine.
int db_begin(struct db *db, struct err *err) MUST_USE;
int db_commit(struct db *db, struct err *err) MUST_USE;
void db_rollback(struct db *db);

// Copies a database, as one transaction saw it, to a new file; others may go on writing. Pages keep their
// places, so that two copies differ where the database changed. The copy is not synced. Half a copy is
// removed.
int db_backup(struct db *db, const char *path, struct err *err) MUST_USE;

// Checks the whole file for damage; ERR_IO with the first thing that is wrong.
int db_check(struct db *db, struct err *err) MUST_USE;

// Moves what committed transactions left beside the file into it and empties that. ERR_LOCKED when somebody
// else uses the database.
int db_settle(struct db *db, struct err *err) MUST_USE;

// Rows changed by the last INSERT, UPDATE or DELETE; row id of the last INSERT.
int64_t db_changes(struct db *db);
int64_t db_last_id(struct db *db);

// Runs one statement with the members of a JSON array (or NULL) as parameters: strings, integers, reals,
// booleans as 0 and 1, null, {"b64": ".."} as blob.
int db_run(struct db *db, const char *sql, const json_t *params, struct err *err) MUST_USE;

// The same, and gives all rows as an array of objects; a blob is {"b64": ".."}. Returns owned.
json_t *db_rows(struct db *db, const char *sql, const json_t *params, struct err *err) MUST_USE;

#endif
