// SPDX-License-Identifier: Apache-2.0
#include "workflow/crew.h"

#include "base/clock.h"
#include "workflow/notice.h"
#include "workflow/scheduler.h"
#include "workflow/signal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

// How long a publication that is under way may take to end, after a signal and else.
#define STOPPED_PATIENCE_NS (2 * CLOCK_S_NS)
#define ENDED_PATIENCE_NS (120 * CLOCK_S_NS)

void
supervisor_tell(const struct supervisor *s, const char *type, const struct task *task, const char *text,
                const json_t *details)
{
    const struct secrets *secrets = state_secrets(s->given->state);
    AUTO_ARENA arena = {0};
    AUTO_JSON *shown = secrets_mask(secrets, json_incref((json_t *)(uintptr_t)details));
    notice_tell(s->given->options, type, s->given->run->id, task ? task->key : NULL,
                secrets_mask_text(secrets, &arena, text), shown);
}

int64_t
supervisor_wall(const struct supervisor *s)
{
    return state_now(s->given->state);
}

// ---- stopping

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
    crew_stop(s, s->stops > 1 ? SIGKILL : SIGTERM);
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

// ---- turns

// How many steps may run at the same time.
static size_t
seats_of(const struct supervisor *s)
{
    int asked = s->given->options->parallel;
    return (size_t)(asked > 0 ? asked : s->given->schedule->pipeline->parallel);
}

// Whether the pipeline says that the state is published before or after this step.
static bool
publishes(const struct supervisor *s, const struct task *task, const char *when)
{
    const char *publish = s->given->schedule->pipeline->steps[task->step].publish;
    return publish && strcmp(publish, when) == 0;
}

static void
choose_starts(struct supervisor *s)
{
    size_t seats = seats_of(s);
    s->starting.count = 0;
    s->starts_held = false;
    // Also when it stops: a pipeline whose last step just ended is at its end, not interrupted.
    schedule_advance(s->given->schedule);
    if (s->stops > 0 || s->fenced || s->cancelled)
        return;
    while (s->workers.count + s->starting.count < seats) {
        struct task *task = schedule_next(s->given->schedule, supervisor_wall(s));
        s->starts_held = task && publishes(s, task, "before") && !publisher_is_ahead(s);
        if (!task || s->starts_held)
            return;
        schedule_start(s->given->schedule, task, supervisor_wall(s));
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
        if (task_ended(task) && publishes(s, task, "after"))
            s->publish_wanted = true;
        notices_add(notices, s->given->schedule, task, supervisor_wall(s));
    }
    return 0;
}

static int
start_chosen(struct supervisor *s, struct err *err)
{
    VEC_EACH (struct task *, at, &s->starting)
        if (crew_start(s, *at, err) < 0)
            return err_wrap(err, "step %s", (*at)->key);
    return 0;
}

// What follows from all that happened since the last turn.
static int
work_forward(struct supervisor *s, json_t *notices, struct err *err)
{
    calls_apply(s);
    calls_reap(s);
    if (s->cancelled && s->workers.count == 0)
        schedule_cancel(s->given->schedule, supervisor_wall(s));
    if (mailbox_settle(s, err) < 0)
        return -1;
    choose_starts(s);
    if (!s->fenced)
        return write_changes(s, notices, err);
    if (s->conflict.message[0]) {
        *err = s->conflict;
        return -1;
    }
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
        mailbox_take(s, &arena, &messages, &message_count, err) < 0 || work_forward(s, notices, err) < 0) {
        state_rollback(s->given->state);
        return -1;
    }
    if (state_commit(s->given->state, err) < 0)
        return err_wrap(err, "writing the state");
    signal_drop_taken(s->given->state_path, messages, message_count);
    calls_send(s);
    notices = secrets_mask(state_secrets(s->given->state), notices);
    notices_tell(notices, s->given->options, s->given->run->id);
    return start_chosen(s, err) < 0 ? -1 : publisher_go_on(s, err);
}

// How long the loop may sleep: until the next retry or wait is due.
static int64_t
patience_ns(const struct supervisor *s)
{
    bool full = s->workers.count >= seats_of(s);
    int64_t due =
        s->stops || s->cancelled || s->starts_held || full ? INT64_MAX : schedule_due_ns(s->given->schedule);
    if (s->wait_ns < due)
        due = s->wait_ns;
    if (s->workers.count == 0 && s->linger_ns > 0 && s->linger_ns < due)
        due = s->linger_ns;
    if (due == INT64_MAX)
        return -1;
    int64_t left = due - supervisor_wall(s);
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
        s->linger_ns = supervisor_wall(s) + s->given->options->linger_ns;
    return supervisor_wall(s) >= s->linger_ns;
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
    publisher_init(&s);
    sigprocmask(SIG_BLOCK, NULL, &s.signals_before);
    s.loop = loop_new(err);
    if (!s.loop)
        return -1;
    int result = take_signals(&s, err) < 0 || mailbox_open(&s, err) < 0 ? -1 : run_loop(&s, err);
    if (result < 0)
        crew_kill_rest(&s);
    publisher_await(&s, s.stops > 0 ? STOPPED_PATIENCE_NS : ENDED_PATIENCE_NS);
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
