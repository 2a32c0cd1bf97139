// SPDX-License-Identifier: Apache-2.0
#include "workflow/verify.h"

#include "base/hash.h"
#include "workflow/state.h"

#include <string.h>

#define ENDED "('succeeded','failed','cancelled','superseded')"

// Each query gives a row for everything that breaks the invariant. Rows are named run/step.
static const struct invariant {
    const char *check, *sql, *problem;
} invariants[] = {
    {"run-plan", "SELECT id AS what FROM run WHERE plan NOT IN (SELECT hash FROM plan)", "has no plan"},
    {"run-ended", "SELECT id AS what FROM run WHERE (status IN " ENDED ") <> (ended_ns IS NOT NULL)",
     "is ended without a time of its end, or open with one"},
    {"step-open",
     "SELECT r.id || '/' || s.key AS what FROM step s JOIN run r ON r.number = s.run"
     " WHERE r.status = 'succeeded' AND s.status NOT IN ('succeeded','skipped')",
     "is not ended in a run that succeeded"},
    {"step-ended",
     "SELECT r.id || '/' || s.key AS what FROM step s JOIN run r ON r.number = s.run"
     " WHERE s.status = 'succeeded' AND s.ended_ns IS NULL",
     "succeeded without an end"},
    {"step-waits",
     "SELECT r.id || '/' || s.key AS what FROM step s JOIN run r ON r.number = s.run"
     " WHERE s.status = 'waiting' AND s.role <> 'group' AND r.status = 'waiting'"
     " AND NOT EXISTS (SELECT 1 FROM wait w WHERE w.run = s.run AND w.step = s.key AND w.status = 'open')",
     "waits for nothing"},
    {"wait-ended",
     "SELECT r.id || '/' || w.step || '/' || w.name AS what FROM wait w JOIN run r ON r.number = w.run"
     " WHERE (w.status = 'open') <> (w.ended_ns IS NULL)",
     "is a wait that is half ended"},
    {"wait-signal",
     "SELECT r.id || '/' || w.step || '/' || w.name AS what FROM wait w JOIN run r ON r.number = w.run"
     " WHERE w.status = 'received' AND NOT EXISTS (SELECT 1 FROM signal g WHERE g.run = r.id"
     " AND g.kind = 'signal' AND g.name = w.signal AND g.step = w.step AND g.consumed_ns IS NOT NULL)",
     "received a signal that nobody sent"},
    {"signal-twice",
     "SELECT r.id || '/' || w.step || '/' || w.signal AS what FROM wait w JOIN run r ON r.number = w.run"
     " WHERE w.status = 'received' GROUP BY w.run, w.step, w.signal HAVING count(*) >"
     " (SELECT count(*) FROM signal g WHERE g.run = r.id AND g.kind = 'signal' AND g.name = w.signal"
     "  AND g.step = w.step AND g.consumed_ns IS NOT NULL) AND count(*) > 1",
     "took one signal twice"},
    {"signal-step", "SELECT id AS what FROM signal WHERE step IS NOT NULL AND consumed_ns IS NULL",
     "is a signal with a taker that did not use it up"},
    {"event-epoch",
     "SELECT 'event ' || e.seq AS what FROM event_row e JOIN run r ON r.number = e.run WHERE e.epoch > "
     "r.epoch",
     "comes from an epoch that its run never had"},
    {"event-hash",
     "SELECT 'event ' || e.seq AS what FROM event_row e JOIN (SELECT max(seq) AS seq FROM event_row) m"
     " ON e.seq = m.seq WHERE hash IS NULL",
     "is the last one and has no hash"},
    {"event-guard",
     "SELECT g.column1 AS what FROM (VALUES('event_row_no_update'), ('event_row_no_delete'),"
     " ('word_no_update'), ('word_no_delete')) g"
     " WHERE NOT EXISTS (SELECT 1 FROM sqlite_master m WHERE m.type = 'trigger' AND m.name = g.column1)",
     "is missing: events could be changed"},
    {"event-word",
     "SELECT 'event ' || e.seq AS what FROM event_row e WHERE e.type NOT IN (SELECT id FROM word)"
     " OR e.step NOT IN (SELECT id FROM word) OR e.name NOT IN (SELECT id FROM word)",
     "says a word that is not there"},
    {"activity",
     "SELECT r.id || '/' || a.step || '/' || a.name || '/' || a.key AS what FROM activity a"
     " JOIN run r ON r.number = a.run WHERE (a.result IS NULL) <> (a.committed_ns IS NULL)",
     "is an activity that is half committed"},
    {"effect",
     "SELECT key AS what FROM effect WHERE (status = 'confirmed') <> (confirmed_ns IS NOT NULL)"
     " OR (status = 'confirmed') <> (result IS NOT NULL)",
     "is an effect that is half confirmed"},
};

static void
add(json_t *problems, const char *check, const char *what, const char *problem)
{
    json_array_append_new(problems,
                          json_pack("{s:s, s:s, s:s}", "check", check, "what", what, "problem", problem));
}

// What a check that has an error for its answer says. 0 always: the others are looked at too.
static void
add_error(json_t *problems, const char *check, const struct err *problem)
{
    add(problems, check, "", problem->message);
}

static void
check_invariant(struct db *db, const struct invariant *invariant, json_t *problems)
{
    struct err problem;
    AUTO_JSON *rows = db_rows(db, invariant->sql, NULL, &problem);
    if (!rows)
        add_error(problems, invariant->check, &problem);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (i >= VERIFY_ROWS_MAX)
            break;
        add(problems, invariant->check, json_get_text(row, "what", "?"), invariant->problem);
    }
}

static void
check_blobs(struct db *db, json_t *problems)
{
    struct err problem;
    struct db_stmt *stmt = db_prepare(db, "SELECT hash, content FROM blob", &problem);
    int row = -1, found = 0;
    while (stmt && (row = db_step(stmt, &problem)) > 0) {
        struct str content = db_blob(stmt, 1);
        struct hash sum = hash_of(content.ptr ? content.ptr : "", content.len);
        char hex[65], stored[65];
        hash_hex(&sum, hex);
        if (str_is(db_text(stmt, 0), hex) || found++ >= VERIFY_ROWS_MAX)
            continue;
        struct str name = db_text(stmt, 0);
        size_t len = name.len < 64 ? name.len : 64;
        memcpy(stored, name.ptr ? name.ptr : "", len);
        stored[len] = '\0';
        add(problems, "blob", stored, "is a blob that does not have its hash");
    }
    if (row < 0)
        add_error(problems, "blob", &problem);
}

static json_t *
problems_in(struct db *db)
{
    struct err problem;
    json_t *problems = json_array();
    if (db_check(db, &problem) < 0)
        add_error(problems, "file", &problem);
    if (chain_verify(db, &problem) < 0)
        add_error(problems, "event-chain", &problem);
    check_blobs(db, problems);
    for (size_t i = 0; i < sizeof(invariants) / sizeof(invariants[0]); i++)
        check_invariant(db, &invariants[i], problems);
    return problems;
}

json_t *
state_problems(const char *path, struct err *err)
{
    struct db *db;
    if (state_open_reader(path, &db, err) < 0)
        return NULL;
    json_t *problems = NULL;
    // One view of all tables, also beside a supervisor that goes on.
    if (db_exec(db, "BEGIN", err) == 0) {
        problems = problems_in(db);
        db_rollback(db);
    }
    db_close(db);
    return problems;
}

int
state_verify(const char *path, struct err *err)
{
    AUTO_JSON *problems = state_problems(path, err);
    if (!problems)
        return -1;
    const json_t *first = json_array_get(problems, 0);
    if (!first)
        return 0;
    const char *what = json_get_text(first, "what", "");
    return err_set(err, ERR_IO, "state %s: %s%s%s", path, what, *what ? " " : "",
                   json_get_text(first, "problem", ""));
}
