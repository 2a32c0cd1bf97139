// SPDX-License-Identifier: Apache-2.0
#include "workflow/wait.h"

#include "workflow/signal.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_WAITS                                                                             \
    "SELECT step, name, kind, signal, who, due_ns FROM wait WHERE run = ? AND status = 'open'" \
    " ORDER BY due_ns IS NULL, due_ns, since_ns, step, name"

// How a wait ends now, if it does.
struct settlement {
    const char *status; // NULL = it stays open
    const char *signal; // id of the signal that is used up
    json_t *result;     // owned
};

json_t *
wait_rows(struct db *db, int64_t run, struct err *err)
{
    AUTO_JSON *params = json_pack("[I]", (json_int_t)run);
    return db_rows(db, OPEN_WAITS, params, err);
}

int64_t
wait_rows_due_ns(const json_t *rows)
{
    int64_t due = INT64_MAX;
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        int64_t at = json_get_int(row, "due_ns", 0);
        if (at > 0 && at < due)
            due = at;
    }
    return due;
}

// Whether the text is one of a JSON array's, which may stand as text; an empty list has everybody.
static bool
may_send(const json_t *row, const char *sender)
{
    struct err ignored;
    const char *text = json_get_text(row, "who", NULL);
    AUTO_JSON *who = text ? json_read(str_of(text), "who", &ignored) : NULL;
    size_t i;
    json_t *one;
    json_array_foreach(who, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), sender) == 0)
            return true;
    }
    return json_array_size(who) == 0;
}

// The first signal that the wait may take and that was sent in time; borrowed from `signals`.
static const json_t *
pick_signal(const json_t *row, const json_t *signals)
{
    int64_t due_ns = json_get_int(row, "due_ns", 0);
    size_t i;
    json_t *signal;
    json_array_foreach((json_t *)(uintptr_t)signals, i, signal)
    {
        bool late = due_ns > 0 && json_get_int(signal, "sent_ns", 0) > due_ns;
        if (!late && may_send(row, json_get_text(signal, "sender", "")))
            return signal;
    }
    return NULL;
}

static json_t *
result_of(const json_t *signal)
{
    struct err ignored;
    const char *text = json_get_text(signal, "data", NULL);
    json_t *data = text ? json_read(str_of(text), "data", &ignored) : NULL;
    return json_pack("{s:O, s:o, s:O}", "sender", json_object_get(signal, "sender"), "data",
                     data ? data : json_null(), "sent_ns", json_object_get(signal, "sent_ns"));
}

static int
find_settlement(struct state *state, const char *run_id, const json_t *row, struct arena *arena,
                struct settlement *found, struct err *err)
{
    const char *kind = json_get_text(row, "kind", ""), *name = json_get_text(row, "signal", NULL);
    int64_t due_ns = json_get_int(row, "due_ns", 0);
    bool due = due_ns > 0 && due_ns <= state_now(state);
    *found = (struct settlement){0};
    if (strcmp(kind, "pause") == 0) {
        const char *who;
        int paused = signal_paused(state, arena, &who, err);
        found->status = paused == 0 ? "fired" : NULL;
        return paused < 0 ? -1 : 0;
    }
    if (name) {
        AUTO_JSON *signals =
            state_rows(state,
                       "SELECT id, data, sender, sent_ns FROM signal WHERE run = ? AND name = ?"
                       " AND kind = 'signal' AND consumed_ns IS NULL ORDER BY sent_ns, id",
                       json_pack("[ss]", run_id, name), err);
        if (!signals)
            return -1;
        const json_t *signal = pick_signal(row, signals);
        if (signal) {
            found->status = "received";
            found->signal = arena_dup(arena, json_get_text(signal, "id", ""));
            found->result = result_of(signal);
            return 0;
        }
    }
    if (due)
        found->status = name ? "timed-out" : "fired";
    return 0;
}

static int
write_settlement(struct state *state, const struct run *run, const json_t *row,
                 const struct settlement *found, struct err *err)
{
    const char *step = json_get_text(row, "step", ""), *name = json_get_text(row, "name", "");
    json_int_t now_ns = (json_int_t)state_now(state);
    char *text = found->result ? json_compact(found->result) : NULL;
    json_t *params = json_pack("[sIs?IssI]", found->status, now_ns, text, (json_int_t)run->number, step, name,
                               (json_int_t)run->epoch);
    free(text);
    int64_t changed;
    if (state_run(state,
                  "UPDATE wait SET status = ?1, ended_ns = ?2, result = ?3 WHERE run = ?4 AND step = ?5"
                  " AND name = ?6 AND status = 'open' AND (SELECT epoch FROM run WHERE number = ?4) = ?7",
                  params, &changed, err) < 0)
        return -1;
    if (changed == 0)
        return run_check_epoch(state, run->number, run->epoch, err);
    if (found->signal && state_run(state, "UPDATE signal SET consumed_ns = ?, step = ? WHERE id = ?",
                                   json_pack("[Iss]", now_ns, step, found->signal), NULL, err) < 0)
        return -1;
    json_t *details =
        json_pack("{s:s, s:s, s:s?}", "name", name, "status", found->status, "signal", found->signal);
    int64_t due_ns = json_get_int(row, "due_ns", 0);
    if (strcmp(found->status, "fired") == 0 && due_ns > 0)
        json_object_set_new(details, "late_ms", json_integer((now_ns - due_ns) / 1000000));
    state_event(state,
                (struct event){.run = run->number, .type = "wait-ended", .step = step, .epoch = run->epoch},
                details);
    return 0;
}

// 1 when it was settled.
static int
settle_row(struct state *state, const struct run *run, const json_t *row, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct settlement found;
    if (find_settlement(state, run->id, row, &arena, &found, err) < 0)
        return -1;
    int result = !found.status ? 0 : write_settlement(state, run, row, &found, err) < 0 ? -1 : 1;
    json_decref(found.result);
    return result;
}

json_t *
wait_settle(struct state *state, const struct run *run, json_t *ended, struct err *err)
{
    AUTO_JSON *rows = state_rows(state, OPEN_WAITS, json_pack("[I]", (json_int_t)run->number), err);
    if (!rows)
        return NULL;
    AUTO_JSON *open = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        int done = settle_row(state, run, row, err);
        if (done < 0)
            return NULL;
        if (done == 0)
            json_array_append(open, row);
        else
            json_array_append(ended, json_object_get(row, "step"));
    }
    return json_incref(open);
}

int
wait_expire(struct state *state, const struct run *run, const char *step, struct err *err)
{
    static const struct settlement over = {.status = "timed-out"};
    AUTO_JSON *rows = state_rows(state, OPEN_WAITS, json_pack("[I]", (json_int_t)run->number), err);
    if (!rows)
        return -1;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_get_text(row, "step", ""), step) == 0 &&
            write_settlement(state, run, row, &over, err) < 0)
            return -1;
    }
    return 0;
}

// The row of one wait, NULL when there is none. Owned.
static int
find_wait(struct state *state, int64_t run, const struct wait *wait, json_t **row, struct err *err)
{
    AUTO_JSON *rows = state_rows(state,
                                 "SELECT step, name, kind, signal, who, due_ns, status, result FROM wait"
                                 " WHERE run = ? AND step = ? AND name = ?",
                                 json_pack("[Iss]", (json_int_t)run, wait->step, wait->name), err);
    if (!rows)
        return -1;
    *row = json_incref(json_array_get(rows, 0));
    return 0;
}

static int
insert_wait(struct state *state, int64_t run, int64_t epoch, const struct wait *wait, struct err *err)
{
    char *who = wait->who && json_array_size(wait->who) > 0 ? json_compact(wait->who) : NULL;
    json_t *due = wait->due_ns ? json_integer(wait->due_ns) : json_null();
    json_t *params = json_pack("[IIssss?s?oI]", (json_int_t)run, (json_int_t)epoch, wait->step, wait->name,
                               wait->kind, wait->signal, who, json_incref(due), (json_int_t)state_now(state));
    free(who);
    int64_t changed = 0;
    int result = state_run(state,
                           "INSERT INTO wait(run, step, name, kind, signal, who, due_ns, since_ns, status)"
                           " SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open'"
                           " WHERE (SELECT epoch FROM run WHERE number = ?1) = ?2"
                           " ON CONFLICT(run, step, name) DO UPDATE SET status = 'open', result = NULL,"
                           " ended_ns = NULL, since_ns = excluded.since_ns",
                           params, &changed, err);
    if (result == 0 && changed == 0)
        result = run_check_epoch(state, run, epoch, err);
    if (result == 0)
        state_event(state,
                    (struct event){.run = run, .type = "wait-opened", .step = wait->step, .epoch = epoch},
                    json_pack("{s:s, s:s, s:s?, s:O}", "name", wait->name, "kind", wait->kind, "signal",
                              wait->signal, "due_ns", due));
    json_decref(due);
    return result;
}

static json_t *
outcome_of(const json_t *row)
{
    struct err ignored;
    const char *text = json_get_text(row, "result", NULL);
    json_t *outcome = text ? json_read(str_of(text), "result", &ignored) : NULL;
    if (!outcome)
        outcome = json_object();
    json_object_set(outcome, "status", json_object_get(row, "status"));
    return outcome;
}

static bool
is_open(const json_t *row)
{
    return strcmp(json_get_text(row, "status", ""), "open") == 0;
}

// The run as far as a settlement needs it.
static int
load_run(struct state *state, int64_t number, int64_t epoch, struct run *run, struct err *err)
{
    AUTO_JSON *rows =
        state_rows(state, "SELECT id FROM run WHERE number = ?", json_pack("[I]", (json_int_t)number), err);
    if (!rows)
        return -1;
    *run = (struct run){.number = number, .epoch = epoch};
    const char *id = json_get_text(json_array_get(rows, 0), "id", "");
    memcpy(run->id, id, strnlen(id, sizeof(run->id) - 1));
    return 0;
}

int
wait_open(struct state *state, int64_t number, int64_t epoch, const struct wait *wait, json_t **outcome,
          struct err *err)
{
    json_t *row;
    struct run run;
    *outcome = NULL;
    if (load_run(state, number, epoch, &run, err) < 0 || find_wait(state, number, wait, &row, err) < 0)
        return -1;
    bool again = row && !is_open(row) && strcmp(wait->kind, "pause") == 0;
    if (!row || again) {
        json_decref(row);
        if (insert_wait(state, number, epoch, wait, err) < 0 || find_wait(state, number, wait, &row, err) < 0)
            return -1;
    }
    AUTO_JSON *held = row;
    int settled = is_open(held) ? settle_row(state, &run, held, err) : 0;
    if (settled < 0)
        return -1;
    if (settled > 0) {
        json_decref(held);
        held = NULL;
        if (find_wait(state, number, wait, &held, err) < 0)
            return -1;
    }
    if (!is_open(held))
        *outcome = outcome_of(held);
    return 0;
}

int
wait_reopen(struct state *state, int64_t run, const char *step, struct err *err)
{
    return state_run(state,
                     "UPDATE wait SET status = 'open', due_ns = due_ns - since_ns + ?3, since_ns = ?3,"
                     " ended_ns = NULL, result = NULL WHERE run = ?1 AND step = ?2 AND (status = 'timed-out'"
                     " OR (kind = 'approval' AND status = 'received'"
                     " AND json_type(result, '$.data.approved') IS NOT 'true'))",
                     json_pack("[IsI]", (json_int_t)run, step, (json_int_t)state_now(state)), NULL, err);
}
