// SPDX-License-Identifier: Apache-2.0
#include "workflow/server.h"

#include "base/hash.h"
#include "workflow/attempt.h"
#include "workflow/run.h"
#include "workflow/signal.h"
#include "workflow/store.h"
#include "workflow/wait.h"

#include <stdlib.h>
#include <string.h>

// A call while it is applied.
struct call {
    const struct server *server;
    const json_t *json;
    struct str content; // tail of the frame
    json_t *reply;      // object, borrowed
    struct buf *tail;   // of the reply
    bool undo;          // the part must leave nothing behind
    int64_t now_ns;     // wall clock
};

// When the first of the attempts that count began: not written down while it is the only one, and none after
// a final failure.
#define SCHEDULED "coalesce(scheduled_ns, CASE WHEN error IS NULL THEN begun_ns END)"
#define FENCE "(SELECT epoch FROM run WHERE number = ?1) = ?2"

static const char *
text_of(const struct call *call, const char *key)
{
    return json_get_text(call->json, key, "");
}

static json_int_t
now_of(const struct call *call)
{
    return (json_int_t)call->now_ns;
}

static void
add_event(const struct call *call, const char *type, json_t *details)
{
    const struct server *server = call->server;
    state_event(server->state,
                (struct event){.run = server->run,
                               .type = type,
                               .step = server->step,
                               .attempt = server->attempt,
                               .epoch = server->epoch,
                               .at_ns = call->now_ns},
                details);
}

// An event about the call's activity or effect, with the first bytes of the hash of its result (may be NULL).
static void
add_subject_event(const struct call *call, const char *type, const char *result)
{
    const struct server *server = call->server;
    struct hash sum = hash_of(result ? result : "", result ? strlen(result) : 0);
    state_event(server->state,
                (struct event){.run = server->run,
                               .type = type,
                               .step = server->step,
                               .attempt = server->attempt,
                               .epoch = server->epoch,
                               .at_ns = call->now_ns,
                               .name = json_get_text(call->json, "name", NULL),
                               .key = text_of(call, "key"),
                               .digest = result ? sum.bytes : NULL},
                NULL);
}

// A statement with the run, the epoch and the step as ?1, ?2, ?3 and `rest` (taken) after them.
static int
run_sql(const struct call *call, const char *sql, json_t *rest, int64_t *changed, struct err *err)
{
    const struct server *server = call->server;
    AUTO_JSON *held = rest;
    json_t *params = json_pack("[IIs]", (json_int_t)server->run, (json_int_t)server->epoch, server->step);
    json_array_extend(params, held);
    return state_run(server->state, sql, held ? params : NULL, changed, err);
}

// The only row of a query by step, or NULL with *row_error unset when there is none. Owned.
static int
one_row(const struct call *call, const char *sql, json_t *params, json_t **row, struct err *err)
{
    AUTO_JSON *rows = state_rows(call->server->state, sql, params, err);
    if (!rows)
        return -1;
    *row = json_incref(json_array_get(rows, 0));
    return 0;
}

// What an update that changed nothing means: the run was taken over, or what `otherwise` says.
static int
explain_nothing(const struct call *call, const char *otherwise, struct err *err)
{
    if (run_check_epoch(call->server->state, call->server->run, call->server->epoch, err) < 0)
        return -1;
    return err_set(err, ERR_CONFLICT, "step %s: %s", call->server->step, otherwise);
}

static int
reply_result(const struct call *call, const json_t *row, struct err *err)
{
    json_t *result = json_read(str_of(json_get_text(row, "result", "null")), "committed result", err);
    if (!result)
        return -1;
    json_object_set_new(call->reply, "result", result);
    return 0;
}

// What an earlier attempt said last of how far it was, and how long all attempts together have left.
static int
reply_details(const struct call *call, const json_t *row, struct err *err)
{
    const char *text = json_get_text(row, "details", NULL);
    json_t *details = text ? json_read(str_of(text), "heartbeat details", err) : NULL;
    if (details)
        json_object_set_new(call->reply, "details", details);
    int64_t close_ns = json_get_int(json_object_get(call->json, "policy"), "schedule_to_close_ns", 0);
    int64_t scheduled_ns = json_get_int(row, "scheduled_ns", 0);
    if (close_ns > 0 && scheduled_ns > 0)
        json_object_set_new(call->reply, "left_ns", json_integer(scheduled_ns + close_ns - now_of(call)));
    return text && !details ? -1 : 0;
}

static int
begin_known(const struct call *call, const json_t *row, struct err *err)
{
    if (json_is_string(json_object_get(row, "result"))) {
        // Older activities have more digits.
        struct str input = str_of(text_of(call, "input"));
        if (str_starts(str_of(json_get_text(row, "input_hash", "")), input))
            return reply_result(call, row, err);
        return err_set(
            err, ERR_CONFLICT,
            "activity %s \"%s\" of step %s was committed with another input; give the step's inputs "
            "their old values and run `atoll resume`, or start anew with `atoll run`",
            text_of(call, "name"), text_of(call, "key"), call->server->step);
    }
    int64_t changed, wait_ns;
    if (attempt_check(row, json_object_get(call->json, "policy"), now_of(call), &wait_ns, err) < 0)
        return err_wrap(err, "activity %s \"%s\"", text_of(call, "name"), text_of(call, "key"));
    if (wait_ns > 0) {
        json_object_set_new(call->reply, "wait_ns", json_integer(wait_ns));
        return 0;
    }
    if (reply_details(call, row, err) < 0)
        return -1;
    // Nothing was committed, so nothing is bound to the input that an earlier attempt had.
    if (run_sql(call,
                "UPDATE activity SET attempts = attempts + 1, begun_ns = ?6, input_hash = ?7,"
                " scheduled_ns = coalesce(" SCHEDULED ", ?6), next_ns = NULL"
                " WHERE run = ?1 AND step = ?3 AND name = ?4 AND key = ?5 AND " FENCE,
                json_pack("[ssIs]", text_of(call, "name"), text_of(call, "key"), now_of(call),
                          text_of(call, "input")),
                &changed, err) < 0)
        return -1;
    return changed ? 0 : explain_nothing(call, "an activity went away", err);
}

static int
begin_new(const struct call *call, struct err *err)
{
    int64_t changed;
    if (run_sql(call,
                "INSERT INTO activity(run, step, name, key, input_hash, attempts, begun_ns)"
                " SELECT ?1, ?3, ?4, ?5, ?6, 1, ?7 WHERE " FENCE,
                json_pack("[sssI]", text_of(call, "name"), text_of(call, "key"), text_of(call, "input"),
                          now_of(call)),
                &changed, err) < 0)
        return -1;
    return changed ? 0 : explain_nothing(call, "an activity could not be begun", err);
}

static int
call_begin(struct call *call, struct err *err)
{
    json_t *found = NULL;
    if (one_row(call,
                "SELECT input_hash, result, next_ns, " SCHEDULED " AS scheduled_ns, details FROM activity"
                " WHERE run = ? AND step = ? AND name = ? AND key = ?",
                json_pack("[Isss]", (json_int_t)call->server->run, call->server->step, text_of(call, "name"),
                          text_of(call, "key")),
                &found, err) < 0)
        return -1;
    AUTO_JSON *row = found;
    if ((row ? begin_known(call, row, err) : begin_new(call, err)) < 0)
        return -1;
    if (!json_object_get(call->reply, "result") && !json_object_get(call->reply, "wait_ns"))
        add_subject_event(call, "activity-begun", NULL);
    return 0;
}

static struct activity
activity_of(const struct call *call)
{
    return (struct activity){call->server, text_of(call, "name"), text_of(call, "key")};
}

static int
call_fail(struct call *call, struct err *err)
{
    struct activity activity = activity_of(call);
    bool again;
    if (attempt_fail(&activity, json_object_get(call->json, "policy"),
                     json_get_bool(call->json, "final", true), err_kind_of(text_of(call, "kind")),
                     text_of(call, "message"), &again, err) < 0)
        return -1;
    json_object_set_new(call->reply, "again", json_boolean(again));
    return 0;
}

static int
call_heartbeat(struct call *call, struct err *err)
{
    struct activity activity = activity_of(call);
    return attempt_beat(&activity, json_object_get(call->json, "details"), err);
}

static int
call_commit(struct call *call, struct err *err)
{
    if (store_run(call->server->state, call->content, err) < 0)
        return -1;
    const json_t *result = json_object_get(call->json, "result");
    char *text = result ? json_compact(result) : strdup("null");
    json_t *rest = json_pack("[sssI]", text_of(call, "name"), text_of(call, "key"), text, now_of(call));
    add_subject_event(call, "activity-committed", text);
    free(text);
    int64_t changed;
    if (run_sql(
            call,
            "UPDATE activity SET result = ?6, committed_ns = ?7"
            " WHERE run = ?1 AND step = ?3 AND name = ?4 AND key = ?5 AND committed_ns IS NULL AND " FENCE,
            rest, &changed, err) < 0)
        return -1;
    return changed ? 0 : explain_nothing(call, "an activity was committed that was not begun, or twice", err);
}

// Answers with how a wait ended, or that the step has to wait.
static int
reply_wait(const struct call *call, const struct wait *wait, struct err *err)
{
    json_t *outcome;
    if (wait_open(call->server->state, call->server->run, call->server->epoch, wait, &outcome, err) < 0)
        return -1;
    if (outcome)
        json_object_set_new(call->reply, "result", outcome);
    else
        json_object_set_new(call->reply, "waiting", json_true());
    return 0;
}

static int
call_wait(struct call *call, struct err *err)
{
    struct wait wait = {
        .step = call->server->step,
        .name = text_of(call, "name"),
        .kind = text_of(call, "kind"),
        .signal = json_get_text(call->json, "signal", NULL),
        .who = json_object_get(call->json, "who"),
        .due_ns = json_get_int(call->json, "due_ns", 0),
    };
    return reply_wait(call, &wait, err);
}

// While effects are paused nothing leaves the machine: the step waits for the end of the pause. 1 when it
// does.
static int
hold_effect(const struct call *call, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *who;
    int paused = signal_paused(call->server->state, &arena, &who, err);
    if (paused <= 0)
        return paused;
    struct wait wait = {.step = call->server->step,
                        .name = arena_printf(&arena, "pause %s", text_of(call, "key")),
                        .kind = "pause"};
    return reply_wait(call, &wait, err) < 0 ? -1 : 1;
}

static int
call_effect(struct call *call, struct err *err)
{
    json_t *found = NULL;
    if (one_row(call, "SELECT status, result FROM effect WHERE key = ?",
                json_pack("[s]", text_of(call, "key")), &found, err) < 0)
        return -1;
    AUTO_JSON *row = found;
    if (row && strcmp(json_get_text(row, "status", ""), "confirmed") == 0)
        return reply_result(call, row, err);
    int held = hold_effect(call, err);
    if (held != 0)
        return held < 0 ? -1 : 0;
    char *intent = json_compact(json_object_get(call->json, "intent"));
    json_t *rest = json_pack("[ssI]", text_of(call, "key"), intent, now_of(call));
    free(intent);
    int64_t changed;
    if (run_sql(call,
                "INSERT INTO effect(key, run, step, intent, status, attempts, intended_ns)"
                " SELECT ?4, ?1, ?3, ?5, 'intended', 1, ?6 WHERE " FENCE
                " ON CONFLICT(key) DO UPDATE SET run = ?1, step = ?3, intent = ?5, attempts = attempts + 1,"
                " intended_ns = ?6",
                rest, &changed, err) < 0)
        return -1;
    add_subject_event(call, "effect-intended", NULL);
    return changed ? 0 : explain_nothing(call, "an effect could not be intended", err);
}

static int
call_confirm(struct call *call, struct err *err)
{
    char *text = json_compact(json_object_get(call->json, "result"));
    json_t *rest = json_pack("[ssI]", text_of(call, "key"), text, now_of(call));
    add_subject_event(call, "effect-confirmed", text);
    free(text);
    int64_t changed;
    if (run_sql(call,
                "UPDATE effect SET status = 'confirmed', result = ?5, confirmed_ns = ?6"
                " WHERE key = ?4 AND run = ?1 AND step = ?3 AND status = 'intended' AND " FENCE,
                rest, &changed, err) < 0)
        return -1;
    return changed ? 0
                   : explain_nothing(call, "an effect was confirmed that was not intended, or twice", err);
}

static int
call_record(struct call *call, struct err *err)
{
    json_t *rest = json_pack("[sI]", text_of(call, "name"), (json_int_t)json_get_int(call->json, "value", 0));
    if (run_sql(call,
                "INSERT INTO recorded(run, step, name, value) SELECT ?1, ?3, ?4, ?5 WHERE " FENCE
                " ON CONFLICT DO NOTHING",
                rest, NULL, err) < 0)
        return -1;
    json_t *found = NULL;
    if (one_row(call, "SELECT value FROM recorded WHERE run = ? AND step = ? AND name = ?",
                json_pack("[Iss]", (json_int_t)call->server->run, call->server->step, text_of(call, "name")),
                &found, err) < 0)
        return -1;
    AUTO_JSON *row = found;
    if (!row)
        return explain_nothing(call, "a value was not recorded", err);
    json_object_set(call->reply, "value", json_object_get(row, "value"));
    return 0;
}

// For what has no statement of its own that the epoch fences.
static int
check_owner(const struct call *call, struct err *err)
{
    return run_check_epoch(call->server->state, call->server->run, call->server->epoch, err);
}

static int
call_put(struct call *call, struct err *err)
{
    char hash[65];
    if (check_owner(call, err) < 0 || state_blob_put(call->server->state, call->content, hash, err) < 0)
        return -1;
    json_set_text(call->reply, "hash", hash);
    return 0;
}

static int
call_get(struct call *call, struct err *err)
{
    return state_blob_get(call->server->state, text_of(call, "hash"), call->tail, err);
}

static int
call_flush(struct call *call, struct err *err)
{
    if (check_owner(call, err) < 0)
        return -1;
    return store_run(call->server->state, call->content, err);
}

static int
call_rows(struct call *call, struct err *err)
{
    call->undo = true;
    if (store_run(call->server->state, call->content, err) < 0)
        return -1;
    const char *name = text_of(call, "statement");
    const char *sql = state_statement(call->server->state, name, err);
    if (!sql)
        return -1;
    json_t *rows =
        state_rows(call->server->state, sql, json_incref(json_object_get(call->json, "params")), err);
    if (!rows)
        return err_wrap(err, "rows of %s", name);
    json_object_set_new(call->reply, "rows", rows);
    return 0;
}

static int
call_warn(struct call *call, struct err *err)
{
    if (check_owner(call, err) < 0)
        return -1;
    json_t *details = json_object();
    json_set_text(details, "text", text_of(call, "text"));
    add_event(call, "warning", details);
    return 0;
}

struct call_kind {
    const char *name;
    int (*apply)(struct call *call, struct err *err);
    bool note; // no reply
    bool
        single; // without stores it writes with one statement, its last that can fail, and SQLite undoes that
};

static const struct call_kind kinds[] = {
    {.name = "begin", .apply = call_begin, .single = true},
    {.name = "commit", .apply = call_commit, .single = true},
    {.name = "effect", .apply = call_effect},
    {.name = "confirm", .apply = call_confirm, .single = true},
    {.name = "record", .apply = call_record},
    {.name = "put", .apply = call_put},
    {.name = "get", .apply = call_get},
    {.name = "flush", .apply = call_flush},
    {.name = "rows", .apply = call_rows},
    {.name = "wait", .apply = call_wait},
    {.name = "fail", .apply = call_fail},
    {.name = "heartbeat", .apply = call_heartbeat, .note = true},
    {.name = "warn", .apply = call_warn, .note = true},
};

static int
apply_single(struct call *call, const struct call_kind *kind, struct err *err)
{
    struct state *state = call->server->state;
    size_t before = state_event_count(state);
    if (kind->apply(call, err) == 0)
        return 0;
    state_event_cut(state, before);
    return -1;
}

// Applies inside a part that is kept or undone.
static int
apply_part(struct call *call, const struct call_kind *kind, struct err *err)
{
    struct state *state = call->server->state;
    if (kind->single && call->content.len == 0)
        return apply_single(call, kind, err);
    if (state_part(state, err) < 0)
        return -1;
    if (kind->apply(call, err) < 0) {
        struct err undo;
        if (state_part_undo(state, &undo) < 0)
            err_wrap(err, "%s; then", undo.message);
        return -1;
    }
    return call->undo ? state_part_undo(state, err) : state_part_keep(state, err);
}

int
server_apply(const struct server *server, const struct frame *frame, json_t **reply, struct buf *tail,
             bool *fenced, struct err *err)
{
    *reply = NULL;
    const char *name = json_get_text(frame->json, "call", "");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct call_kind *kind = &kinds[i];
        if (strcmp(kind->name, name) != 0)
            continue;
        AUTO_JSON *made = json_pack("{s:b}", "ok", 1);
        struct call call = {.server = server,
                            .json = frame->json,
                            .content = buf_str(&frame->tail),
                            .reply = made,
                            .tail = tail,
                            .now_ns = state_now(server->state)};
        if (apply_part(&call, kind, err) < 0) {
            struct err check;
            *fenced = run_check_epoch(server->state, server->run, server->epoch, &check) < 0;
            return kind->note ? 0 : -1; // nobody waits for the answer to a note
        }
        *reply = kind->note ? NULL : json_incref(made);
        return 0;
    }
    return err_set(err, ERR_USAGE, "the journal has no call \"%s\"", name);
}

json_t *
server_error(const struct err *err)
{
    json_t *error = json_object();
    json_set_text(error, "kind", err_name(err->kind));
    json_set_text(error, "message", err->message);
    return json_pack("{s:o}", "error", error);
}
