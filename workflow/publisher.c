// SPDX-License-Identifier: Apache-2.0
// Publishes the state while steps go on: every so often, before an effect leaves, when a step asks for it,
// and to keep the lease.
#include "workflow/crew.h"

#include "base/clock.h"
#include "workflow/notice.h"

#include <errno.h>
#include <sys/wait.h>

#define RETRY_MAX_NS (60 * CLOCK_S_NS)

bool
publisher_is_on(const struct supervisor *s)
{
    return s->given->travel && s->given->travel->carrier;
}

void
publisher_init(struct supervisor *s)
{
    if (!publisher_is_on(s))
        return;
    s->published_commits = state_commits(s->given->state);
    s->publish_ns = clock_mono_ns() + s->given->travel->every_ns;
}

bool
publisher_is_ahead(struct supervisor *s)
{
    if (!publisher_is_on(s) || s->published_commits >= state_commits(s->given->state))
        return true;
    s->publish_wanted = true;
    return false;
}

// Sends the replies that waited for this.
static void
release_replies(struct supervisor *s)
{
    VEC_EACH (struct worker *, at, &s->workers) {
        struct worker *worker = *at;
        struct err ignored;
        if (!worker->held || worker->held_commits > s->published_commits)
            continue;
        if (wire_put(&worker->wire, worker->held, STR(""), &ignored) < 0)
            worker_signal(worker, SIGKILL);
        json_drop(&worker->held);
        if (wire_flush(&worker->wire, &ignored) == 0)
            crew_watch(s, worker, true);
    }
}

// A failure may pass; one that says that somebody else has the state does not.
static void
note_failure(struct supervisor *s, const struct err *problem)
{
    if (problem->kind == ERR_CONFLICT) {
        s->conflict = *problem;
        s->fenced = true;
        return;
    }
    int64_t wait_ns = CLOCK_S_NS << (s->publish_failures < 6 ? s->publish_failures : 6);
    s->publish_failures++;
    s->publish_ns = clock_mono_ns() + (wait_ns < RETRY_MAX_NS ? wait_ns : RETRY_MAX_NS);
    s->publish_wanted = true;
    supervisor_tell(s, "warning", NULL, problem->message, NULL);
}

static void
on_courier_line(void *context, struct worker *worker, const char *line)
{
    (void)worker;
    supervisor_tell(context, "output", NULL, line, NULL);
}

static void
on_courier(void *context, int fd, uint32_t events)
{
    struct supervisor *s = context;
    (void)events;
    if (!s->courier)
        return;
    if (fd == s->courier->wire.fd)
        worker_read(s->courier);
    bool open = fd == s->courier->wire.fd ? !s->courier->wire.ended
                                          : worker_read_output(s->courier, on_courier_line, s);
    if (!open)
        loop_unwatch_fd(s->loop, fd);
}

static void
on_courier_end(void *context, pid_t pid, int wait_status, const struct rusage *usage)
{
    struct supervisor *s = context;
    struct worker *courier = s->courier;
    struct err problem;
    (void)usage;
    if (!courier || courier->pid != pid)
        return;
    worker_read(courier);
    courier->ended = true;
    courier->wait_status = wait_status;
    loop_unwatch_fd(s->loop, courier->wire.fd);
    loop_unwatch_fd(s->loop, courier->output_fd);
    s->courier = NULL;
    if (travel_finish(s->given->travel, courier, s->courier_until_ns, &problem) < 0) {
        note_failure(s, &problem);
        return;
    }
    s->publish_failures = 0;
    s->published_commits = s->courier_commits;
    s->publish_ns = clock_mono_ns() + s->given->travel->every_ns;
    release_replies(s);
}

static int
start_courier(struct supervisor *s, struct err *err)
{
    s->publish_wanted = false;
    s->courier_commits = state_commits(s->given->state);
    struct worker *courier = travel_start(s->given->travel, supervisor_wall(s), &s->courier_until_ns, err);
    if (!courier)
        return -1;
    s->courier = courier;
    if (loop_watch_fd(s->loop, courier->wire.fd, EPOLLIN, on_courier, s, err) == 0 &&
        loop_watch_fd(s->loop, courier->output_fd, EPOLLIN, on_courier, s, err) == 0 &&
        loop_watch_pid(s->loop, courier->pid, on_courier_end, s, err) == 0)
        return 0;
    publisher_stop(s);
    return -1;
}

static void
on_publish_time(void *context)
{
    struct supervisor *s = context;
    s->publish_timer = 0; // the turn that follows looks what is due
}

// When the next publication is due by the monotonic clock: soon when something was committed, and at half of
// the lease in any case.
static int64_t
due_ns(const struct supervisor *s)
{
    const struct travel *travel = s->given->travel;
    int64_t now_ns = clock_mono_ns();
    int64_t renew_ns = now_ns + (travel->until_ns - supervisor_wall(s)) - travel->lease_ns / 2;
    bool behind = s->published_commits < state_commits(s->given->state);
    int64_t due = behind && s->publish_ns < renew_ns ? s->publish_ns : renew_ns;
    if (s->publish_wanted)
        due = now_ns;
    return s->publish_failures > 0 && due < s->publish_ns ? s->publish_ns : due;
}

int
publisher_go_on(struct supervisor *s, struct err *err)
{
    if (!publisher_is_on(s) || s->courier || s->stops > 0)
        return 0;
    int64_t due = due_ns(s);
    if (due <= clock_mono_ns())
        return start_courier(s, err);
    if (s->publish_timer)
        loop_timer_cancel(s->loop, s->publish_timer);
    s->publish_timer = loop_timer(s->loop, due, on_publish_time, s);
    return 0;
}

void
publisher_await(struct supervisor *s, int64_t patience_ns)
{
    int64_t end_ns = clock_mono_ns() + patience_ns;
    struct err ignored;
    while (s->courier && clock_mono_ns() < end_ns)
        if (loop_step(s->loop, end_ns - clock_mono_ns(), &ignored) < 0)
            break;
    publisher_stop(s);
}

void
publisher_stop(struct supervisor *s)
{
    struct worker *courier = s->courier;
    if (!courier)
        return;
    s->courier = NULL;
    worker_signal(courier, SIGKILL);
    loop_unwatch_fd(s->loop, courier->wire.fd);
    loop_unwatch_fd(s->loop, courier->output_fd);
    while (waitpid(courier->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    courier->ended = true;
    worker_free(courier);
}
