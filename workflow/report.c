// SPDX-License-Identifier: Apache-2.0
// What the state tells about runs to those who only read it.
#include "base/clock.h"
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/state.h"

#include <string.h>

// A time column as ISO 8601, null when absent.
static json_t *
time_of(const json_t *row, const char *column)
{
    const json_t *at = json_object_get(row, column);
    if (!json_is_integer(at))
        return json_null();
    char text[32];
    clock_iso8601(json_integer_value(at), text);
    return json_string(text);
}

// A column that holds JSON as text, null when absent or damaged.
static json_t *
json_of(const json_t *row, const char *column)
{
    struct err ignored;
    const char *text = json_get_text(row, column, NULL);
    json_t *json = text ? json_read(str_of(text), column, &ignored) : NULL;
    return json ? json : json_null();
}

// A run that nobody works on while it is marked running was interrupted.
static const char *
status_of(const json_t *row, const char *state_path)
{
    const char *status = json_get_text(row, "status", "");
    bool dead = strcmp(status, "running") == 0 && lease_holder(state_path) == 0;
    return dead ? "interrupted" : status;
}

static json_t *
find_run(struct db *db, const char *run, struct err *err)
{
    static const char by_id[] =
        "SELECT r.*, p.name AS pipeline FROM run r JOIN plan p ON p.hash = r.plan WHERE r.id = ?";
    static const char latest[] = "SELECT r.*, p.name AS pipeline FROM run r JOIN plan p ON p.hash = r.plan "
                                 "ORDER BY r.number DESC LIMIT 1";
    AUTO_JSON *params = run ? json_pack("[s]", run) : json_array();
    AUTO_JSON *rows = db_rows(db, run ? by_id : latest, params, err);
    if (!rows)
        return NULL;
    json_t *row = json_array_get(rows, 0);
    if (!row)
        err_set(err, ERR_NOT_FOUND, run ? "no run %s in the state" : "the state has no run%s",
                run ? run : "");
    return json_incref(row);
}

static json_t *
steps_of(struct db *db, const json_t *run, struct err *err)
{
    AUTO_JSON *params = json_pack("[I]", (json_int_t)json_get_int(run, "number", 0));
    AUTO_JSON *rows = db_rows(db,
                              "SELECT * FROM step WHERE run = ? ORDER BY started_ns IS NULL, started_ns, id,"
                              " role <> 'group', position",
                              params, err);
    if (!rows)
        return NULL;
    json_t *steps = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_array_append_new(
            steps, json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "id",
                             json_get_text(row, "key", ""), "uses", json_get_text(row, "uses", ""), "role",
                             json_get_text(row, "role", ""), "status", json_get_text(row, "status", ""),
                             "attempt", (json_int_t)json_get_int(row, "attempt", 0), "started",
                             time_of(row, "started_ns"), "ended", time_of(row, "ended_ns"), "outputs",
                             json_of(row, "outputs"), "error", json_of(row, "error")));
    }
    return steps;
}

static json_t *
status_in(struct db *db, const char *state_path, const char *id, struct err *err)
{
    AUTO_JSON *run = find_run(db, id, err);
    if (!run)
        return NULL;
    json_t *steps = steps_of(db, run, err);
    if (!steps)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:[]}", "run",
                     json_get_text(run, "id", ""), "pipeline", json_get_text(run, "pipeline", ""), "status",
                     status_of(run, state_path), "commit", json_get_text(run, "source_commit", ""), "mode",
                     json_get_text(run, "mode", ""), "seed", (json_int_t)json_get_int(run, "seed", 0),
                     "started", time_of(run, "started_ns"), "ended", time_of(run, "ended_ns"), "error",
                     json_of(run, "error"), "steps", steps, "waiting_for");
}

json_t *
engine_status(const char *state_path, const char *run, struct err *err)
{
    struct db *db;
    if (state_open_reader(state_path, &db, err) < 0)
        return NULL;
    json_t *status = status_in(db, state_path, run, err);
    db_close(db);
    return status;
}

static json_t *
history_in(struct db *db, const char *id, struct err *err)
{
    AUTO_JSON *run = find_run(db, id, err);
    if (!run)
        return NULL;
    AUTO_JSON *params = json_pack("[I]", (json_int_t)json_get_int(run, "number", 0));
    AUTO_JSON *rows = db_rows(
        db, "SELECT seq, at_ns, type, step, attempt, epoch, details FROM event WHERE run = ? ORDER BY seq",
        params, err);
    if (!rows)
        return NULL;
    json_t *events = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_array_append_new(
            events, json_pack("{s:O, s:o, s:O, s:O, s:O, s:O, s:o}", "seq", json_object_get(row, "seq"), "at",
                              time_of(row, "at_ns"), "type", json_object_get(row, "type"), "step",
                              json_object_get(row, "step"), "attempt", json_object_get(row, "attempt"),
                              "epoch", json_object_get(row, "epoch"), "details", json_of(row, "details")));
    }
    return events;
}

json_t *
engine_history(const char *state_path, const char *run, struct err *err)
{
    struct db *db;
    if (state_open_reader(state_path, &db, err) < 0)
        return NULL;
    json_t *events = history_in(db, run, err);
    db_close(db);
    return events;
}

json_t *
state_query(const char *state_path, const char *sql, const json_t *params, struct err *err)
{
    struct db *db;
    if (state_open_reader(state_path, &db, err) < 0)
        return NULL;
    json_t *rows = db_rows(db, sql, params, err);
    db_close(db);
    return rows;
}
