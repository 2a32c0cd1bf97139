// SPDX-License-Identifier: Apache-2.0
// The state: one SQLite file that holds everything a run must not lose. One process writes it
// (workflow/lease.h says which); others may read beside it. A transaction carries its events
// (workflow/event.h); what was committed is on disk.
#ifndef ATOLL_WORKFLOW_STATE_H
#define ATOLL_WORKFLOW_STATE_H

#include "base/db.h"
#include "base/host.h"
#include "workflow/event.h"
#include "workflow/secret.h"
#include "workflow/step.h"

struct state;

// Opens or makes the file and its folder (a new folder gets a .gitignore with `*`), brings the schema up to
// date. Host and registry are borrowed. Returns owned, or NULL: ERR_ENVIRONMENT for a state of a newer atoll,
// ERR_LOCKED, ERR_IO.
struct state *state_open(const char *path, const struct registry *registry, const struct host *host,
                         struct err *err) MUST_USE;

// Makes the folder of a state file, with a .gitignore when it is new.
int state_make_folder(const char *path, struct err *err) MUST_USE;

// Closes; an open transaction is rolled back. NULL is fine.
void state_close(struct state *state);

// How many transactions that carried events were committed through this handle.
uint64_t state_commits(const struct state *state);

// Begin; commit with the queued events; roll back and drop them. A failed commit was rolled back.
int state_begin(struct state *state, struct err *err) MUST_USE;
int state_commit(struct state *state, struct err *err) MUST_USE;
void state_rollback(struct state *state);

// A part of a transaction: open it, keep it, or undo it together with its events. Parts do not nest.
int state_part(struct state *state, struct err *err) MUST_USE;
int state_part_keep(struct state *state, struct err *err) MUST_USE;
int state_part_undo(struct state *state, struct err *err) MUST_USE;

// How many events are queued; drops those beyond the first `count`, for a part of one statement that failed.
size_t state_event_count(const struct state *state);
void state_event_cut(struct state *state, size_t count);

// Queues an event; its time is set here when 0. Takes `details` (may be NULL, and must be for one with a
// key).
void state_event(struct state *state, struct event event, json_t *details);

// Which state this is, the same for all its life and on every machine; drawn when it has none yet.
int state_lineage(struct state *state, char lineage[33], struct err *err) MUST_USE;

// Wall clock of the host.
int64_t state_now(const struct state *state);

// Runs a statement; secrets in its parameters are masked. Takes `params` (NULL is an error: use json_array()
// for none). *changed may be NULL.
int state_run(struct state *state, const char *sql, json_t *params, int64_t *changed,
              struct err *err) MUST_USE;

// Rows of a statement as an array of objects, owned. Takes `params`.
json_t *state_rows(struct state *state, const char *sql, json_t *params, struct err *err) MUST_USE;

// The SQL of a table set's statement, or NULL (ERR_USAGE, with the nearest name).
const char *state_statement(const struct state *state, const char *name, struct err *err) MUST_USE;

// A table set's statement, unbound and borrowed (base/db.h), or NULL (ERR_USAGE). Whoever binds it hides
// secrets first (state_secrets).
struct db_stmt *state_prepare(struct state *state, struct str name, struct err *err) MUST_USE;

// What this state hides in everything that it stores (workflow/secret.h): the usual tokens and the variables
// that runs of it named. Borrowed.
const struct secrets *state_secrets(const struct state *state);

// The same for whoever does not own the state; added to `secrets`. A file that can't be read names nothing.
void state_secrets_of(const char *path, const struct host *host, struct secrets *secrets);

// Names variables (array of text, borrowed) whose values are secret from now on, for every owner of the
// state. Inside a transaction.
int state_hide(struct state *state, const json_t *names, struct err *err) MUST_USE;

// The database, borrowed; for upkeep that walks all tables (workflow/gc.h).
struct db *state_db(struct state *state);

// Stores a blob under its SHA-256 unless it is there. ERR_USAGE for one with a secret in it.
int state_blob_put(struct state *state, struct str content, char hash[65], struct err *err) MUST_USE;

// Replaces the content of `content`. ERR_NOT_FOUND.
int state_blob_get(struct state *state, const char *hash, struct buf *content, struct err *err) MUST_USE;

// The id of the row that the last INSERT made.
int64_t state_last_id(const struct state *state);

// Opens a file for reading: 0 with *db owned, ERR_NOT_FOUND, ERR_ENVIRONMENT when newer.
int state_open_reader(const char *path, struct db **db, struct err *err) MUST_USE;

// Checks the chain of events, blobs against their hashes, and what must agree between the tables
// (workflow/verify.h). ERR_IO names the first thing that does not.
int state_verify(const char *path, struct err *err) MUST_USE;

#endif
