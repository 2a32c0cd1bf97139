// SPDX-License-Identifier: Apache-2.0
#include "workflow/gc.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/vec.h"
#include "workflow/lease.h"
#include "workflow/state.h"

#include <string.h>
#include <sys/stat.h>

#define HASH_LEN 64

// What is counted.
static const char *const counts[] = {"runs", "rows", "events", "blobs", "plans"};

// A collection under way.
struct gc {
    struct state *state;
    const struct registry *registry;
    const struct gc_policy *policy;
    json_t *report; // owned
};

static void
count(struct gc *gc, const char *what, int64_t more)
{
    json_object_set_new(gc->report, what, json_integer(json_get_int(gc->report, what, 0) + more));
}

// Runs a statement without parameters and counts the rows it changed.
static int
change(struct gc *gc, const char *what, const char *sql, struct err *err)
{
    int64_t changed;
    if (state_run(gc->state, sql, json_array(), &changed, err) < 0)
        return -1;
    count(gc, what, changed);
    return 0;
}

// The runs that may go, as a table of this connection.
static int
choose_runs(struct gc *gc, struct err *err)
{
    if (state_run(gc->state, "CREATE TEMP TABLE gone(number INTEGER PRIMARY KEY, id TEXT NOT NULL)",
                  json_array(), NULL, err) < 0)
        return -1;
    json_int_t before_ns = (json_int_t)(state_now(gc->state) - gc->policy->age_ns);
    return state_run(gc->state,
                     "INSERT INTO gone SELECT number, id FROM run WHERE status NOT IN ('running','waiting')"
                     " AND coalesce(ended_ns, started_ns) < ?1"
                     " AND number NOT IN (SELECT number FROM run ORDER BY number DESC LIMIT ?2)",
                     json_pack("[II]", before_ns, (json_int_t)gc->policy->keep), NULL, err);
}

static int
remove_step_tables(struct gc *gc, struct err *err)
{
    AUTO_ARENA arena = {0};
    for (size_t t = 0; gc->registry->tables && gc->registry->tables[t]; t++) {
        const char *const *tables = gc->registry->tables[t]->step_tables;
        for (size_t i = 0; tables && tables[i]; i++) {
            const char *sql =
                arena_printf(&arena, "DELETE FROM %s WHERE run IN (SELECT id FROM gone)", tables[i]);
            if (change(gc, "rows", sql, err) < 0)
                return -1;
        }
    }
    return 0;
}

// Messages go with their run; those that took effect and belong to no run here go with age alone.
static int
remove_signals(struct gc *gc, struct err *err)
{
    int64_t changed;
    json_int_t before_ns = (json_int_t)(state_now(gc->state) - gc->policy->age_ns);
    if (state_run(gc->state,
                  "DELETE FROM signal WHERE run IN (SELECT id FROM gone) OR (consumed_ns < ?"
                  " AND (run IS NULL OR run NOT IN (SELECT id FROM run)))",
                  json_pack("[I]", before_ns), &changed, err) < 0)
        return -1;
    count(gc, "rows", changed);
    return 0;
}

static int
remove_runs(struct gc *gc, struct err *err)
{
    static const char *const tables[] = {"activity", "recorded", "wait", "step"};
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const char *sql =
            arena_printf(&arena, "DELETE FROM %s WHERE run IN (SELECT number FROM gone)", tables[i]);
        if (change(gc, "rows", sql, err) < 0)
            return -1;
    }
    if (remove_step_tables(gc, err) < 0 || remove_signals(gc, err) < 0)
        return -1;
    if (change(gc, "runs",
               "DELETE FROM run WHERE number IN (SELECT number FROM gone)"
               " AND number NOT IN (SELECT run FROM effect)",
               err) < 0)
        return -1;
    return change(gc, "plans", "DELETE FROM plan WHERE hash NOT IN (SELECT plan FROM run)", err);
}

// Events may only go from the beginning: up to the first one of a run that is kept whole.
static int
remove_events(struct gc *gc, struct err *err)
{
    AUTO_JSON *rows = state_rows(gc->state,
                                 "SELECT coalesce(min(e.seq), 9223372036854775807) AS seq FROM event_row e"
                                 " JOIN run r ON r.number = e.run"
                                 " WHERE e.run NOT IN (SELECT number FROM gone)",
                                 json_array(), err);
    if (!rows)
        return -1;
    int64_t seq = json_get_int(json_array_get(rows, 0), "seq", 0), removed;
    if (chain_prune(state_db(gc->state), seq, &removed, err) < 0)
        return -1;
    count(gc, "events", removed);
    return 0;
}

// ---- blobs

struct mark {
    char hash[HASH_LEN + 1];
    bool live; // something points to it
};

// All blobs, and the live ones whose content was not read yet.
struct marks {
    struct arena arena;
    struct map blobs; // hash -> struct mark
    VEC(struct mark *) unread;
};

static void
marks_release(struct marks *marks)
{
    map_release(&marks->blobs);
    vec_release(&marks->unread);
    arena_release(&marks->arena);
}

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Marks every blob whose hash stands anywhere in the bytes.
static void
mark_text(struct marks *marks, struct str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        digits = is_hex(text.ptr[i]) ? digits + 1 : 0;
        if (digits < HASH_LEN)
            continue;
        struct mark *mark = map_get(&marks->blobs, str_n(text.ptr + i + 1 - HASH_LEN, HASH_LEN));
        if (!mark || mark->live)
            continue;
        mark->live = true;
        *vec_push(&marks->unread) = mark;
    }
}

static int
list_blobs(struct gc *gc, struct marks *marks, struct err *err)
{
    struct db_stmt *stmt = db_prepare(state_db(gc->state), "SELECT hash FROM blob", err);
    int row = -1;
    while (stmt && (row = db_step(stmt, err)) > 0) {
        struct mark *mark = ARENA_NEW(&marks->arena, struct mark);
        struct str hash = db_text(stmt, 0);
        *mark = (struct mark){.live = false};
        memcpy(mark->hash, hash.ptr, hash.len < HASH_LEN ? hash.len : HASH_LEN);
        map_set(&marks->blobs, hash, mark);
    }
    return row;
}

// Every cell of a column that is long enough to hold a hash.
static int
mark_column(struct gc *gc, struct marks *marks, const char *sql, struct err *err)
{
    struct db_stmt *stmt = db_prepare(state_db(gc->state), sql, err);
    int row = -1;
    while (stmt && (row = db_step(stmt, err)) > 0)
        mark_text(marks, db_blob(stmt, 0));
    return row;
}

// Events point to nothing: they tell of results by the first digits of their hashes.
static int
mark_tables(struct gc *gc, struct marks *marks, struct err *err)
{
    AUTO_JSON *columns =
        state_rows(gc->state,
                   "SELECT m.name AS t, c.name AS c FROM sqlite_master m"
                   " JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
                   " AND m.name NOT IN ('event_row', 'word', 'blob') AND m.name NOT LIKE 'sqlite_%'",
                   json_array(), err);
    if (!columns)
        return -1;
    size_t i;
    json_t *column;
    json_array_foreach(columns, i, column)
    {
        const char *name = json_get_text(column, "c", ""), *table = json_get_text(column, "t", "");
        const char *sql = arena_printf(
            &marks->arena,
            "SELECT \"%s\" FROM \"%s\" WHERE typeof(\"%s\") IN ('text', 'blob') AND length(\"%s\") >= %d",
            name, table, name, name, HASH_LEN);
        if (mark_column(gc, marks, sql, err) < 0)
            return -1;
    }
    return 0;
}

// A live blob may name others.
static int
mark_blobs(struct gc *gc, struct marks *marks, struct err *err)
{
    AUTO_BUF content = BUF((size_t)1 << 30);
    while (marks->unread.count > 0) {
        const struct mark *mark = marks->unread.items[--marks->unread.count];
        if (state_blob_get(gc->state, mark->hash, &content, err) < 0)
            return -1;
        mark_text(marks, buf_str(&content));
    }
    return 0;
}

static int
remove_dead(struct gc *gc, const struct marks *marks, struct err *err)
{
    for (size_t i = 0; i < marks->blobs.count; i++) {
        const struct mark *mark = marks->blobs.entries[i].value;
        int64_t changed;
        if (mark->live)
            continue;
        if (state_run(gc->state, "DELETE FROM blob WHERE hash = ?", json_pack("[s]", mark->hash), &changed,
                      err) < 0)
            return -1;
        count(gc, "blobs", changed);
    }
    return 0;
}

static int
remove_blobs(struct gc *gc, struct err *err)
{
    struct marks marks = {0};
    int result = list_blobs(gc, &marks, err) < 0 || mark_tables(gc, &marks, err) < 0 ||
                         mark_blobs(gc, &marks, err) < 0 || remove_dead(gc, &marks, err) < 0
                     ? -1
                     : 0;
    marks_release(&marks);
    return result;
}

// ---- all of it

static int64_t
file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

static int64_t
bytes_of(const char *state_path)
{
    AUTO_ARENA arena = {0};
    return file_bytes(state_path) + file_bytes(arena_printf(&arena, "%s-wal", state_path));
}

static int
remove_all(struct gc *gc, struct err *err)
{
    if (choose_runs(gc, err) < 0 || remove_events(gc, err) < 0 || remove_runs(gc, err) < 0 ||
        remove_blobs(gc, err) < 0)
        return -1;
    return state_run(gc->state, "DROP TABLE gone", json_array(), NULL, err);
}

static bool
something_went(const struct gc *gc)
{
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (json_get_int(gc->report, counts[i], 0) > 0)
            return true;
    return false;
}

static int
collect(struct gc *gc, struct err *err)
{
    if (state_begin(gc->state, err) < 0)
        return -1;
    if (remove_all(gc, err) < 0) {
        state_rollback(gc->state);
        return -1;
    }
    if (gc->policy->dry_run || !something_went(gc)) {
        state_rollback(gc->state);
        return 0;
    }
    state_event(gc->state, (struct event){.type = "state-collected"}, json_incref(gc->report));
    if (state_commit(gc->state, err) < 0)
        return -1;
    return db_exec(state_db(gc->state), "VACUUM", err) < 0 ? -1 : db_settle(state_db(gc->state), err);
}

static json_t *
gc_in(const char *path, struct gc *gc, struct err *err)
{
    int64_t before = bytes_of(path);
    gc->report = json_object();
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        count(gc, counts[i], 0);
    if (collect(gc, err) < 0) {
        json_decref(gc->report);
        return NULL;
    }
    count(gc, "bytes_before", before);
    count(gc, "bytes_after", bytes_of(path));
    json_object_set_new(gc->report, "dry_run", json_boolean(gc->policy->dry_run));
    return gc->report;
}

json_t *
state_gc(const char *state_path, const struct registry *registry, const struct host *host,
         const struct gc_policy *policy, struct err *err)
{
    struct gc gc = {.registry = registry, .policy = policy};
    struct lease lease;
    if (policy->keep < 1 || policy->age_ns < 0) {
        err_set(err, ERR_USAGE, "at least one run is kept, and no age is below 0");
        return NULL;
    }
    if (!fs_exists(state_path)) {
        err_set(err, ERR_NOT_FOUND, "no state at %s", state_path);
        return NULL;
    }
    if (lease_acquire(&lease, state_path, err) < 0)
        return NULL;
    gc.state = state_open(state_path, registry, host, err);
    json_t *report = gc.state ? gc_in(state_path, &gc, err) : NULL;
    state_close(gc.state);
    lease_release(&lease);
    return report;
}
