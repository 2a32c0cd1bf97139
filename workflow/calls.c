// SPDX-License-Identifier: Apache-2.0
#include "workflow/crew.h"

#include "base/clock.h"
#include "base/fs.h"
#include "workflow/assignment.h"
#include "workflow/attempt.h"
#include "workflow/scheduler.h"
#include "workflow/server.h"

#include <string.h>

#define LOST_MAX 3 // times that somebody else killed it or its sandbox, before the step counts as failed

static void
note_end(struct supervisor *s, struct worker *worker, const json_t *call, bool good)
{
    if (worker->reported)
        return;
    worker->reported = true;
    if (good) {
        json_t *outputs = json_object_get(call, "outputs");
        schedule_succeed(s->given->schedule, worker->task, outputs ? json_incref(outputs) : json_object(),
                         supervisor_wall(s));
        return;
    }
    struct err problem;
    err_set(&problem, err_kind_of(json_get_text(call, "kind", "")), "%s", json_get_text(call, "message", ""));
    if (problem.kind == ERR_WAITING && !worker->must_wait)
        err_set(&problem, ERR_INTERNAL, "it says that it waits, and nobody told it to");
    if (problem.kind == ERR_WAITING)
        schedule_wait(s->given->schedule, worker->task);
    else if (problem.kind == ERR_LOST && ++worker->task->lost <= LOST_MAX)
        schedule_lose(s->given->schedule, worker->task);
    else
        schedule_fail(s->given->schedule, worker->task, &problem, supervisor_wall(s));
}

// Keeps the limits of the activity that the worker is in up to date.
static void
note_activity(struct worker *worker, const json_t *call, const json_t *reply)
{
    const char *name = json_get_text(call, "call", "");
    bool begun =
        strcmp(name, "begin") == 0 && !json_object_get(reply, "result") && !json_object_get(reply, "wait_ns");
    if (strcmp(name, "heartbeat") == 0)
        worker->limits.activity.beat_ns = clock_mono_ns();
    else if (begun)
        limits_begin(&worker->limits, call, reply, clock_mono_ns());
    else if (strcmp(name, "commit") == 0 || strcmp(name, "fail") == 0)
        limits_end(&worker->limits);
    else
        return;
    if (begun)
        crew_arm(worker->seat);
}

static struct server
server_of(const struct supervisor *s, const struct worker *worker)
{
    return (struct server){.state = s->given->state,
                           .run = s->given->run->number,
                           .epoch = s->given->run->epoch,
                           .step = worker->task->key,
                           .attempt = worker->task->attempt};
}

// Applies one call and gives its reply (owned, NULL for a note).
static json_t *
apply_call(struct supervisor *s, struct worker *worker, const struct frame *call, struct buf *tail)
{
    const char *name = json_get_text(call->json, "call", "");
    if (strcmp(name, "progress") == 0) {
        supervisor_tell(s, name, worker->task, json_get_text(call->json, "text", ""),
                        json_object_get(call->json, "details"));
        return NULL;
    }
    if (strcmp(name, "done") == 0 || strcmp(name, "failed") == 0) {
        note_end(s, worker, call->json, *name == 'd');
        return json_pack("{s:b}", "ok", 1);
    }
    if (strcmp(name, "warn") == 0)
        supervisor_tell(s, "warning", worker->task, json_get_text(call->json, "text", ""), NULL);
    struct server server = server_of(s, worker);
    struct err problem;
    json_t *reply;
    if (server_apply(&server, call, &reply, tail, &s->fenced, &problem) < 0)
        return server_error(&problem);
    note_activity(worker, call->json, reply);
    return reply;
}

// An effect may act only once its intent survives this machine.
static bool
must_be_published(const struct supervisor *s, const json_t *call, const json_t *reply)
{
    return publisher_is_on(s) && strcmp(json_get_text(call, "call", ""), "effect") == 0 &&
           json_object_get(reply, "ok") && !json_object_get(reply, "result") &&
           !json_object_get(reply, "waiting");
}

static void
hold_reply(struct supervisor *s, struct worker *worker, json_t *reply)
{
    worker->held = reply;
    worker->held_commits = state_commits(s->given->state) + 1; // this transaction's
    s->publish_wanted = true;
}

// A reply too large to be sent becomes an error.
static void
queue_reply(struct worker *worker, json_t *reply, struct str tail)
{
    AUTO_JSON *held = reply;
    struct err problem;
    if (!held || wire_put(&worker->wire, held, tail, &problem) == 0)
        return;
    AUTO_JSON *error = server_error(&problem);
    (void)!wire_put(&worker->wire, error, STR(""), &problem);
}

bool
calls_apply(struct supervisor *s)
{
    bool any = false;
    VEC_EACH (struct worker *, at, &s->workers) {
        struct worker *worker = *at;
        for (size_t i = 0; i < worker->calls.count; i++) {
            // Here secrets end: nobody behind this line sees one, except for blobs, which are refused.
            struct frame *call = &worker->calls.items[i];
            call->json = secrets_mask(state_secrets(s->given->state), call->json);
            AUTO_BUF tail = BUF(WIRE_MAX_BYTES);
            json_t *reply = apply_call(s, worker, &worker->calls.items[i], &tail);
            worker->must_wait = worker->must_wait || json_object_get(reply, "waiting");
            if (must_be_published(s, worker->calls.items[i].json, reply))
                hold_reply(s, worker, reply);
            else
                queue_reply(worker, reply, buf_str(&tail));
            frame_release(&worker->calls.items[i]);
            any = true;
        }
        worker->calls.count = 0;
    }
    return any;
}

void
calls_send(struct supervisor *s)
{
    VEC_EACH (struct worker *, at, &s->workers) {
        struct err ignored;
        if ((*at)->wire.out.len > 0 && wire_flush(&(*at)->wire, &ignored) == 0)
            crew_watch(s, *at, true);
    }
}

// Writes down that an activity ran into a limit of its own; whether its policy has another attempt.
static bool
activity_goes_on(struct supervisor *s, const struct worker *worker, struct err *problem)
{
    const json_t *begin = worker->limits.activity.begin, *policy = json_object_get(begin, "policy");
    struct server server = server_of(s, worker);
    struct activity activity = {&server, json_get_text(begin, "name", ""), json_get_text(begin, "key", "")};
    struct err failed;
    bool again = false;
    char span[24];
    clock_human(worker->over.span_ns, span, sizeof(span));
    err_set(problem, ERR_TIMEOUT, "activity %s \"%s\" was stopped after %s, its %s", activity.name,
            activity.key, span, worker->over.what);
    if (attempt_fail(&activity, policy, json_get_bool(policy, "timeout_final", true), ERR_TIMEOUT,
                     problem->message, &again, &failed) < 0)
        *problem = failed;
    return again;
}

// What the end of a process without a report means for its task.
static void
judge_end(struct supervisor *s, struct worker *worker)
{
    struct task *task = worker->task;
    struct err problem;
    if (worker->reported)
        return;
    if (worker->stopped || (worker_was_killed(worker) && ++task->lost <= LOST_MAX)) {
        schedule_lose(s->given->schedule, task);
        return;
    }
    worker_describe_end(worker, &problem);
    if (worker->over.of_activity && activity_goes_on(s, worker, &problem))
        schedule_lose(s->given->schedule, task);
    else
        schedule_fail(s->given->schedule, task, &problem, supervisor_wall(s));
}

// Forgets workers that ended; a step that succeeded needs its folder no more.
void
calls_reap(struct supervisor *s)
{
    for (size_t i = s->workers.count; i-- > 0;) {
        struct worker *worker = s->workers.items[i];
        if (!worker->ended)
            continue;
        judge_end(s, worker);
        AUTO_ARENA arena = {0};
        struct err ignored;
        if (worker->task->status == TASK_SUCCEEDED)
            (void)!fs_remove_tree(assignment_scratch(s->given, worker->task, &arena), &ignored);
        crew_remove(s, worker);
    }
}
