// SPDX-License-Identifier: Apache-2.0
// What the state tells about runs to those who only read it.
#include "base/clock.h"
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/state.h"
#include "workflow/wait.h"

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
    bool dead = strcmp(status, "running") == 0 && lease_holder(state_path) == 0 &&
                !lease_is_elsewhere(state_path, clock_wall_ns());
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

// A wait in one line, as "for a signal \"go\" until 2026-11-26T21:00:00.000Z".
static const char *
wait_text(struct arena *arena, const json_t *row, const char *due)
{
    const char *kind = json_get_text(row, "kind", "");
    const char *signal = json_get_text(row, "signal", "");
    const char *until = *due ? arena_printf(arena, " until %s", due) : "";
    if (strcmp(kind, "timer") == 0)
        return arena_printf(arena, "waits until %s", due);
    if (strcmp(kind, "pause") == 0)
        return "waits for the end of the pause (`atoll unpause`)";
    if (strcmp(kind, "signal") == 0)
        return arena_printf(arena, "waits for the signal \"%s\"%s", signal, until);
    struct err ignored;
    const char *text = json_get_text(row, "who", NULL);
    AUTO_JSON *who = text ? json_read(str_of(text), "who", &ignored) : NULL;
    AUTO_BUF names = BUF(4096);
    size_t i;
    json_t *one;
    json_array_foreach(who, i, one)
        buf_printf(&names, "%s%s", i ? ", " : " by ", json_is_string(one) ? json_string_value(one) : "?");
    return arena_printf(arena, "waits for approval%s%s", buf_text(&names), until);
}

static json_t *
wait_json(const json_t *row)
{
    AUTO_ARENA arena = {0};
    char due[32] = "";
    const json_t *at = json_object_get(row, "due_ns");
    if (json_is_integer(at))
        clock_iso8601(json_integer_value(at), due);
    const char *signal = json_get_text(row, "signal", NULL);
    bool named = strcmp(json_get_text(row, "kind", ""), "signal") == 0 && signal;
    return json_pack("{s:s, s:s, s:s, s:o, s:s?, s:s}", "step", json_get_text(row, "step", ""), "kind",
                     json_get_text(row, "kind", ""), "name", named ? signal : json_get_text(row, "name", ""),
                     "who", json_of(row, "who"), "due", *due ? due : NULL, "text",
                     wait_text(&arena, row, due));
}

// None of a run that ended: a wait stays open in the state, for a retry.
static json_t *
waits_of(struct db *db, const json_t *run, struct err *err)
{
    const char *status = json_get_text(run, "status", "");
    if (strcmp(status, "running") != 0 && strcmp(status, "waiting") != 0)
        return json_array();
    AUTO_JSON *rows = wait_rows(db, json_get_int(run, "number", 0), err);
    if (!rows)
        return NULL;
    json_t *waits = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) json_array_append_new(waits, wait_json(row));
    return waits;
}

// Who paused effects, null for nobody.
static json_t *
pause_of(struct db *db, struct err *err)
{
    AUTO_JSON *rows = db_rows(db,
                              "SELECT json_extract(value, '$.by') AS who FROM meta WHERE key = 'paused' AND "
                              "json_extract(value, '$.on')",
                              NULL, err);
    if (!rows)
        return NULL;
    json_t *who = json_object_get(json_array_get(rows, 0), "who");
    return who ? json_incref(who) : json_null();
}

static json_t *
status_in(struct db *db, const char *state_path, const char *id, struct err *err)
{
    AUTO_JSON *run = find_run(db, id, err);
    if (!run)
        return NULL;
    AUTO_JSON *steps = steps_of(db, run, err), *waits = waits_of(db, run, err),
              *paused_by = pause_of(db, err);
    if (!steps || !waits || !paused_by)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:O, s:O, s:O}", "run",
                     json_get_text(run, "id", ""), "pipeline", json_get_text(run, "pipeline", ""), "status",
                     status_of(run, state_path), "commit", json_get_text(run, "source_commit", ""), "mode",
                     json_get_text(run, "mode", ""), "seed", (json_int_t)json_get_int(run, "seed", 0),
                     "started", time_of(run, "started_ns"), "ended", time_of(run, "ended_ns"), "error",
                     json_of(run, "error"), "paused_by", paused_by, "steps", steps, "waiting_for", waits);
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

static bool
fits_filter(const json_t *run, const struct run_filter *filter)
{
    const char *commit = json_get_text(run, "commit", "");
    return (!filter->status || strcmp(json_get_text(run, "status", ""), filter->status) == 0) &&
           (!filter->pipeline || strcmp(json_get_text(run, "pipeline", ""), filter->pipeline) == 0) &&
           (!filter->commit || str_starts(str_of(commit), str_of(filter->commit)));
}

static json_t *
list_in(struct db *db, const char *state_path, const struct run_filter *filter, struct err *err)
{
    AUTO_JSON *rows = db_rows(
        db,
        "SELECT r.*, p.name AS pipeline, (SELECT count(*) FROM step s WHERE s.run = r.number) AS steps,"
        " (SELECT count(*) FROM wait w WHERE w.run = r.number AND w.status = 'open'"
        "  AND r.status IN ('running','waiting')) AS waits"
        " FROM run r JOIN plan p ON p.hash = r.plan ORDER BY r.number DESC",
        NULL, err);
    if (!rows)
        return NULL;
    json_t *runs = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        AUTO_JSON *run =
            json_pack("{s:O, s:O, s:s, s:O, s:O, s:o, s:o, s:O, s:O}", "run", json_object_get(row, "id"),
                      "pipeline", json_object_get(row, "pipeline"), "status", status_of(row, state_path),
                      "commit", json_object_get(row, "source_commit"), "mode", json_object_get(row, "mode"),
                      "started", time_of(row, "started_ns"), "ended", time_of(row, "ended_ns"), "steps",
                      json_object_get(row, "steps"), "waiting_for", json_object_get(row, "waits"));
        if (filter->limit > 0 && (int64_t)json_array_size(runs) >= filter->limit)
            break;
        if (fits_filter(run, filter))
            json_array_append(runs, run);
    }
    return runs;
}

json_t *
engine_list(const char *state_path, const struct run_filter *filter, struct err *err)
{
    struct db *db;
    if (state_open_reader(state_path, &db, err) < 0)
        return NULL;
    json_t *runs = list_in(db, state_path, filter, err);
    db_close(db);
    return runs;
}

static json_t *
history_in(struct db *db, const json_t *run, int64_t seq, struct err *err)
{
    AUTO_JSON *params = json_pack("[II]", (json_int_t)json_get_int(run, "number", 0), (json_int_t)seq);
    AUTO_JSON *rows = db_rows(db,
                              "SELECT seq, at_ns, type, step, attempt, epoch, details FROM event"
                              " WHERE run = ? AND seq > ? ORDER BY seq",
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
engine_history_since(const char *state_path, const char *run, int64_t seq, struct arena *arena,
                     const char **id, const char **status, struct err *err)
{
    struct db *db;
    if (state_open_reader(state_path, &db, err) < 0)
        return NULL;
    AUTO_JSON *row = find_run(db, run, err);
    if (row) {
        *id = arena_dup(arena, json_get_text(row, "id", ""));
        *status = arena_dup(arena, status_of(row, state_path));
    }
    json_t *events = row ? history_in(db, row, seq, err) : NULL;
    db_close(db);
    return events;
}

json_t *
engine_history(const char *state_path, const char *run, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *id, *status;
    return engine_history_since(state_path, run, 0, &arena, &id, &status, err);
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
