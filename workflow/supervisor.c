// SPDX-License-Identifier: Apache-2.0
#include "workflow/supervisor.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/loop.h"
#include "workflow/assignment.h"
#include "workflow/attempt.h"
#include "workflow/notice.h"
#include "workflow/scheduler.h"
#include "workflow/server.h"
#include "workflow/signal.h"
#include "workflow/wait.h"
#include "workflow/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_PATIENCE_NS ((int64_t)3000000000)
#define LOST_MAX 3 // times that somebody else killed it or its sandbox, before the step counts as failed

struct supervisor {
    struct supervision *given;
    struct loop *loop;
    VEC(struct worker *) workers;
    VEC(struct task *) starting; // chosen in this turn
    sigset_t signals_before;
    int signal_fd;
    int stops;           // signals to stop so far
    uint64_t kill_timer; // after the first
    bool fenced;
    int inbox_fd;   // inotify on the inbox
    bool inbox_new; // something may lie in it
    bool cancelled;
    int64_t wait_ns;   // wall clock when the first open wait is due; INT64_MAX = none
    int64_t linger_ns; // wall clock until which it stays though everything waits; 0 = not begun
};

static void
tell(const struct supervisor *s, const char *type, const struct task *task, const char *text,
     const json_t *details)
{
    notice_tell(s->given->options, type, s->given->run->id, task ? task->key : NULL, text, details);
}

static int64_t
wall(const struct supervisor *s)
{
    return state_now(s->given->state);
}

// ---- stopping

static void
signal_all(struct supervisor *s, int number)
{
    VEC_EACH (struct worker *, at, &s->workers) {
        (*at)->stopped = true;
        worker_signal(*at, number);
    }
}

static void
on_patience_over(void *context)
{
    struct supervisor *s = context;
    s->kill_timer = 0;
    signal_all(s, SIGKILL);
}

static void
stop_workers(struct supervisor *s, int number)
{
    signal_all(s, number);
    if (s->kill_timer == 0)
        s->kill_timer = loop_timer(s->loop, clock_mono_ns() + STOP_PATIENCE_NS, on_patience_over, s);
}

static void
on_signal(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    struct signalfd_siginfo info;
    (void)events;
    while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        s->stops++;
    if (s->stops == 0)
        return;
    stop_workers(s, s->stops > 1 ? SIGKILL : SIGTERM);
}

// ---- messages

static void
on_inbox(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    char names[4096] __attribute__((aligned(8)));
    (void)events;
    while (read(fd, names, sizeof(names)) > 0)
        s->inbox_new = true;
}

static int
watch_inbox(struct supervisor *s, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *folder = inbox_folder(&arena, s->given->state_path);
    s->inbox_new = true;
    if (fs_mkdirs(folder, err) < 0)
        return -1;
    s->inbox_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (s->inbox_fd < 0 || inotify_add_watch(s->inbox_fd, folder, IN_CREATE | IN_MOVED_TO) < 0)
        return err_sys(err, ERR_IO, "watching %s", folder);
    return loop_watch_fd(s->loop, s->inbox_fd, EPOLLIN, on_inbox, s, err);
}

// Takes what came, and does what it asks for.
static int
take_messages(struct supervisor *s, struct arena *arena, const char ***ids, size_t *count, struct err *err)
{
    struct state *state = s->given->state;
    *count = 0;
    if (!s->inbox_new)
        return 0;
    s->inbox_new = false;
    if (signal_take_inbox(state, s->given->state_path, arena, ids, count, err) < 0 ||
        run_cancel_others(state, s->given->run, err) < 0)
        return -1;
    const char **by = &s->given->cancelled_by;
    int wanted = signal_wants_cancel(state, s->given->run->id, s->given->schedule->arena, by, err);
    if (wanted > 0 && !s->cancelled) {
        s->cancelled = true;
        stop_workers(s, SIGTERM);
    }
    return wanted < 0 ? -1 : 0;
}

// Settles waits and wakes their steps.
static int
settle_waits(struct supervisor *s, struct err *err)
{
    s->wait_ns = INT64_MAX;
    if (!schedule_any_waits(s->given->schedule))
        return 0;
    AUTO_JSON *open = wait_settle(s->given->state, s->given->run, err);
    if (!open)
        return -1;
    schedule_wake(s->given->schedule, open);
    s->wait_ns = wait_rows_due_ns(open);
    return 0;
}

// SIGINT and SIGTERM come through the loop until release.
static int
take_signals(struct supervisor *s, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &s->signals_before);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0)
        return err_sys(err, ERR_IO, "signalfd");
    return loop_watch_fd(s->loop, s->signal_fd, EPOLLIN, on_signal, s, err);
}

static void
give_signals_back(struct supervisor *s)
{
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
}

// ---- workers

struct seat {
    struct supervisor *supervisor;
    struct worker *worker;
};

static struct worker *
worker_with(struct supervisor *s, int fd)
{
    VEC_EACH (struct worker *, at, &s->workers)
        if ((*at)->wire.fd == fd || (*at)->output_fd == fd)
            return *at;
    return NULL;
}

static void watch_socket(struct supervisor *s, struct worker *worker, bool more_to_write);

static void
on_socket(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    struct worker *worker = worker_with(s, fd);
    if (!worker)
        return;
    worker_read(worker);
    worker->limits.heard_ns = clock_mono_ns();
    if (worker->wire.ended || worker->unreadable)
        loop_unwatch_fd(s->loop, fd);
    if (worker->unreadable)
        worker_signal(worker, SIGKILL);
    struct err ignored;
    if ((events & EPOLLOUT) && wire_flush(&worker->wire, &ignored) != 0 && !worker->wire.ended)
        watch_socket(s, worker, false);
}

// A socket that can't be watched is a worker that can't be heard.
static void
watch_socket(struct supervisor *s, struct worker *worker, bool more_to_write)
{
    struct err ignored;
    uint32_t events = more_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (loop_watch_fd(s->loop, worker->wire.fd, events, on_socket, s, &ignored) < 0)
        worker_signal(worker, SIGKILL);
}

static void
on_line(void *context, struct worker *worker, const char *line)
{
    tell(context, "output", worker->task, line, NULL);
}

static void
on_output(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    struct worker *worker = worker_with(s, fd);
    (void)events;
    if (worker && !worker_read_output(worker, on_line, s))
        loop_unwatch_fd(s->loop, fd);
}

static void
on_exit_of(void *context, pid_t pid, int wait_status, const struct rusage *usage)
{
    struct supervisor *s = context;
    (void)usage;
    VEC_EACH (struct worker *, at, &s->workers) {
        struct worker *worker = *at;
        if (worker->pid != pid || worker->ended)
            continue;
        worker_read(worker);
        worker_read_output(worker, on_line, s);
        worker_end_output(worker, on_line, s);
        // What it left in its group has no business any more.
        worker_signal(worker, SIGKILL);
        worker->ended = true;
        worker->wait_status = wait_status;
    }
}

static void arm(struct seat *seat);

// Kills a worker whose first limit is over; limits may have moved since the timer was set.
static void
on_limit(void *context)
{
    struct seat *seat = context;
    struct worker *worker = seat->worker;
    worker->timer = 0;
    struct limit first = limits_first(&worker->limits);
    if (first.due_ns > clock_mono_ns()) {
        arm(seat);
        return;
    }
    worker->over = first;
    worker_signal(worker, SIGKILL);
}

// Sets the timer for the limit that is over first.
static void
arm(struct seat *seat)
{
    struct worker *worker = seat->worker;
    int64_t due_ns = limits_first(&worker->limits).due_ns;
    if (worker->timer)
        loop_timer_cancel(seat->supervisor->loop, worker->timer);
    worker->timer = due_ns == INT64_MAX ? 0 : loop_timer(seat->supervisor->loop, due_ns, on_limit, seat);
}

static void
remove_worker(struct supervisor *s, struct worker *worker)
{
    loop_unwatch_fd(s->loop, worker->wire.fd);
    loop_unwatch_fd(s->loop, worker->output_fd);
    if (worker->timer)
        loop_timer_cancel(s->loop, worker->timer);
    for (size_t i = 0; i < s->workers.count; i++)
        if (s->workers.items[i] == worker) {
            s->workers.items[i] = s->workers.items[--s->workers.count];
            break;
        }
    worker_free(worker);
}

// The loop would never hear of the end of a process that it can't watch.
static void
end_unwatched(struct supervisor *s, struct worker *worker)
{
    worker_signal(worker, SIGKILL);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker->ended = true;
    remove_worker(s, worker);
}

static void
watch_limits(struct supervisor *s, struct worker *worker)
{
    const struct task *task = worker->task;
    const struct pipeline_timeouts *timeouts = &s->given->schedule->pipeline->steps[task->step].timeouts;
    int64_t now_ns = clock_mono_ns(), used_ns = wall(s) - task->ready_ns;
    worker->limits = (struct limits){
        .step = *timeouts,
        .started_ns = now_ns,
        .heard_ns = now_ns,
        .close_ns = now_ns + timeouts->schedule_to_close_ns - (task->ready_ns ? used_ns : 0),
    };
    worker->seat = ARENA_NEW(s->given->schedule->arena, struct seat);
    *worker->seat = (struct seat){s, worker};
    arm(worker->seat);
}

static int
start_process(struct supervisor *s, struct task *task, struct err *err)
{
    static const char *const usual[] = {"atoll", "step-process", NULL};
    const struct engine_options *options = s->given->options;
    AUTO_ARENA arena = {0};
    char *scratch = assignment_scratch(s->given, task, &arena);
    if (fs_mkdirs(scratch, err) < 0)
        return -1;
    AUTO_JSON *assignment = assignment_of(s->given, task, scratch);
    if (!assignment)
        return err_set(err, ERR_INTERNAL, "step %s: a text of its assignment is not UTF-8", task->key);
    struct worker *worker = worker_start(options->self_path, options->self_argv ? options->self_argv : usual,
                                         task, assignment, err);
    if (!worker)
        return -1;
    *vec_push(&s->workers) = worker;
    watch_socket(s, worker, worker->wire.out.len > 0);
    if (loop_watch_fd(s->loop, worker->output_fd, EPOLLIN, on_output, s, err) < 0 ||
        loop_watch_pid(s->loop, worker->pid, on_exit_of, s, err) < 0) {
        end_unwatched(s, worker);
        return -1;
    }
    watch_limits(s, worker);
    return 0;
}

// ---- calls

static void
note_end(struct supervisor *s, struct worker *worker, const json_t *call, bool good)
{
    if (worker->reported)
        return;
    worker->reported = true;
    if (good) {
        json_t *outputs = json_object_get(call, "outputs");
        schedule_succeed(s->given->schedule, worker->task, outputs ? json_incref(outputs) : json_object(),
                         wall(s));
        return;
    }
    struct err problem;
    err_set(&problem, err_kind_of(json_get_text(call, "kind", "")), "%s", json_get_text(call, "message", ""));
    if (problem.kind == ERR_WAITING)
        schedule_wait(s->given->schedule, worker->task);
    else if (problem.kind == ERR_LOST && ++worker->task->lost <= LOST_MAX)
        schedule_lose(s->given->schedule, worker->task);
    else
        schedule_fail(s->given->schedule, worker->task, &problem, wall(s));
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
        arm(worker->seat);
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
        tell(s, name, worker->task, json_get_text(call->json, "text", ""),
             json_object_get(call->json, "details"));
        return NULL;
    }
    if (strcmp(name, "done") == 0 || strcmp(name, "failed") == 0) {
        note_end(s, worker, call->json, *name == 'd');
        return json_pack("{s:b}", "ok", 1);
    }
    if (strcmp(name, "warn") == 0)
        tell(s, "warning", worker->task, json_get_text(call->json, "text", ""), NULL);
    struct server server = server_of(s, worker);
    struct err problem;
    json_t *reply;
    if (server_apply(&server, call, &reply, tail, &s->fenced, &problem) < 0)
        return server_error(&problem);
    note_activity(worker, call->json, reply);
    return reply;
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

static bool
apply_calls(struct supervisor *s)
{
    bool any = false;
    VEC_EACH (struct worker *, at, &s->workers) {
        struct worker *worker = *at;
        for (size_t i = 0; i < worker->calls.count; i++) {
            AUTO_BUF tail = BUF(WIRE_MAX_BYTES);
            json_t *reply = apply_call(s, worker, &worker->calls.items[i], &tail);
            queue_reply(worker, reply, buf_str(&tail));
            frame_release(&worker->calls.items[i]);
            any = true;
        }
        worker->calls.count = 0;
    }
    return any;
}

static void
send_replies(struct supervisor *s)
{
    VEC_EACH (struct worker *, at, &s->workers) {
        struct err ignored;
        if ((*at)->wire.out.len > 0 && wire_flush(&(*at)->wire, &ignored) == 0)
            watch_socket(s, *at, true);
    }
}

// ---- turns

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
        schedule_fail(s->given->schedule, task, &problem, wall(s));
}

// Forgets workers that ended; a step that succeeded needs its folder no more.
static void
reap(struct supervisor *s)
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
        remove_worker(s, worker);
    }
}

// How many steps may run at the same time.
static size_t
seats_of(const struct supervisor *s)
{
    int asked = s->given->options->parallel;
    return (size_t)(asked > 0 ? asked : s->given->schedule->pipeline->parallel);
}

static void
choose_starts(struct supervisor *s)
{
    size_t seats = seats_of(s);
    s->starting.count = 0;
    // Also when it stops: a pipeline whose last step just ended is at its end, not interrupted.
    schedule_advance(s->given->schedule);
    if (s->stops > 0 || s->fenced || s->cancelled)
        return;
    while (s->workers.count + s->starting.count < seats) {
        struct task *task = schedule_next(s->given->schedule, wall(s));
        if (!task)
            return;
        schedule_start(s->given->schedule, task, wall(s));
        *vec_push(&s->starting) = task;
    }
}

static int
write_changes(struct supervisor *s, json_t *notices, struct err *err)
{
    VEC_EACH (struct task *, at, &s->given->schedule->tasks) {
        struct task *task = *at;
        if (!task->changed)
            continue;
        if (run_write_task(s->given->state, s->given->run, s->given->schedule, task, err) < 0)
            return -1;
        notices_add(notices, s->given->schedule, task, wall(s));
    }
    return 0;
}

static int
start_chosen(struct supervisor *s, struct err *err)
{
    VEC_EACH (struct task *, at, &s->starting)
        if (start_process(s, *at, err) < 0)
            return err_wrap(err, "step %s", (*at)->key);
    return 0;
}

// What follows from all that happened since the last turn.
static int
work_forward(struct supervisor *s, json_t *notices, struct err *err)
{
    apply_calls(s);
    reap(s);
    if (s->cancelled && s->workers.count == 0)
        schedule_cancel(s->given->schedule, wall(s));
    if (settle_waits(s, err) < 0)
        return -1;
    choose_starts(s);
    if (!s->fenced)
        return write_changes(s, notices, err);
    (void)!run_check_epoch(s->given->state, s->given->run->number, s->given->run->epoch, err);
    return -1;
}

// One transaction, then replies and starts.
static int
turn(struct supervisor *s, struct err *err)
{
    AUTO_JSON *notices = json_array();
    AUTO_ARENA arena = {0};
    const char **messages = NULL;
    size_t message_count;
    if (state_begin(s->given->state, err) < 0)
        return -1;
    // Before anything is written: not every row that a turn adds carries the epoch.
    const struct run *run = s->given->run;
    if (run_check_epoch(s->given->state, run->number, run->epoch, err) < 0 ||
        take_messages(s, &arena, &messages, &message_count, err) < 0 || work_forward(s, notices, err) < 0) {
        state_rollback(s->given->state);
        return -1;
    }
    if (state_commit(s->given->state, err) < 0)
        return err_wrap(err, "writing the state");
    signal_drop_taken(s->given->state_path, messages, message_count);
    send_replies(s);
    notices_tell(notices, s->given->options, s->given->run->id);
    return start_chosen(s, err);
}

// How long the loop may sleep: until the next retry or wait is due.
static int64_t
patience_ns(const struct supervisor *s)
{
    bool full = s->workers.count >= seats_of(s);
    int64_t due = s->stops || s->cancelled || full ? INT64_MAX : schedule_due_ns(s->given->schedule);
    if (s->wait_ns < due)
        due = s->wait_ns;
    if (s->workers.count == 0 && s->linger_ns > 0 && s->linger_ns < due)
        due = s->linger_ns;
    if (due == INT64_MAX)
        return -1;
    int64_t left = due - wall(s);
    return left > 0 ? left : 0;
}

// Whether all that is left waits, and has for as long as the caller would stay.
static bool
waits_long_enough(struct supervisor *s)
{
    if (!schedule_only_waits(s->given->schedule)) {
        s->linger_ns = 0;
        return false;
    }
    if (s->linger_ns == 0)
        s->linger_ns = wall(s) + s->given->options->linger_ns;
    return wall(s) >= s->linger_ns;
}

static bool
over(struct supervisor *s)
{
    // Asked in any case: a step that goes on meanwhile begins the stay anew.
    bool stayed = waits_long_enough(s);
    return s->workers.count == 0 && (s->stops > 0 || schedule_ended(s->given->schedule) || stayed);
}

static int
run_loop(struct supervisor *s, struct err *err)
{
    for (;;) {
        if (turn(s, err) < 0)
            return -1;
        if (over(s))
            return 0;
        if (s->workers.count == 0 && schedule_due_ns(s->given->schedule) == INT64_MAX && s->linger_ns == 0)
            return err_set(err, ERR_INTERNAL, "no step can run and the pipeline is not at its end");
        if (loop_step(s->loop, patience_ns(s), err) < 0)
            return -1;
    }
}

// The end of everything that still runs, without a word to the state.
static void
kill_rest(struct supervisor *s)
{
    struct err ignored;
    signal_all(s, SIGKILL);
    while (s->workers.count > 0) {
        if (loop_step(s->loop, -1, &ignored) < 0)
            break;
        for (size_t i = s->workers.count; i-- > 0;)
            if (s->workers.items[i]->ended)
                remove_worker(s, s->workers.items[i]);
    }
}

static enum supervision_end
end_of(const struct supervisor *s)
{
    if (s->cancelled)
        return SUPERVISION_CANCELLED;
    if (schedule_ended(s->given->schedule))
        return SUPERVISION_ENDED;
    return s->stops > 0 ? SUPERVISION_STOPPED : SUPERVISION_WAITING;
}

int
supervise(struct supervision *supervision, enum supervision_end *end, struct err *err)
{
    struct supervisor s = {.given = supervision, .signal_fd = -1, .inbox_fd = -1, .wait_ns = INT64_MAX};
    sigprocmask(SIG_BLOCK, NULL, &s.signals_before);
    s.loop = loop_new(err);
    if (!s.loop)
        return -1;
    int result = take_signals(&s, err) < 0 || watch_inbox(&s, err) < 0 ? -1 : run_loop(&s, err);
    if (result < 0)
        kill_rest(&s);
    *end = end_of(&s);
    supervision->due_ns = s.wait_ns == INT64_MAX ? 0 : s.wait_ns;
    loop_free(s.loop);
    give_signals_back(&s);
    if (s.inbox_fd >= 0)
        close(s.inbox_fd);
    vec_release(&s.workers);
    vec_release(&s.starting);
    return result;
}
