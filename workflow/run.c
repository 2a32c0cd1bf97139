// SPDX-License-Identifier: Apache-2.0
#include "workflow/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_COLUMNS "number, id, pin, plan, source_commit, status, mode, epoch, seed, vars"

void
run_release(struct run *run)
{
    json_decref(run->vars);
    run->vars = NULL;
}

void
run_make_id(int64_t wall_ns, const uint8_t random[10], char id[27])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t ms = (uint64_t)(wall_ns / 1000000);
    for (int i = 9; i >= 0; i--, ms >>= 5)
        id[i] = digits[ms & 31];
    for (int half = 0; half < 2; half++) {
        uint64_t bits = 0;
        for (int i = 0; i < 5; i++)
            bits = bits << 8 | random[5 * half + i];
        for (int i = 7; i >= 0; i--, bits >>= 5)
            id[10 + 8 * half + i] = digits[bits & 31];
    }
    id[26] = '\0';
}

static void
copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static int
fill(struct run *run, const json_t *row, struct err *err)
{
    memset(run, 0, sizeof(*run));
    run->number = json_get_int(row, "number", 0);
    run->epoch = json_get_int(row, "epoch", 0);
    run->seed = (uint64_t)json_get_int(row, "seed", 0);
    copy(run->id, sizeof(run->id), json_get_text(row, "id", ""));
    copy(run->pin, sizeof(run->pin), json_get_text(row, "pin", ""));
    copy(run->plan, sizeof(run->plan), json_get_text(row, "plan", ""));
    copy(run->commit, sizeof(run->commit), json_get_text(row, "source_commit", ""));
    copy(run->status, sizeof(run->status), json_get_text(row, "status", ""));
    copy(run->mode, sizeof(run->mode), json_get_text(row, "mode", ""));
    run->vars = json_read(str_of(json_get_text(row, "vars", "{}")), "run.vars", err);
    return run->vars ? 0 : -1;
}

// 1 with *run filled from the first row, 0 without rows. Takes `rows`.
static int
fill_first(struct run *run, json_t *rows, struct err *err)
{
    AUTO_JSON *held = rows;
    if (!held)
        return -1;
    if (json_array_size(held) == 0)
        return 0;
    return fill(run, json_array_get(held, 0), err) < 0 ? -1 : 1;
}

int
run_find_open(struct state *state, const char *pin, struct run *run, struct err *err)
{
    json_t *rows =
        state_rows(state,
                   "SELECT " RUN_COLUMNS " FROM run WHERE status IN ('running','waiting') AND pin = ?"
                   " ORDER BY number DESC LIMIT 1",
                   json_pack("[s]", pin), err);
    return fill_first(run, rows, err);
}

int
run_load(struct state *state, const char *id, struct run *run, struct err *err)
{
    json_t *rows =
        state_rows(state, "SELECT " RUN_COLUMNS " FROM run WHERE id = ?", json_pack("[s]", id), err);
    int found = fill_first(run, rows, err);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "no run %s in the state", id);
    return found < 0 ? -1 : 0;
}

static void
run_event(struct state *state, const struct run *run, const char *type, json_t *details)
{
    state_event(state, (struct event){.run = run->number, .type = type, .epoch = run->epoch}, details);
}

static int
insert_plan(struct state *state, const struct run *run, const char *name, const char *file,
            struct str pipeline, struct err *err)
{
    return state_run(
        state, "INSERT INTO plan(hash, name, file, text, at_ns) VALUES(?,?,?,?,?) ON CONFLICT DO NOTHING",
        json_pack("[sssoI]", run->plan, name, file, json_text(pipeline), (json_int_t)state_now(state)), NULL,
        err);
}

int
run_insert(struct state *state, struct run *run, const char *name, const char *file, struct str pipeline,
           struct err *err)
{
    if (insert_plan(state, run, name, file, pipeline, err) < 0)
        return -1;
    run->epoch = 1;
    copy(run->status, sizeof(run->status), "running");
    char *vars = json_canonical(run->vars);
    json_t *params =
        json_pack("[ssssssIIsI]", run->id, run->pin, run->plan, vars, run->commit, run->status,
                  (json_int_t)run->epoch, (json_int_t)run->seed, run->mode, (json_int_t)state_now(state));
    free(vars);
    if (state_run(state,
                  "INSERT INTO run(id, pin, plan, vars, source_commit, status, epoch, seed, mode, started_ns)"
                  " VALUES(?,?,?,?,?,?,?,?,?,?)",
                  params, NULL, err) < 0)
        return -1;
    run->number = state_last_id(state);
    run_event(state, run, "run-started",
              json_pack("{s:s, s:s, s:s}", "run", run->id, "pipeline", name, "commit", run->commit));
    return 0;
}

// Who works on the state, for people that look into it; the lock is what counts.
static int
note_owner(struct state *state, const struct run *run, struct err *err)
{
    return state_run(
        state, "INSERT OR REPLACE INTO lease(name, owner, pid, since_ns) VALUES('state', ?, ?, ?)",
        json_pack("[sII]", run->id, (json_int_t)getpid(), (json_int_t)state_now(state)), NULL, err);
}

int
run_take_over(struct state *state, struct run *run, struct err *err)
{
    int64_t changed;
    if (state_run(state,
                  "UPDATE run SET epoch = epoch + 1, status = 'running', ended_ns = NULL, error = NULL"
                  " WHERE number = ? AND epoch = ?",
                  json_pack("[II]", (json_int_t)run->number, (json_int_t)run->epoch), &changed, err) < 0)
        return -1;
    if (changed == 0)
        return run_check_epoch(state, run->number, run->epoch, err);
    run->epoch++;
    copy(run->status, sizeof(run->status), "running");
    run_event(state, run, "run-resumed", NULL);
    return note_owner(state, run, err);
}

int
run_reopen(struct state *state, struct run *run, json_t *details, struct err *err)
{
    AUTO_JSON *held = details;
    if (state_run(state,
                  "UPDATE run SET epoch = epoch + 1, status = 'running', ended_ns = NULL, error = NULL"
                  " WHERE number = ?",
                  json_pack("[I]", (json_int_t)run->number), NULL, err) < 0)
        return -1;
    run->epoch++;
    copy(run->status, sizeof(run->status), "running");
    run_event(state, run, "run-reset", json_incref(held));
    return 0;
}

// What a run waited for has no use once it ended; the events tell that it did.
static int
drop_waits(struct state *state, int64_t run, struct err *err)
{
    return state_run(state, "DELETE FROM wait WHERE run = ? AND status = 'open'",
                     json_pack("[I]", (json_int_t)run), NULL, err);
}

json_t *
run_supersede_others(struct state *state, const struct run *run, struct err *err)
{
    AUTO_JSON *rows =
        state_rows(state,
                   "UPDATE run SET status = 'superseded', epoch = epoch + 1, ended_ns = ?"
                   " WHERE status IN ('running','waiting') AND number <> ?"
                   " RETURNING number, id, epoch",
                   json_pack("[II]", (json_int_t)state_now(state), (json_int_t)run->number), err);
    if (!rows)
        return NULL;
    json_t *ids = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        struct run other = {.number = json_get_int(row, "number", 0), .epoch = json_get_int(row, "epoch", 0)};
        if (drop_waits(state, other.number, err) < 0) {
            json_decref(ids);
            return NULL;
        }
        run_event(state, &other, "run-superseded", json_pack("{s:s}", "by", run->id));
        json_array_append(ids, json_object_get(row, "id"));
    }
    return ids;
}

int
run_wait(struct state *state, struct run *run, int64_t due_ns, struct err *err)
{
    int64_t changed;
    if (state_run(state, "UPDATE run SET status = 'waiting' WHERE number = ? AND epoch = ?",
                  json_pack("[II]", (json_int_t)run->number, (json_int_t)run->epoch), &changed, err) < 0)
        return -1;
    if (changed == 0)
        return run_check_epoch(state, run->number, run->epoch, err);
    copy(run->status, sizeof(run->status), "waiting");
    run_event(state, run, "run-waiting", due_ns ? json_pack("{s:I}", "due_ns", (json_int_t)due_ns) : NULL);
    return 0;
}

static int
cancel_row(struct state *state, const json_t *row, struct err *err)
{
    struct run other = {.number = json_get_int(row, "number", 0), .epoch = json_get_int(row, "epoch", 0)};
    json_int_t now_ns = (json_int_t)state_now(state);
    if (drop_waits(state, other.number, err) < 0 ||
        state_run(state,
                  "UPDATE step SET status = 'cancelled', ended_ns = ?, next_ns = NULL"
                  " WHERE run = ? AND status IN ('pending','running','waiting')",
                  json_pack("[II]", now_ns, (json_int_t)other.number), NULL, err) < 0 ||
        state_run(
            state,
            "UPDATE signal SET consumed_ns = ? WHERE run = ? AND kind = 'cancel' AND consumed_ns IS NULL",
            json_pack("[Is]", now_ns, json_get_text(row, "id", "")), NULL, err) < 0)
        return -1;
    run_event(state, &other, "run-finished", json_pack("{s:s}", "status", "cancelled"));
    return 0;
}

int
run_cancel_others(struct state *state, const struct run *run, struct err *err)
{
    AUTO_JSON *rows = state_rows(
        state,
        "UPDATE run SET status = 'cancelled', epoch = epoch + 1, ended_ns = ? WHERE status IN"
        " ('running','waiting') AND number <> ? AND id IN (SELECT run FROM signal WHERE kind = 'cancel'"
        " AND consumed_ns IS NULL) RETURNING number, id, epoch",
        json_pack("[II]", (json_int_t)state_now(state), (json_int_t)(run ? run->number : 0)), err);
    if (!rows)
        return -1;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (cancel_row(state, row, err) < 0)
            return -1;
    }
    return 0;
}

int
run_finish(struct state *state, struct run *run, const char *status, const json_t *error, struct err *err)
{
    char *text = error ? json_compact(error) : NULL;
    json_t *params = json_pack("[sIs?II]", status, (json_int_t)state_now(state), text,
                               (json_int_t)run->number, (json_int_t)run->epoch);
    free(text);
    int64_t changed;
    if (state_run(state, "UPDATE run SET status = ?, ended_ns = ?, error = ? WHERE number = ? AND epoch = ?",
                  params, &changed, err) < 0)
        return -1;
    if (changed == 0)
        return run_check_epoch(state, run->number, run->epoch, err);
    if (drop_waits(state, run->number, err) < 0)
        return -1;
    copy(run->status, sizeof(run->status), status);
    run_event(state, run, "run-finished", json_pack("{s:s}", "status", status));
    return 0;
}

int
run_check_epoch(struct state *state, int64_t number, int64_t epoch, struct err *err)
{
    AUTO_JSON *rows = state_rows(state, "SELECT id, epoch FROM run WHERE number = ?",
                                 json_pack("[I]", (json_int_t)number), err);
    if (!rows)
        return -1;
    const json_t *row = json_array_get(rows, 0);
    int64_t now = json_get_int(row, "epoch", -1);
    if (now == epoch)
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "run %s was taken over by another atoll (epoch %lld, this one has %lld)",
                   json_get_text(row, "id", "?"), (long long)now, (long long)epoch);
}

int
run_made_commit(struct state *state, const struct run *run, const char *commit, bool *made, struct err *err)
{
    AUTO_JSON *rows =
        state_rows(state, "SELECT 1 AS made FROM effect WHERE run = ? AND instr(result, ?) > 0 LIMIT 1",
                   json_pack("[Is]", (json_int_t)run->number, commit), err);
    if (!rows)
        return -1;
    *made = json_array_size(rows) > 0;
    return 0;
}

int
run_plan(struct state *state, const struct run *run, struct arena *arena, struct buf *text, const char **file,
         struct err *err)
{
    AUTO_JSON *rows =
        state_rows(state, "SELECT text, file FROM plan WHERE hash = ?", json_pack("[s]", run->plan), err);
    if (!rows)
        return -1;
    const json_t *row = json_array_get(rows, 0);
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "the state has no plan for run %s", run->id);
    buf_clear(text);
    buf_puts(text, json_get_text(row, "text", ""));
    *file = arena_dup(arena, json_get_text(row, "file", "pipeline"));
    return buf_check(text, "the pipeline of the run", err);
}

json_t *
run_tasks(struct state *state, const struct run *run, struct err *err)
{
    return state_rows(state, "SELECT * FROM step WHERE run = ? ORDER BY role, id, position",
                      json_pack("[I]", (json_int_t)run->number), err);
}

// JSON as text, null for none.
static json_t *
as_text(const json_t *json)
{
    if (!json)
        return json_null();
    char *text = json_compact(json);
    json_t *string = json_string(text);
    free(text);
    return string;
}

// A time, null for 0.
static json_t *
as_time(int64_t at_ns)
{
    return at_ns ? json_integer(at_ns) : json_null();
}

// The event that a task's status stands for, or NULL.
static const char *
task_event(const struct task *task)
{
    switch (task->status) {
    case TASK_PENDING:
        return task->woken     ? "step-woken"
               : task->next_ns ? "step-retry"
               : task->attempt ? "step-interrupted"
                               : NULL;
    case TASK_RUNNING:
        return task->role == ROLE_GROUP ? "step-expanded" : "step-started";
    case TASK_WAITING:
        return "step-waiting";
    case TASK_CANCELLED:
        return "step-cancelled";
    case TASK_SUCCEEDED:
    case TASK_FAILED:
        return "step-finished";
    case TASK_SKIPPED:
        return "step-skipped";
    }
    return NULL;
}

static void
add_task_event(struct state *state, const struct run *run, const struct task *task)
{
    const char *type = task_event(task);
    if (!type)
        return;
    json_t *details = json_object();
    if (task_ended(task))
        json_set_text(details, "status", task_status_name(task->status));
    if (task->error)
        json_object_set(details, "error", task->error);
    if (task->note && task->status == TASK_SKIPPED)
        json_set_text(details, "why", task->note);
    state_event(state,
                (struct event){.run = run->number,
                               .type = type,
                               .step = task->key,
                               .attempt = task->attempt,
                               .epoch = run->epoch},
                details);
}

int
run_write_task(struct state *state, const struct run *run, const struct schedule *schedule, struct task *task,
               struct err *err)
{
    json_t *params = json_pack(
        "[IIsssIsosiioooooo]", (json_int_t)run->number, (json_int_t)run->epoch, task->key,
        schedule->pipeline->steps[task->step].id, task_role_name(task->role), (json_int_t)task->position,
        task_action(schedule, task)->ops->name, as_text(task->item), task_status_name(task->status),
        task->attempt, task->failures, as_time(task->next_ns), as_time(task->started_ns),
        as_time(task->ended_ns), as_text(task->outputs), as_text(task->error), as_time(task->ready_ns));
    int64_t changed;
    if (state_run(
            state,
            "INSERT INTO step(run, key, id, role, position, uses, item, status, attempt, failures, next_ns,"
            " started_ns, ended_ns, outputs, error, ready_ns)"
            " SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17"
            " WHERE (SELECT epoch FROM run WHERE number = ?1) = ?2"
            " ON CONFLICT(run, key) DO UPDATE SET status = excluded.status, attempt = excluded.attempt,"
            " failures = excluded.failures, next_ns = excluded.next_ns, started_ns = excluded.started_ns,"
            " ended_ns = excluded.ended_ns, outputs = excluded.outputs, error = excluded.error,"
            " ready_ns = excluded.ready_ns",
            params, &changed, err) < 0)
        return -1;
    if (changed == 0)
        return run_check_epoch(state, run->number, run->epoch, err);
    add_task_event(state, run, task);
    task->changed = false;
    return 0;
}
