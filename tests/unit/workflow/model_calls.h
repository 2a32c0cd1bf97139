// SPDX-License-Identifier: Apache-2.0
// The test against the model of model.h, first part: a trial with both sides, and what steps call. Only
// model_test.c includes it.
#ifndef ATOLL_TESTS_MODEL_CALLS_H
#define ATOLL_TESTS_MODEL_CALLS_H

#include "tests/unit/workflow/model.h"

#include "base/hash.h"
#include "base/rng.h"
#include "tests/unit/workflow/fake_run.h"
#include "workflow/server.h"
#include "workflow/store.h"
#include "workflow/wait.h"

#include <stdarg.h>

#define SEED 20260611
#define MAX_OPERATIONS 60
#define INBOX_MAX 16

#ifdef __SANITIZE_ADDRESS__
#define SEQUENCES 500
#else
#define SEQUENCES 10000
#endif

enum kind {
    OP_BEGIN,
    OP_COMMIT,
    OP_FAIL,
    OP_BEAT,
    OP_EFFECT,
    OP_CONFIRM,
    OP_RECORD,
    OP_WAIT,
    OP_PUT,
    OP_GET,
    OP_FLUSH,
    OP_ROWS,
    OP_WARN,
    OP_NEW_RUN,
    OP_FIND_OPEN,
    OP_TAKE_OVER,
    OP_RUN_WAITS,
    OP_FINISH,
    OP_SUPERSEDE,
    OP_CANCEL_OTHERS,
    OP_OWN_CANCEL,
    OP_STEP,
    OP_SETTLE,
    OP_REOPEN_WAITS,
    OP_RECEIVE,
    OP_LEAVE,
    OP_TAKE_INBOX,
    OP_SEND,
    OP_RESET,
    OP_TIME,
    OP_OPEN_AGAIN,
    OP_TRANSACTION,
    OP_KEEP,
    OP_ROLL_BACK,
};

static const struct {
    const char *name;
    uint32_t weight;
} kinds[] = {
    [OP_BEGIN] = {"BEGIN", 9},
    [OP_COMMIT] = {"COMMIT", 6},
    [OP_FAIL] = {"FAIL", 4},
    [OP_BEAT] = {"BEAT", 2},
    [OP_EFFECT] = {"EFFECT", 5},
    [OP_CONFIRM] = {"CONFIRM", 4},
    [OP_RECORD] = {"RECORD", 3},
    [OP_WAIT] = {"WAIT", 7},
    [OP_PUT] = {"PUT", 2},
    [OP_GET] = {"GET", 1},
    [OP_FLUSH] = {"FLUSH", 2},
    [OP_ROWS] = {"ROWS", 1},
    [OP_WARN] = {"WARN", 1},
    [OP_NEW_RUN] = {"NEW_RUN", 2},
    [OP_FIND_OPEN] = {"FIND_OPEN", 1},
    [OP_TAKE_OVER] = {"TAKE_OVER", 3},
    [OP_RUN_WAITS] = {"RUN_WAITS", 1},
    [OP_FINISH] = {"FINISH", 2},
    [OP_SUPERSEDE] = {"SUPERSEDE", 1},
    [OP_CANCEL_OTHERS] = {"CANCEL_OTHERS", 2},
    [OP_OWN_CANCEL] = {"OWN_CANCEL", 1},
    [OP_STEP] = {"STEP", 4},
    [OP_SETTLE] = {"SETTLE", 5},
    [OP_REOPEN_WAITS] = {"REOPEN_WAITS", 2},
    [OP_RECEIVE] = {"RECEIVE", 8},
    [OP_LEAVE] = {"LEAVE", 3},
    [OP_TAKE_INBOX] = {"TAKE_INBOX", 2},
    [OP_SEND] = {"SEND", 1},
    [OP_RESET] = {"RESET", 1},
    [OP_TIME] = {"TIME", 8},
    [OP_OPEN_AGAIN] = {"OPEN_AGAIN", 1},
    [OP_TRANSACTION] = {"TRANSACTION", 4},
    [OP_KEEP] = {"KEEP", 4},
    [OP_ROLL_BACK] = {"ROLL_BACK", 2},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

// One operation; what its numbers mean is up to its kind, so that it means something whatever is left out.
struct operation {
    enum kind kind;
    int run, step, key;
    int64_t lag; // how many epochs its owner is behind: 0 = it owns the run
    uint32_t a, b, c;
};

struct left {
    struct model_message message;
    bool torn;
};

struct trial {
    struct host host;
    struct state *state;
    struct schedule schedule;
    struct model model, before; // `before`: as the open transaction found it
    bool in_transaction;
    struct left inbox[INBOX_MAX];
    int inbox_count;
    char failure[4000]; // "" = none
};

static struct str template_file;
static struct pipeline *pipeline;
static struct arena lasting_tasks;
static char blob_hashes[MODEL_BLOBS][65];
static const char *const blob_texts[MODEL_BLOBS] = {"", "one", "two words"};
static const char pipeline_text[] =
    "version: 1\nname: x\nsteps:\n  - {id: a, uses: echo}\n  - {id: b, uses: echo, needs: [a]}\n";

PRINTF_LIKE(2, 3)
static void
differ(struct trial *t, const char *format, ...)
{
    va_list args;
    if (t->failure[0])
        return;
    va_start(args, format);
    vsnprintf(t->failure, sizeof(t->failure), format, args);
    va_end(args);
}

static void
must(struct trial *t, int result, const struct err *err)
{
    if (result < 0)
        differ(t, "failed: %s", err->message);
}

#include "tests/unit/workflow/model_check.h"

static int64_t
trial_wall(void *context)
{
    return ((struct trial *)context)->model.now_ns;
}

// ---- answers

// What the real code said to something: a failure with its kind, or a reply (owned, NULL for none).
struct said {
    bool failed, fenced;
    struct err err;
    json_t *reply;
};

static void
agree(struct trial *t, const struct said *said, bool failed, enum err_kind kind, const json_t *reply)
{
    if (said->failed != failed || (failed && said->err.kind != kind))
        differ(t, "said %s (%s), the model says %s", said->failed ? err_name(said->err.kind) : "yes",
               said->failed ? said->err.message : "", failed ? err_name(kind) : "yes");
    if (said->failed || failed || (!reply && !said->reply) || (reply && json_equal(said->reply, reply)))
        return;
    char *real = said->reply ? json_compact(said->reply) : NULL, *wanted = reply ? json_compact(reply) : NULL;
    differ(t, "said %s, the model says %s", real ? real : "nothing", wanted ? wanted : "nothing");
    free(real);
    free(wanted);
}

// An operation outside a transaction has one of its own, which a failure rolls back.
static void
enter(struct trial *t)
{
    struct err err = {0};
    if (!t->in_transaction)
        must(t, state_begin(t->state, &err), &err);
}

static void
leave(struct trial *t, bool failed)
{
    struct err err = {0};
    if (t->in_transaction)
        return;
    if (failed)
        state_rollback(t->state);
    else
        must(t, state_commit(t->state, &err), &err);
}

static int64_t
epoch_of(const struct trial *t, const struct operation *op)
{
    return t->model.runs[op->run].epoch - op->lag;
}

static void
run_id(int run, char id[27])
{
    snprintf(id, 27, "R%d", run);
}

static struct run
run_of(const struct trial *t, const struct operation *op)
{
    struct run run = {.number = op->run + 1, .epoch = epoch_of(t, op)};
    run_id(op->run, run.id);
    return run;
}

// Ends an operation of an owner: one that is behind fails if it would have changed anything, and did not.
static void
agree_owner(struct trial *t, const struct operation *op, const struct model *before, const struct said *said)
{
    bool changed = t->model.writes != before->writes, refused = changed && op->lag != 0;
    if (refused)
        t->model = *before;
    agree(t, said, refused, ERR_CONFLICT, NULL);
}

// ---- calls of a step

static struct model_policy
policy_of(const struct operation *op)
{
    if (op->c % 4 == 0)
        return (struct model_policy){0};
    return (struct model_policy){.attempts = 1 + op->c % 3,
                                 .initial_ns = 40,
                                 .maximum_ns = op->c % 2 ? 100 : 0,
                                 .coefficient = 1 + op->c / 4 % 3,
                                 .start_ns = op->c / 8 % 3 == 0 ? 150 : 0,
                                 .close_ns = op->c / 16 % 3 == 0 ? 400 : 0};
}

static json_t *
policy_json(const struct operation *op)
{
    struct model_policy p = policy_of(op);
    if (p.attempts == 0)
        return NULL;
    return json_pack("{s:I, s:I, s:I, s:f, s:I, s:I}", "attempts", (json_int_t)p.attempts, "initial_ns",
                     (json_int_t)p.initial_ns, "maximum_ns", (json_int_t)p.maximum_ns, "coefficient",
                     (double)p.coefficient, "schedule_to_start_ns", (json_int_t)p.start_ns,
                     "schedule_to_close_ns", (json_int_t)p.close_ns);
}

static int64_t
due_of(const struct trial *t, const struct operation *op)
{
    bool has = op->key % MODEL_WAITS != WAIT_PAUSE && op->a % 3 != 0;
    return has ? t->model.now_ns - 50 + op->b % 300 : 0;
}

static const char *
signal_of(int wait)
{
    return wait == WAIT_SIGNAL ? "go" : wait == WAIT_APPROVAL ? "ok" : NULL;
}

// A step opens no pause of an effect itself.
static int
wait_of(const struct operation *op)
{
    return op->key % (WAIT_PAUSE + 1);
}

static bool
only_ann(const struct operation *op)
{
    return wait_of(op) == WAIT_APPROVAL && op->c % 2 == 0;
}

static const char *
key_of(const struct operation *op)
{
    static const char *const keys[] = {"e0", "e1"};
    return keys[op->key % 2];
}

// Whether a call brings a row along, and which.
static bool *
row_of(struct trial *t, const struct operation *op)
{
    return op->kind != OP_COMMIT || op->b % 3 == 0 ? &t->model.squares[op->step][op->b % MODEL_NUMBERS]
                                                   : NULL;
}

static json_t *
call_of(const struct trial *t, const struct operation *op)
{
    static const char *const waits[] = {"timer", "signal", "approval", "pause"};
    const char *key = key_of(op);
    int wait = wait_of(op);
    switch ((int)op->kind) {
    case OP_BEGIN:
        return json_pack("{s:s, s:s, s:s, s:s, s:o*}", "call", "begin", "name", "n", "key", key, "input",
                         op->a % 4 ? "i0" : "i1", "policy", policy_json(op));
    case OP_COMMIT:
        return json_pack("{s:s, s:s, s:s, s:i}", "call", "commit", "name", "n", "key", key, "result",
                         (int)(op->a % 9));
    case OP_FAIL:
        return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:o*}", "call", "fail", "name", "n", "key", key,
                         "final", op->a % 4 == 0, "kind", err_name(op->b % 2 ? ERR_IO : ERR_NET), "message",
                         "m", "policy", policy_json(op));
    case OP_BEAT:
        return json_pack("{s:s, s:s, s:s, s:i}", "call", "heartbeat", "name", "n", "key", key, "details",
                         (int)(1 + op->a % 5));
    case OP_EFFECT:
        return json_pack("{s:s, s:s, s:i}", "call", "effect", "key", key, "intent", (int)(op->a % 3));
    case OP_CONFIRM:
        return json_pack("{s:s, s:s, s:i}", "call", "confirm", "key", key, "result", (int)(op->a % 9));
    case OP_RECORD:
        return json_pack("{s:s, s:s, s:i}", "call", "record", "name", key, "value", (int)(1 + op->a % 9));
    case OP_WAIT:
        return json_pack("{s:s, s:s, s:s, s:s?, s:o*, s:I}", "call", "wait", "name", model_waits[wait],
                         "kind", waits[wait], "signal", signal_of(wait), "who",
                         only_ann(op) ? json_pack("[s]", "ann") : NULL, "due_ns",
                         (json_int_t)due_of(t, &(struct operation){.key = wait, .a = op->a, .b = op->b}));
    case OP_GET:
        return json_pack("{s:s, s:s}", "call", "get", "hash", blob_hashes[op->a % MODEL_BLOBS]);
    case OP_ROWS:
        return json_pack("{s:s, s:s, s:[s]}", "call", "rows", "statement", "square.count", "params",
                         model_steps[op->step]);
    case OP_PUT:
        return json_pack("{s:s}", "call", "put");
    case OP_FLUSH:
        return json_pack("{s:s}", "call", "flush");
    default:
        return json_pack("{s:s, s:s}", "call", "warn", "text", "careful");
    }
}

static void
add_tail(struct trial *t, const struct operation *op, struct buf *tail)
{
    struct err err = {0};
    bool stores = op->kind == OP_FLUSH || op->kind == OP_ROWS || (op->kind == OP_COMMIT && row_of(t, op));
    if (op->kind == OP_PUT)
        buf_puts(tail, blob_texts[op->a % MODEL_BLOBS]);
    AUTO_JSON *params = json_pack("[si]", model_steps[op->step], (int)(op->b % MODEL_NUMBERS));
    if (stores)
        must(t, store_add(tail, "square.insert-once", params, &err), &err);
}

static struct model_answer
model_flush(struct model *m, bool *row)
{
    m->writes++;
    bool twice = *row;
    *row = true;
    return twice ? model_refuse(ERR_CONFLICT) : (struct model_answer){0};
}

// Rows as if the queued one were there, which is not kept.
static struct model_answer
model_rows(const struct model *m, int step, const bool *row)
{
    int count = 1;
    for (int i = 0; i < MODEL_NUMBERS; i++)
        count += m->squares[step][i];
    return *row ? model_refuse(ERR_CONFLICT) : (struct model_answer){.value = count};
}

static struct model_answer
ask_model(struct trial *t, const struct operation *op)
{
    struct model *m = &t->model;
    struct model_step *step = &m->runs[op->run].steps[op->step];
    struct model_activity *activity = &step->activities[op->key % MODEL_KEYS];
    struct model_policy policy = policy_of(op);
    int effect = op->key % MODEL_EFFECTS, wait = wait_of(op);
    bool *blob = &m->blobs[op->a % MODEL_BLOBS];
    switch ((int)op->kind) {
    case OP_BEGIN:
        return model_begin(m, activity, op->a % 4 ? 0 : 1, &policy);
    case OP_COMMIT:
        return model_commit(m, activity, row_of(t, op), (int)(op->a % 9));
    case OP_FAIL:
        return model_fail(m, activity, &policy, op->a % 4 == 0, op->b % 2 ? ERR_IO : ERR_NET);
    case OP_BEAT:
        return model_beat(m, activity, (int)(1 + op->a % 5));
    case OP_EFFECT:
        return model_effect(m, op->run, op->step, effect, (int)(op->a % 3));
    case OP_CONFIRM:
        return model_confirm(m, op->run, op->step, effect, (int)(op->a % 9));
    case OP_RECORD:
        return model_record(m, &step->recorded[op->key % MODEL_NAMES], 1 + op->a % 9);
    case OP_WAIT:
        return model_wait(m, op->run, op->step, wait,
                          due_of(t, &(struct operation){.key = wait, .a = op->a, .b = op->b}), only_ann(op));
    case OP_PUT:
        *blob = true;
        m->writes++;
        return (struct model_answer){0};
    case OP_GET:
        return *blob ? (struct model_answer){0} : model_refuse(ERR_NOT_FOUND);
    case OP_FLUSH:
        return model_flush(m, row_of(t, op));
    case OP_ROWS:
        return model_rows(m, op->step, row_of(t, op));
    default:
        return (struct model_answer){0};
    }
}

static json_t *
outcome_of(const struct trial *t, const struct model_wait *wait)
{
    const char *status = model_wait_status_names[wait->status];
    if (wait->signal < 0)
        return json_pack("{s:s}", "status", status);
    struct err err;
    const struct model_message *message = &t->model.signals[wait->signal].message;
    const char *text = model_data_texts[message->data];
    return json_pack("{s:s, s:s, s:o, s:I}", "status", status, "sender", message->by_ann ? "ann" : "bob",
                     "data", text ? json_read(str_of(text), "data", &err) : json_null(), "sent_ns",
                     (json_int_t)message->sent_ns);
}

// What the model answers as the journal would write it; NULL for a note.
static json_t *
reply_of(const struct trial *t, const struct operation *op, const struct model_answer *answer)
{
    if (op->kind == OP_BEAT || op->kind == OP_WARN)
        return NULL;
    json_t *reply = json_pack("{s:b}", "ok", 1);
    if (answer->found)
        json_object_set_new(reply, op->kind == OP_RECORD ? "value" : "result", json_integer(answer->value));
    if (answer->wait_ns)
        json_object_set_new(reply, "wait_ns", json_integer(answer->wait_ns));
    if (answer->details)
        json_object_set_new(reply, "details", json_integer(answer->details));
    if (answer->has_left)
        json_object_set_new(reply, "left_ns", json_integer(answer->left_ns));
    if (op->kind == OP_FAIL)
        json_object_set_new(reply, "again", json_boolean(answer->again));
    if (answer->waiting)
        json_object_set_new(reply, "waiting", json_true());
    if (answer->wait)
        json_object_set_new(reply, "result", outcome_of(t, answer->wait));
    if (op->kind == OP_PUT)
        json_set_text(reply, "hash", blob_hashes[op->a % MODEL_BLOBS]);
    if (op->kind == OP_ROWS)
        json_object_set_new(reply, "rows", json_pack("[{s:i}]", "n", (int)answer->value));
    return reply;
}

static void
do_call(struct trial *t, const struct operation *op)
{
    struct said said = {0};
    struct server server = {.state = t->state,
                            .run = op->run + 1,
                            .epoch = epoch_of(t, op),
                            .step = model_steps[op->step],
                            .attempt = 1};
    AUTO_FRAME frame = {.json = call_of(t, op), .tail = BUF(1000)};
    AUTO_BUF tail = BUF(1000);
    add_tail(t, op, &frame.tail);
    enter(t);
    said.failed = server_apply(&server, &frame, &said.reply, &tail, &said.fenced, &said.err) < 0;
    leave(t, said.failed);
    AUTO_JSON *held = said.reply;
    struct model before = t->model;
    struct model_answer answer = ask_model(t, op);
    bool changed = t->model.writes != before.writes, note = op->kind == OP_BEAT || op->kind == OP_WARN;
    if (changed && (op->lag != 0 || answer.failed))
        t->model = before;
    if (changed && op->lag != 0 && !note)
        answer = model_refuse(ERR_CONFLICT);
    AUTO_JSON *reply = answer.failed ? NULL : reply_of(t, op, &answer);
    agree(t, &said, answer.failed, answer.kind, reply);
    if (said.failed && said.fenced != (op->lag != 0))
        differ(t, "fenced is %d, lag %d", said.fenced, (int)op->lag);
    if (op->kind == OP_GET && !said.failed && !str_is(buf_str(&tail), blob_texts[op->a % MODEL_BLOBS]))
        differ(t, "another blob");
}

#endif
