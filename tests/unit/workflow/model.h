// SPDX-License-Identifier: Apache-2.0
// What the journal promises, as plain arrays: no file, no transaction, no event. Numbers stand for names
// ("activity 1 of step 0"), 0 for a time that is not set. A rule here is as short as its promise;
// model_test.c says how the real state is driven beside it.
#ifndef ATOLL_TESTS_MODEL_H
#define ATOLL_TESTS_MODEL_H

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    MODEL_RUNS = 3,
    MODEL_STEPS = 2,   // step 1 needs step 0
    MODEL_KEYS = 2,    // activities of a step
    MODEL_EFFECTS = 2, // of all runs together
    MODEL_NAMES = 2,   // recorded values of a step
    MODEL_NUMBERS = 3, // rows of a step in table square
    MODEL_BLOBS = 3,
    MODEL_WAITS = 4 + MODEL_EFFECTS, // of a step: one of each kind, and the pause of each effect
    MODEL_SIGNALS = 100,
};

static const char *const model_steps[] = {"a", "b"};
static const char *const model_waits[] = {"timer", "signal", "approval", "pause", "pause e0", "pause e1"};

enum model_run_status { RUN_RUNNING, RUN_WAITING, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED, RUN_SUPERSEDED };
enum model_step_status {
    STEP_PENDING,
    STEP_RUNNING,
    STEP_WAITING,
    STEP_SUCCEEDED,
    STEP_FAILED,
    STEP_SKIPPED,
    STEP_CANCELLED
};
enum model_wait_status { WAIT_NONE, WAIT_OPEN, WAIT_FIRED, WAIT_RECEIVED, WAIT_TIMED_OUT };
enum model_wait_kind { WAIT_TIMER, WAIT_SIGNAL, WAIT_APPROVAL, WAIT_PAUSE };
enum model_message_kind { MESSAGE_SIGNAL, MESSAGE_CANCEL, MESSAGE_PAUSE, MESSAGE_UNPAUSE };
enum model_data { DATA_NONE, DATA_YES, DATA_NO, DATA_NUMBER };

static const char *const model_run_status_names[] = {"running", "waiting",   "succeeded",
                                                     "failed",  "cancelled", "superseded"};
static const char *const model_step_status_names[] = {"pending", "running", "waiting",  "succeeded",
                                                      "failed",  "skipped", "cancelled"};
static const char *const model_wait_status_names[] = {"none", "open", "fired", "received", "timed-out"};
static const char *const model_message_kind_names[] = {"signal", "cancel", "pause", "unpause"};
static const char *const model_data_texts[] = {NULL, "{\"approved\":true}", "{\"approved\":false}", "7"};

// How an activity may be tried again; all 0 = no policy.
struct model_policy {
    int64_t attempts, initial_ns, maximum_ns, coefficient, start_ns, close_ns;
};

struct model_activity {
    bool begun, committed;
    int attempts, input, result, details; // details 0 = none
    int failures;                         // since the counting began
    enum err_kind error;                  // of the last failed attempt, ERR_INTERNAL = none
    int64_t begun_ns, committed_ns;       // last attempt, commit
    int64_t first_ns, next_ns;            // first attempt that counts, when the next one may begin
};

struct model_wait {
    enum model_wait_status status;
    int signal;    // index of what it took, -1 = none
    bool only_ann; // may give the approval
    int64_t due_ns, since_ns, ended_ns;
};

struct model_step {
    enum model_step_status status;
    int attempt, failures, output; // output 0 = none
    int64_t next_ns, started_ns, ended_ns, ready_ns;
    struct model_activity activities[MODEL_KEYS];
    int64_t recorded[MODEL_NAMES]; // 0 = not yet
    struct model_wait waits[MODEL_WAITS];
};

struct model_run {
    enum model_run_status status;
    int64_t epoch, started_ns, ended_ns;
    struct model_step steps[MODEL_STEPS];
};

struct model_effect {
    bool intended, confirmed;
    int run, step, attempts, intent, result;
    int64_t intended_ns, confirmed_ns;
};

struct model_message {
    char id[27];
    enum model_message_kind kind;
    int run;       // index; one that is not there yet is unknown to the state
    bool approval; // a signal "ok", else "go"
    bool by_ann;   // else by bob
    enum model_data data;
    int64_t sent_ns;
};

struct model_signal {
    struct model_message message;
    int64_t received_ns, consumed_ns;
    int run, step; // that took it, -1 = none
};

struct model {
    int64_t now_ns;
    int writes; // how often something changed
    int run_count, signal_count;
    struct model_run runs[MODEL_RUNS];
    struct model_effect effects[MODEL_EFFECTS];
    struct model_signal signals[MODEL_SIGNALS];
    bool squares[MODEL_STEPS][MODEL_NUMBERS], blobs[MODEL_BLOBS];
    bool pause_known, paused, paused_by_ann;
    int64_t paused_ns;
};

// What the journal answers to a call.
struct model_answer {
    bool failed;
    enum err_kind kind; // when failed
    bool found;         // a result, a value: `value`
    int64_t value, wait_ns, left_ns;
    bool has_left;
    int details; // 0 = none
    bool waiting, again;
    const struct model_wait *wait; // that ended
};

static inline struct model_answer
model_refuse(enum err_kind kind)
{
    return (struct model_answer){.failed = true, .kind = kind};
}

static inline bool
model_is_open(const struct model_run *run)
{
    return run->status == RUN_RUNNING || run->status == RUN_WAITING;
}

static inline enum model_wait_kind
model_wait_kind(int name)
{
    return name < WAIT_PAUSE ? (enum model_wait_kind)name : WAIT_PAUSE;
}

// ---- activities

// A result that was committed is given again; else another attempt begins, unless the policy says otherwise.
static inline struct model_answer
model_begin(struct model *m, struct model_activity *a, int input, const struct model_policy *policy)
{
    struct model_answer answer = {0};
    int64_t now = m->now_ns, due_ns = a->next_ns ? a->next_ns : a->first_ns;
    if (a->committed)
        return a->input == input ? (struct model_answer){.found = true, .value = a->result}
                                 : model_refuse(ERR_CONFLICT);
    if (policy->close_ns && a->first_ns && now > a->first_ns + policy->close_ns)
        return model_refuse(ERR_TIMEOUT);
    if (policy->start_ns && due_ns && now > due_ns + policy->start_ns)
        return model_refuse(ERR_TIMEOUT);
    if (a->next_ns > now)
        return (struct model_answer){.wait_ns = a->next_ns - now};
    answer.details = a->details;
    answer.has_left = policy->close_ns && a->first_ns;
    answer.left_ns = a->first_ns + policy->close_ns - now;
    a->begun = true;
    a->attempts++;
    a->input = input;
    a->begun_ns = now;
    a->first_ns = a->first_ns ? a->first_ns : now;
    a->next_ns = 0;
    m->writes++;
    return answer;
}

static inline struct model_answer
model_fail(struct model *m, struct model_activity *a, const struct model_policy *policy, bool final,
           enum err_kind kind)
{
    if (!a->begun || a->committed)
        return model_refuse(ERR_CONFLICT);
    int64_t wait_ns = policy->initial_ns, first_ns = a->first_ns ? a->first_ns : a->begun_ns;
    a->failures++;
    for (int i = 1; i < a->failures && policy->coefficient > 1; i++)
        wait_ns *= policy->coefficient;
    if (policy->maximum_ns && wait_ns > policy->maximum_ns)
        wait_ns = policy->maximum_ns;
    int64_t next_ns = m->now_ns + wait_ns;
    bool late = policy->close_ns && next_ns > first_ns + policy->close_ns;
    bool again = !final && !late && a->failures < (policy->attempts ? policy->attempts : 1);
    a->first_ns = again ? first_ns : 0;
    a->next_ns = again ? next_ns : 0;
    a->failures = again ? a->failures : 0;
    a->error = kind;
    m->writes++;
    return (struct model_answer){.again = again};
}

static inline struct model_answer
model_beat(struct model *m, struct model_activity *a, int details)
{
    if (a->begun && !a->committed) {
        a->details = details;
        m->writes++;
    }
    return (struct model_answer){0};
}

// The rows and the result, or nothing.
static inline struct model_answer
model_commit(struct model *m, struct model_activity *a, bool *row, int result)
{
    if (!a->begun || a->committed || (row && *row))
        return model_refuse(ERR_CONFLICT);
    if (row)
        *row = true;
    a->committed = true;
    a->committed_ns = m->now_ns;
    a->result = result;
    m->writes++;
    return (struct model_answer){0};
}

// ---- waits

static inline bool
model_may_take(const struct model *m, int run, int name, const struct model_wait *wait,
               const struct model_signal *signal)
{
    const struct model_message *message = &signal->message;
    (void)m;
    return message->kind == MESSAGE_SIGNAL && message->run == run && !signal->consumed_ns &&
           message->approval == (name == WAIT_APPROVAL) && (!wait->only_ann || message->by_ann) &&
           (!wait->due_ns || message->sent_ns <= wait->due_ns);
}

// The first signal, by time of sending, then id, that a wait may take; -1 without one.
static inline int
model_pick(const struct model *m, int run, int name, const struct model_wait *wait)
{
    int best = -1;
    for (int i = 0; i < m->signal_count; i++) {
        const struct model_message *one = &m->signals[i].message,
                                   *first = &m->signals[best < 0 ? i : best].message;
        bool sooner = best < 0 || one->sent_ns < first->sent_ns ||
                      (one->sent_ns == first->sent_ns && strcmp(one->id, first->id) < 0);
        if (model_may_take(m, run, name, wait, &m->signals[i]) && sooner)
            best = i;
    }
    return best;
}

// Ends an open wait when it is due or what it waits for has come.
static inline bool
model_settle_one(struct model *m, int run, int step, int name)
{
    struct model_wait *wait = &m->runs[run].steps[step].waits[name];
    enum model_wait_kind kind = model_wait_kind(name);
    bool for_signal = kind == WAIT_SIGNAL || kind == WAIT_APPROVAL;
    bool due = wait->due_ns && wait->due_ns <= m->now_ns;
    int signal = for_signal ? model_pick(m, run, name, wait) : -1;
    if (wait->status != WAIT_OPEN || (signal < 0 && (kind == WAIT_PAUSE ? m->paused : !due)))
        return false;
    wait->status = signal >= 0 ? WAIT_RECEIVED : for_signal ? WAIT_TIMED_OUT : WAIT_FIRED;
    wait->signal = signal;
    wait->ended_ns = m->now_ns;
    if (signal >= 0) {
        m->signals[signal].consumed_ns = m->now_ns;
        m->signals[signal].run = run;
        m->signals[signal].step = step;
    }
    m->writes++;
    return true;
}

// A wait is opened once; only a pause that ended is waited for anew.
static inline struct model_answer
model_wait(struct model *m, int run, int step, int name, int64_t due_ns, bool only_ann)
{
    struct model_wait *wait = &m->runs[run].steps[step].waits[name];
    bool is_new = wait->status == WAIT_NONE;
    if (is_new || (wait->status != WAIT_OPEN && model_wait_kind(name) == WAIT_PAUSE)) {
        *wait = (struct model_wait){.status = WAIT_OPEN, .signal = -1, .since_ns = m->now_ns};
        wait->due_ns = due_ns;
        wait->only_ann = only_ann;
        m->writes++;
    }
    model_settle_one(m, run, step, name);
    if (wait->status == WAIT_OPEN)
        return (struct model_answer){.waiting = true};
    return (struct model_answer){.wait = wait};
}

// Everything of a run that can end. How many waits stay open.
static inline int
model_settle(struct model *m, int run)
{
    int open = 0;
    // Who is due first takes a signal first.
    for (;;) {
        int best = -1;
        int64_t best_ns = 0, best_since_ns = 0;
        for (int i = 0; i < MODEL_STEPS * MODEL_WAITS; i++) {
            struct model trial = *m;
            const struct model_wait *wait = &m->runs[run].steps[i / MODEL_WAITS].waits[i % MODEL_WAITS];
            if (!model_settle_one(&trial, run, i / MODEL_WAITS, i % MODEL_WAITS))
                continue;
            int64_t due_ns = wait->due_ns ? wait->due_ns : INT64_MAX;
            if (best < 0 || due_ns < best_ns || (due_ns == best_ns && wait->since_ns < best_since_ns)) {
                best = i;
                best_ns = due_ns;
                best_since_ns = wait->since_ns;
            }
        }
        if (best < 0)
            break;
        model_settle_one(m, run, best / MODEL_WAITS, best % MODEL_WAITS);
    }
    for (int i = 0; i < MODEL_STEPS * MODEL_WAITS; i++)
        open += m->runs[run].steps[i / MODEL_WAITS].waits[i % MODEL_WAITS].status == WAIT_OPEN;
    return open;
}

// A step is tried again by hand: what came to nothing is waited for again, as long as the first time.
static inline void
model_reopen_waits(struct model *m, int run, int step)
{
    for (int i = 0; i < MODEL_WAITS; i++) {
        struct model_wait *wait = &m->runs[run].steps[step].waits[i];
        bool refused = i == WAIT_APPROVAL && wait->status == WAIT_RECEIVED &&
                       m->signals[wait->signal].message.data != DATA_YES;
        if (!refused && wait->status != WAIT_TIMED_OUT)
            continue;
        wait->due_ns = wait->due_ns ? wait->due_ns - wait->since_ns + m->now_ns : 0;
        wait->since_ns = m->now_ns;
        wait->ended_ns = 0;
        wait->status = WAIT_OPEN;
        wait->signal = -1;
    }
}

// ---- effects, recorded values

// Confirmed once for all runs; held back while somebody paused.
static inline struct model_answer
model_effect(struct model *m, int run, int step, int key, int intent)
{
    struct model_effect *effect = &m->effects[key];
    if (effect->confirmed)
        return (struct model_answer){.found = true, .value = effect->result};
    if (m->paused)
        return model_wait(m, run, step, WAIT_PAUSE + 1 + key, 0, false);
    effect->intended = true;
    effect->run = run;
    effect->step = step;
    effect->intent = intent;
    effect->attempts++;
    effect->intended_ns = m->now_ns;
    m->writes++;
    return (struct model_answer){0};
}

static inline struct model_answer
model_confirm(struct model *m, int run, int step, int key, int result)
{
    struct model_effect *effect = &m->effects[key];
    if (!effect->intended || effect->confirmed || effect->run != run || effect->step != step)
        return model_refuse(ERR_CONFLICT);
    effect->confirmed = true;
    effect->result = result;
    effect->confirmed_ns = m->now_ns;
    m->writes++;
    return (struct model_answer){0};
}

// The first value counts.
static inline struct model_answer
model_record(struct model *m, int64_t *slot, int64_t value)
{
    if (*slot == 0) {
        *slot = value;
        m->writes++;
    }
    return (struct model_answer){.found = true, .value = *slot};
}

// ---- messages

// Once by its id. A pause or its end holds unless one that was sent later is known.
static inline void
model_receive(struct model *m, const struct model_message *message)
{
    bool known_run = message->run < m->run_count;
    bool open = !known_run || model_is_open(&m->runs[message->run]);
    bool pause = message->kind == MESSAGE_PAUSE || message->kind == MESSAGE_UNPAUSE;
    for (int i = 0; i < m->signal_count; i++)
        if (strcmp(m->signals[i].message.id, message->id) == 0)
            return;
    bool lasting = message->kind == MESSAGE_SIGNAL || (message->kind == MESSAGE_CANCEL && open);
    m->signals[m->signal_count++] =
        (struct model_signal){*message, m->now_ns, lasting ? 0 : m->now_ns, -1, -1};
    if (pause && (!m->pause_known || message->sent_ns >= m->paused_ns)) {
        m->pause_known = true;
        m->paused = message->kind == MESSAGE_PAUSE;
        m->paused_by_ann = message->by_ann;
        m->paused_ns = message->sent_ns;
    }
}

static inline bool
model_wants_cancel(const struct model *m, int run)
{
    for (int i = 0; i < m->signal_count; i++)
        if (m->signals[i].message.kind == MESSAGE_CANCEL && m->signals[i].message.run == run &&
            !m->signals[i].consumed_ns)
            return true;
    return false;
}

static inline void
model_settle_cancel(struct model *m, int run)
{
    for (int i = 0; i < m->signal_count; i++)
        if (m->signals[i].message.kind == MESSAGE_CANCEL && m->signals[i].message.run == run &&
            !m->signals[i].consumed_ns)
            m->signals[i].consumed_ns = m->now_ns;
}

// ---- runs

static inline void
model_new_run(struct model *m)
{
    m->runs[m->run_count++] = (struct model_run){.status = RUN_RUNNING, .epoch = 1, .started_ns = m->now_ns};
}

// An ended run waits for nothing.
static inline void
model_end_run(struct model *m, int run, enum model_run_status status)
{
    m->runs[run].status = status;
    m->runs[run].ended_ns = m->now_ns;
    for (int i = 0; i < MODEL_STEPS * MODEL_WAITS; i++) {
        struct model_wait *wait = &m->runs[run].steps[i / MODEL_WAITS].waits[i % MODEL_WAITS];
        if (wait->status == WAIT_OPEN)
            *wait = (struct model_wait){0};
    }
}

// Whoever takes a run over, or takes it back, locks out who had it before.
static inline void
model_reopen_run(struct model *m, int run)
{
    m->runs[run].status = RUN_RUNNING;
    m->runs[run].epoch++;
    m->runs[run].ended_ns = 0;
}

static inline void
model_supersede_others(struct model *m, int run)
{
    for (int i = 0; i < m->run_count; i++) {
        if (i == run || !model_is_open(&m->runs[i]))
            continue;
        model_end_run(m, i, RUN_SUPERSEDED);
        m->runs[i].epoch++;
    }
}

// `run` -1 = all.
static inline void
model_cancel_others(struct model *m, int run)
{
    for (int i = 0; i < m->run_count; i++) {
        if (i == run || !model_is_open(&m->runs[i]) || !model_wants_cancel(m, i))
            continue;
        model_end_run(m, i, RUN_CANCELLED);
        m->runs[i].epoch++;
        model_settle_cancel(m, i);
        for (int s = 0; s < MODEL_STEPS; s++) {
            struct model_step *step = &m->runs[i].steps[s];
            if (step->status > STEP_WAITING)
                continue;
            step->status = STEP_CANCELLED;
            step->ended_ns = m->now_ns;
            step->next_ns = 0;
        }
    }
}

// The step and all that needs it are as on the first day; effects stay.
static inline void
model_reset(struct model *m, int run, int step)
{
    for (int s = step; s < MODEL_STEPS; s++)
        m->runs[run].steps[s] = (struct model_step){0};
    model_reopen_run(m, run);
}

#endif
