// SPDX-License-Identifier: Apache-2.0
#include "workflow/journal.h"

#include "base/hash.h"
#include "base/rng.h"
#include "workflow/connection.h"
#include "workflow/inbox.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_HASH_DIGITS 32

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

int
journal_commit(struct step *step, const char *name, const char *key, const json_t *result, struct err *err)
{
    json_t *stores = step->journal->stores;
    if (call(step,
             json_pack("{s:s, s:s, s:s, s:o, s:O}", "call", "commit", "name", name, "key", key, "result",
                       or_null(result), "stores", stores),
             NULL, err) < 0)
        return -1;
    json_array_clear(stores);
    return 0;
}

int
journal_activity(struct step *step, const char *name, const char *key, const json_t *input, journal_fn run,
                 void *context, json_t **result, struct err *err)
{
    int begun = journal_begin(step, name, key, input, result, err);
    if (begun != 0)
        return begun < 0 ? -1 : 0;
    if (run(context, result, err) == 0 && journal_commit(step, name, key, *result, err) == 0)
        return 0;
    json_drop(result);
    return -1;
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

int
journal_sleep_until(struct step *step, const char *name, int64_t wall_ns, struct err *err)
{
    return wait_for(step,
                    json_pack("{s:s, s:s, s:s, s:I}", "call", "wait", "name", name, "kind", "timer", "due_ns",
                              (json_int_t)wall_ns),
                    "a timer", NULL, err);
}

int
journal_wait_signal(struct step *step, const char *name, const char *signal, int64_t deadline_ns,
                    json_t **data, struct err *err)
{
    return wait_for(step,
                    json_pack("{s:s, s:s, s:s, s:s, s:I}", "call", "wait", "name", name, "kind", "signal",
                              "signal", signal, "due_ns", (json_int_t)deadline_ns),
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
                              (json_int_t)deadline_ns),
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
    json_t *store = json_pack("[s, o]", statement, params ? params : json_array());
    if (!store)
        return err_set(err, ERR_USAGE, "%s: a parameter is not UTF-8", statement);
    json_array_append_new(step->journal->stores, store);
    return 0;
}

int
journal_flush(struct step *step, struct err *err)
{
    json_t *stores = step->journal->stores;
    if (json_array_size(stores) == 0)
        return 0;
    if (call(step, json_pack("{s:s, s:O}", "call", "flush", "stores", stores), NULL, err) < 0)
        return -1;
    json_array_clear(stores);
    return 0;
}

int
journal_rows(struct step *step, const char *statement, json_t *params, json_t **rows, struct err *err)
{
    json_t *reply;
    *rows = NULL;
    if (call(step,
             json_pack("{s:s, s:s, s:o, s:O}", "call", "rows", "statement", statement, "params",
                       params ? params : json_array(), "stores", step->journal->stores),
             &reply, err) < 0)
        return -1;
    *rows = json_incref(json_object_get(reply, "rows"));
    json_decref(reply);
    return 0;
}
