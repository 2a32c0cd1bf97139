// SPDX-License-Identifier: Apache-2.0
#include "workflow/journal.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "workflow/connection.h"
#include "workflow/inbox.h"
#include "workflow/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INPUT_HASH_DIGITS 16

// A call whose reply has no tail.
static int
call(struct step *step, json_t *json, json_t **reply, struct err *err)
{
    AUTO_FRAME frame = {0};
    if (connection_call(step->journal, json, STR(""), &frame, err) < 0)
        return -1;
    if (reply)
        *reply = json_incref(frame.json);
    return 0;
}

// Moves the result out of a reply: 1 when there is one, else 0.
static int
take_result(json_t *reply, json_t **result)
{
    AUTO_JSON *held = reply;
    json_t *found = json_object_get(held, "result");
    *result = json_incref(found);
    return found ? 1 : 0;
}

static void
hash_input(const json_t *input, char hex[65])
{
    char *text = input ? json_canonical(input) : strdup("null");
    struct hash sum = hash_of(text, strlen(text));
    hash_hex(&sum, hex);
    hex[INPUT_HASH_DIGITS] = '\0';
    free(text);
}

int
journal_begin(struct step *step, const char *name, const char *key, const json_t *input, json_t **result,
              struct err *err)
{
    char hex[65];
    hash_input(input, hex);
    json_t *reply;
    *result = NULL;
    if (call(step, json_pack("{s:s, s:s, s:s, s:s}", "call", "begin", "name", name, "key", key, "input", hex),
             &reply, err) < 0)
        return -1;
    return take_result(reply, result);
}

// A value to send, null for none; borrows.
static json_t *
or_null(const json_t *json)
{
    return json ? json_incref((json_t *)json) : json_null();
}

// A call that carries the queued writes; they are queued no more when it succeeded.
static int
call_with_stores(struct step *step, json_t *json, struct err *err)
{
    AUTO_FRAME reply = {0};
    struct buf *stores = &step->journal->stores;
    if (connection_call(step->journal, json, buf_str(stores), &reply, err) < 0)
        return -1;
    buf_clear(stores);
    return 0;
}

static json_t *
commit_call(const char *name, const char *key, const json_t *result)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "call", "commit", "name", name, "key", key, "result",
                     or_null(result));
}

int
journal_commit(struct step *step, const char *name, const char *key, const json_t *result, struct err *err)
{
    return call_with_stores(step, commit_call(name, key, result), err);
}

int
journal_commit_unawaited(struct step *step, const char *name, const char *key, const json_t *result,
                         struct err *err)
{
    struct buf *stores = &step->journal->stores;
    if (connection_send(step->journal, commit_call(name, key, result), buf_str(stores), err) < 0)
        return -1;
    buf_clear(stores);
    return 0;
}

static bool
is_final(const struct journal_policy *policy, enum err_kind kind)
{
    for (const enum err_kind *at = policy->final; at && *at != ERR_INTERNAL; at++)
        if (*at == kind)
            return true;
    return policy->final ? kind == ERR_INTERNAL : !err_retryable(kind);
}

static json_t *
policy_json(const struct journal_policy *policy)
{
    return json_pack(
        "{s:i, s:I, s:I, s:f, s:b, s:I, s:I, s:I, s:I}", "attempts", policy->attempts, "initial_ns",
        (json_int_t)policy->initial_ns, "maximum_ns", (json_int_t)policy->maximum_ns, "coefficient",
        policy->coefficient, "timeout_final", is_final(policy, ERR_TIMEOUT), "start_to_close_ns",
        (json_int_t)policy->start_to_close_ns, "schedule_to_start_ns",
        (json_int_t)policy->schedule_to_start_ns, "schedule_to_close_ns",
        (json_int_t)policy->schedule_to_close_ns, "heartbeat_ns", (json_int_t)policy->heartbeat_ns);
}

// Begins an attempt: 1 committed before, 0 run it, -1. *wait_ns: how long to wait before asking again.
static int
begin_with(struct step *step, const char *name, const char *key, const json_t *input,
           const struct journal_policy *policy, json_t **result, int64_t *wait_ns, struct err *err)
{
    char hex[65];
    json_t *reply;
    hash_input(input, hex);
    if (call(step,
             json_pack("{s:s, s:s, s:s, s:s, s:o}", "call", "begin", "name", name, "key", key, "input", hex,
                       "policy", policy_json(policy)),
             &reply, err) < 0)
        return -1;
    *wait_ns = json_get_int(reply, "wait_ns", 0);
    json_drop(&step->journal->details);
    step->journal->details = json_incref(json_object_get(reply, "details"));
    return take_result(reply, result);
}

// Writes a failed attempt down. 1 when the activity is to be tried again, else 0.
static int
fail_with(struct step *step, const char *name, const char *key, const struct journal_policy *policy,
          const struct err *problem, struct err *err)
{
    json_t *reply;
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "call", "fail", "name", name, "key", key,
                             "kind", err_name(problem->kind), "final", is_final(policy, problem->kind),
                             "policy", policy_json(policy));
    json_set_text(json, "message", problem->message);
    if (call(step, json, &reply, err) < 0)
        return -1;
    bool again = json_get_bool(reply, "again", false);
    json_decref(reply);
    return again ? 1 : 0;
}

static void
sleep_ns(int64_t span_ns)
{
    struct timespec left = {.tv_sec = span_ns / CLOCK_S_NS, .tv_nsec = span_ns % CLOCK_S_NS};
    while (nanosleep(&left, &left) < 0)
        ;
}

// One attempt: 0 committed, 1 to be tried again, -1.
static int
attempt(struct step *step, const char *name, const char *key, const struct journal_policy *policy,
        journal_fn run, void *context, json_t **result, struct err *err)
{
    size_t stored = step->journal->stores.len;
    step->journal->name = name;
    step->journal->key = key;
    int ran = run(context, result, err);
    step->journal->name = step->journal->key = NULL;
    json_drop(&step->journal->details);
    if (ran == 0)
        return journal_commit(step, name, key, *result, err);
    json_drop(result);
    // A step that waits has not failed; and what can't be told to the supervisor is not tried again.
    if (err->kind == ERR_WAITING)
        return -1;
    struct err problem = *err;
    buf_cut(&step->journal->stores, stored);
    int again = fail_with(step, name, key, policy, &problem, err);
    if (again == 0)
        *err = problem;
    return again > 0 ? 1 : -1;
}

int
journal_activity_with(struct step *step, const char *name, const char *key, const json_t *input,
                      const struct journal_policy *policy, journal_fn run, void *context, json_t **result,
                      struct err *err)
{
    int status = 1;
    while (status > 0) {
        int64_t wait_ns;
        *result = NULL;
        int begun = begin_with(step, name, key, input, policy, result, &wait_ns, err);
        if (begun != 0)
            return begun < 0 ? -1 : 0;
        if (wait_ns > 0)
            sleep_ns(wait_ns);
        else
            status = attempt(step, name, key, policy, run, context, result, err);
    }
    if (status < 0)
        json_drop(result);
    return status;
}

int
journal_activity(struct step *step, const char *name, const char *key, const json_t *input, journal_fn run,
                 void *context, json_t **result, struct err *err)
{
    static const struct journal_policy once = {.attempts = 1};
    return journal_activity_with(step, name, key, input, &once, run, context, result, err);
}

void
journal_heartbeat(struct step *step, json_t *details)
{
    struct journal *journal = step->journal;
    json_t *held = details ? details : json_null();
    if (!journal->name) {
        json_decref(held);
        return;
    }
    connection_tell(journal, json_pack("{s:s, s:s, s:s, s:o}", "call", "heartbeat", "name", journal->name,
                                       "key", journal->key, "details", held));
}

const json_t *
journal_details(const struct step *step)
{
    return step->journal->details;
}

// Ends the step's process until the supervisor starts it again; `reply` is borrowed.
static int
suspend(const struct step *step, const char *what, const json_t *reply, struct err *err)
{
    if (!json_get_bool(reply, "waiting", false))
        return 0;
    return err_set(err, ERR_WAITING, "step %s waits for %s", step->id, what);
}

// Opens a wait (`json` is taken): 1 received, 0 fired or timed out, -1 with ERR_WAITING while it is open.
static int
wait_for(struct step *step, json_t *json, const char *what, json_t **data, struct err *err)
{
    json_t *reply;
    if (call(step, json, &reply, err) < 0)
        return -1;
    AUTO_JSON *held = reply;
    if (suspend(step, what, held, err) < 0)
        return -1;
    json_t *outcome = json_object_get(held, "result");
    bool received = strcmp(json_get_text(outcome, "status", ""), "received") == 0;
    if (data)
        *data = received ? json_incref(outcome) : NULL;
    return received ? 1 : 0;
}

// A time as a wait holds it, where 0 is none: what lies before 1970 is as much in the past as its first
// moment.
static json_int_t
past_none(int64_t wall_ns)
{
    return wall_ns > 0 ? wall_ns : 1;
}

int
journal_sleep_until(struct step *step, const char *name, int64_t wall_ns, struct err *err)
{
    return wait_for(step,
                    json_pack("{s:s, s:s, s:s, s:I}", "call", "wait", "name", name, "kind", "timer", "due_ns",
                              past_none(wall_ns)),
                    "a timer", NULL, err);
}

int
journal_wait_signal(struct step *step, const char *name, const char *signal, int64_t deadline_ns,
                    json_t **data, struct err *err)
{
    return wait_for(step,
                    json_pack("{s:s, s:s, s:s, s:s, s:I}", "call", "wait", "name", name, "kind", "signal",
                              "signal", signal, "due_ns", deadline_ns ? past_none(deadline_ns) : 0),
                    "a signal", data, err);
}

int
journal_wait_approval(struct step *step, const char *name, const json_t *who, int64_t deadline_ns,
                      json_t **data, struct err *err)
{
    const char *signal = message_approval_name(step->arena, step->id);
    return wait_for(step,
                    json_pack("{s:s, s:s, s:s, s:s, s:o, s:I}", "call", "wait", "name", name, "kind",
                              "approval", "signal", signal, "who", or_null(who), "due_ns",
                              deadline_ns ? past_none(deadline_ns) : 0),
                    "an approval", data, err);
}

int
journal_effect(struct step *step, const char *key, const json_t *intent, const struct journal_effect *effect,
               void *context, json_t **result, struct err *err)
{
    json_t *reply;
    *result = NULL;
    if (call(step, json_pack("{s:s, s:s, s:o}", "call", "effect", "key", key, "intent", or_null(intent)),
             &reply, err) < 0)
        return -1;
    int paused = suspend(step, "the end of a pause", reply, err);
    if (take_result(reply, result))
        return 0;
    if (paused < 0)
        return -1;
    int there = effect->look_up(context, result, err);
    if (there == 0)
        there = effect->act(context, result, err) < 0 ? -1 : 1;
    if (there > 0 &&
        call(step, json_pack("{s:s, s:s, s:o}", "call", "confirm", "key", key, "result", or_null(*result)),
             NULL, err) == 0)
        return 0;
    json_drop(result);
    return -1;
}

static int
record(struct step *step, const char *kind, const char *name, int64_t *value, struct err *err)
{
    char *full = arena_printf(step->arena, "%s:%s", kind, name);
    json_t *reply;
    if (call(step, json_pack("{s:s, s:s, s:I}", "call", "record", "name", full, "value", (json_int_t)*value),
             &reply, err) < 0)
        return -1;
    *value = json_get_int(reply, "value", 0);
    json_decref(reply);
    return 0;
}

int
journal_now(struct step *step, const char *name, int64_t *wall_ns, struct err *err)
{
    *wall_ns = step->host->wall_ns(step->host->context);
    return record(step, "now", name, wall_ns, err);
}

int
journal_random(struct step *step, const char *name, uint64_t *value, struct err *err)
{
    char *full = arena_printf(step->arena, "%s:%s", step->id, name);
    struct hash sum = hash_of(full, strlen(full));
    uint64_t stream = 0;
    for (int i = 0; i < 8; i++)
        stream = stream << 8 | sum.bytes[i];
    struct rng rng;
    rng_init(&rng, step->seed, stream);
    int64_t drawn = (int64_t)rng_u64(&rng);
    if (record(step, "random", name, &drawn, err) < 0)
        return -1;
    *value = (uint64_t)drawn;
    return 0;
}

int
journal_blob_put(struct step *step, struct str content, char hash[65], struct err *err)
{
    AUTO_FRAME reply = {0};
    if (connection_call(step->journal, json_pack("{s:s}", "call", "put"), content, &reply, err) < 0)
        return -1;
    struct str found = str_of(json_get_text(reply.json, "hash", ""));
    if (found.len != 64)
        return err_set(err, ERR_INTERNAL, "the supervisor gave no hash for a blob");
    memcpy(hash, found.ptr, 65);
    return 0;
}

int
journal_blob_store(struct step *step, struct str content, char hash[65], struct err *err)
{
    return store_add_blob(&step->journal->stores, content, hash, err);
}

int
journal_blob_get(struct step *step, const char *hash, struct buf *content, struct err *err)
{
    AUTO_FRAME reply = {0};
    if (connection_call(step->journal, json_pack("{s:s, s:s}", "call", "get", "hash", hash), STR(""), &reply,
                        err) < 0)
        return -1;
    buf_clear(content);
    buf_add_str(content, buf_str(&reply.tail));
    return buf_check(content, "a blob", err);
}

int
journal_store(struct step *step, const char *statement, json_t *params, struct err *err)
{
    AUTO_JSON *held = params;
    return store_add(&step->journal->stores, statement, held, err);
}

int
journal_flush(struct step *step, struct err *err)
{
    if (step->journal->stores.len == 0)
        return connection_settle(step->journal, err);
    return call_with_stores(step, json_pack("{s:s}", "call", "flush"), err);
}

int
journal_rows(struct step *step, const char *statement, json_t *params, json_t **rows, struct err *err)
{
    AUTO_FRAME reply = {0};
    *rows = NULL;
    if (connection_call(step->journal,
                        json_pack("{s:s, s:s, s:o}", "call", "rows", "statement", statement, "params",
                                  params ? params : json_array()),
                        buf_str(&step->journal->stores), &reply, err) < 0)
        return -1;
    *rows = json_incref(json_object_get(reply.json, "rows"));
    return 0;
}
