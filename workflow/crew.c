// SPDX-License-Identifier: Apache-2.0
#include "workflow/crew.h"

#include "base/clock.h"
#include "base/fs.h"
#include "workflow/assignment.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_PATIENCE_NS ((int64_t)3000000000)

void
crew_signal(struct supervisor *s, int number)
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
    crew_signal(s, SIGKILL);
}

void
crew_stop(struct supervisor *s, int number)
{
    crew_signal(s, number);
    if (s->kill_timer == 0)
        s->kill_timer = loop_timer(s->loop, clock_mono_ns() + STOP_PATIENCE_NS, on_patience_over, s);
}

static struct worker *
worker_with(struct supervisor *s, int fd)
{
    VEC_EACH (struct worker *, at, &s->workers)
        if ((*at)->wire.fd == fd || (*at)->output_fd == fd)
            return *at;
    return NULL;
}

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
        crew_watch(s, worker, false);
}

// A socket that can't be watched is a worker that can't be heard.
void
crew_watch(struct supervisor *s, struct worker *worker, bool more_to_write)
{
    struct err ignored;
    uint32_t events = more_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (loop_watch_fd(s->loop, worker->wire.fd, events, on_socket, s, &ignored) < 0)
        worker_signal(worker, SIGKILL);
}

static void
on_line(void *context, struct worker *worker, const char *line)
{
    supervisor_tell(context, "output", worker->task, line, NULL);
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

// Kills a worker whose first limit is over; limits may have moved since the timer was set.
static void
on_limit(void *context)
{
    struct seat *seat = context;
    struct worker *worker = seat->worker;
    worker->timer = 0;
    struct limit first = limits_first(&worker->limits);
    if (first.due_ns > clock_mono_ns()) {
        crew_arm(seat);
        return;
    }
    worker->over = first;
    worker_signal(worker, SIGKILL);
}

// Sets the timer for the limit that is over first.
void
crew_arm(struct seat *seat)
{
    struct worker *worker = seat->worker;
    int64_t due_ns = limits_first(&worker->limits).due_ns;
    if (worker->timer)
        loop_timer_cancel(seat->supervisor->loop, worker->timer);
    worker->timer = due_ns == INT64_MAX ? 0 : loop_timer(seat->supervisor->loop, due_ns, on_limit, seat);
}

void
crew_remove(struct supervisor *s, struct worker *worker)
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
    crew_remove(s, worker);
}

static void
watch_limits(struct supervisor *s, struct worker *worker)
{
    const struct task *task = worker->task;
    const struct pipeline_timeouts *timeouts = &s->given->schedule->pipeline->steps[task->step].timeouts;
    int64_t now_ns = clock_mono_ns(), used_ns = supervisor_wall(s) - task->ready_ns;
    worker->limits = (struct limits){
        .step = *timeouts,
        .started_ns = now_ns,
        .heard_ns = now_ns,
        .close_ns = now_ns + timeouts->schedule_to_close_ns - (task->ready_ns ? used_ns : 0),
    };
    worker->seat = ARENA_NEW(s->given->schedule->arena, struct seat);
    *worker->seat = (struct seat){s, worker};
    crew_arm(worker->seat);
}

int
crew_start(struct supervisor *s, struct task *task, struct err *err)
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
    crew_watch(s, worker, worker->wire.out.len > 0);
    if (loop_watch_fd(s->loop, worker->output_fd, EPOLLIN, on_output, s, err) < 0 ||
        loop_watch_pid(s->loop, worker->pid, on_exit_of, s, err) < 0) {
        end_unwatched(s, worker);
        return -1;
    }
    watch_limits(s, worker);
    return 0;
}

// The end of everything that still runs, without a word to the state.
void
crew_kill_rest(struct supervisor *s)
{
    struct err ignored;
    crew_signal(s, SIGKILL);
    while (s->workers.count > 0) {
        if (loop_step(s->loop, -1, &ignored) < 0)
            break;
        for (size_t i = s->workers.count; i-- > 0;)
            if (s->workers.items[i]->ended)
                crew_remove(s, s->workers.items[i]);
    }
}
