// SPDX-License-Identifier: Apache-2.0
#include "base/loop.h"

#include "base/clock.h"
#include "base/vec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 32

// A descriptor, or a process when `pid` is set; `fd` is its pidfd then.
struct watch {
    struct watch *next;
    int fd;
    pid_t pid;
    loop_fd_fn fd_fn;
    loop_pid_fn pid_fn;
    void *context;
    bool dead; // freed after the current dispatch, which may still hold events for it
};

struct timer {
    uint64_t id;
    int64_t due_ns;
    loop_timer_fn fn;
    void *context;
};

struct loop {
    int epoll;
    struct watch *watches;
    VEC(struct timer) timers;
    uint64_t last_id;
};

struct loop *
loop_new(struct err *err)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        abort();
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll >= 0)
        return loop;
    err_sys(err, ERR_IO, "making an event loop");
    free(loop);
    return NULL;
}

static void
watch_end(struct loop *loop, struct watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    if (watch->pid)
        close(watch->fd);
    watch->dead = true;
}

// Frees watches that ended, or all of them.
static void
watches_sweep(struct loop *loop, bool all)
{
    for (struct watch **link = &loop->watches; *link;) {
        struct watch *watch = *link;
        if (all && !watch->dead)
            watch_end(loop, watch);
        if (watch->dead) {
            *link = watch->next;
            free(watch);
        } else {
            link = &watch->next;
        }
    }
}

void
loop_free(struct loop *loop)
{
    if (!loop)
        return;
    watches_sweep(loop, true);
    close(loop->epoll);
    vec_release(&loop->timers);
    free(loop);
}

static struct watch *
watch_of_fd(const struct loop *loop, int fd)
{
    for (struct watch *watch = loop->watches; watch; watch = watch->next)
        if (watch->fd == fd && !watch->pid && !watch->dead)
            return watch;
    return NULL;
}

static struct watch *
watch_add(struct loop *loop, struct watch values, uint32_t events)
{
    struct watch *watch = malloc(sizeof(*watch));
    if (!watch)
        abort();
    *watch = values;
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) < 0) {
        free(watch);
        return NULL;
    }
    watch->next = loop->watches;
    loop->watches = watch;
    return watch;
}

int
loop_watch_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *context, struct err *err)
{
    loop_unwatch_fd(loop, fd);
    struct watch watch = {.fd = fd, .fd_fn = fn, .context = context};
    return watch_add(loop, watch, events) ? 0 : err_sys(err, ERR_IO, "watching descriptor %d", fd);
}

void
loop_unwatch_fd(struct loop *loop, int fd)
{
    struct watch *watch = watch_of_fd(loop, fd);
    if (watch)
        watch_end(loop, watch);
}

int
loop_watch_pid(struct loop *loop, pid_t pid, loop_pid_fn fn, void *context, struct err *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct watch watch = {.fd = fd, .pid = pid, .pid_fn = fn, .context = context};
    if (fd >= 0 && watch_add(loop, watch, EPOLLIN))
        return 0;
    err_sys(err, ERR_IO, "watching process %d", (int)pid);
    if (fd >= 0)
        close(fd);
    return -1;
}

uint64_t
loop_timer(struct loop *loop, int64_t due_mono_ns, loop_timer_fn fn, void *context)
{
    *vec_push(&loop->timers) = (struct timer){++loop->last_id, due_mono_ns, fn, context};
    return loop->last_id;
}

void
loop_timer_cancel(struct loop *loop, uint64_t id)
{
    for (size_t i = 0; i < loop->timers.count; i++) {
        if (loop->timers.items[i].id == id) {
            loop->timers.items[i] = loop->timers.items[--loop->timers.count];
            return;
        }
    }
}

bool
loop_idle(const struct loop *loop)
{
    for (const struct watch *watch = loop->watches; watch; watch = watch->next)
        if (!watch->dead)
            return false;
    return loop->timers.count == 0;
}

// The timer that is due first, of those made up to `last_id`; NULL when there is none.
static struct timer *
timer_first(const struct loop *loop, uint64_t last_id)
{
    struct timer *first = NULL;
    VEC_EACH (struct timer, timer, &loop->timers) {
        bool is_sooner = !first || timer->due_ns < first->due_ns ||
                         (timer->due_ns == first->due_ns && timer->id < first->id);
        if (timer->id <= last_id && is_sooner)
            first = timer;
    }
    return first;
}

// Timers that a callback makes wait for the next step, so that a loop of them starves nobody.
static int
timers_fire(struct loop *loop)
{
    int fired = 0;
    uint64_t last_id = loop->last_id;
    int64_t now_ns = clock_mono_ns();
    struct timer *first;
    while ((first = timer_first(loop, last_id)) && first->due_ns <= now_ns) {
        struct timer timer = *first;
        loop_timer_cancel(loop, timer.id);
        timer.fn(timer.context);
        fired++;
    }
    return fired;
}

// Milliseconds to wait, rounded up: a timer is never early.
static int
wait_ms(const struct loop *loop, int64_t timeout_ns)
{
    const struct timer *first = timer_first(loop, UINT64_MAX);
    if (first) {
        int64_t left_ns = first->due_ns - clock_mono_ns();
        left_ns = left_ns < 0 ? 0 : left_ns;
        timeout_ns = timeout_ns < 0 || left_ns < timeout_ns ? left_ns : timeout_ns;
    }
    if (timeout_ns < 0)
        return loop_idle(loop) ? 0 : -1;
    int64_t ms = timeout_ns / CLOCK_MS_NS + (timeout_ns % CLOCK_MS_NS > 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int
dispatch(struct loop *loop, struct watch *watch, uint32_t events)
{
    if (watch->dead)
        return 0;
    if (!watch->pid) {
        watch->fd_fn(watch->context, watch->fd, events);
        return 1;
    }
    int status = 255 << 8; // somebody else reaped it
    struct rusage usage = {0};
    if (wait4(watch->pid, &status, WNOHANG, &usage) == 0)
        return 0;
    watch_end(loop, watch);
    watch->pid_fn(watch->context, watch->pid, status, &usage);
    return 1;
}

int
loop_step(struct loop *loop, int64_t timeout_ns, struct err *err)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, wait_ms(loop, timeout_ns));
    if (count < 0 && errno != EINTR)
        return err_sys(err, ERR_IO, "waiting for events");
    int calls = 0;
    for (int i = 0; i < count; i++)
        calls += dispatch(loop, events[i].data.ptr, events[i].events);
    watches_sweep(loop, false);
    return calls + timers_fire(loop);
}
