// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/loop.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct err err;

// What callbacks write down: one letter a call.
static struct loop *loop;
static char trace[64];
static char letters[] = "abcdefghijklmnopqrstuvwxyz"; // contexts
static int pipe_a[2], pipe_b[2];
static uint64_t timer_id;

static void
note(char c)
{
    size_t len = strlen(trace);
    if (len + 1 < sizeof(trace))
        trace[len] = c;
}

static void
begin(void)
{
    loop = loop_new(&err);
    ck_assert_ptr_nonnull(loop);
    ck_assert_int_eq(pipe2(pipe_a, O_CLOEXEC | O_NONBLOCK), 0);
    ck_assert_int_eq(pipe2(pipe_b, O_CLOEXEC | O_NONBLOCK), 0);
}

static int64_t called_ns[8]; // when each call of on_timer was

static void
on_timer(void *context)
{
    called_ns[strlen(trace)] = clock_mono_ns();
    note(*(const char *)context);
}

static void
on_read(void *context, int fd, uint32_t events)
{
    char c;
    if (events & EPOLLIN && read(fd, &c, 1) == 1)
        note(c);
    else if (events & EPOLLHUP)
        note('H');
    (void)context;
}

START_TEST(waits_for_descriptors)
{
    begin();
    ck_assert_int_eq(loop_watch_fd(loop, pipe_a[0], EPOLLIN, on_read, NULL, &err), 0);
    ck_assert_int_eq(loop_step(loop, 0, &err), 0);
    ck_assert_int_eq(write(pipe_a[1], "xy", 2), 2);
    ck_assert_int_eq(loop_step(loop, -1, &err), 1);
    ck_assert_int_eq(loop_step(loop, -1, &err), 1); // still readable
    ck_assert_int_eq(loop_step(loop, 0, &err), 0);
    close(pipe_a[1]);
    ck_assert_int_eq(loop_step(loop, -1, &err), 1);
    ck_assert_str_eq(trace, "xyH");
    loop_unwatch_fd(loop, pipe_a[0]);
    loop_unwatch_fd(loop, pipe_a[0]);
    ck_assert_int_eq(loop_step(loop, 0, &err), 0);
    ck_assert(loop_idle(loop));
    ck_assert_int_eq(loop_step(loop, -1, &err), 0); // nothing to wait for
    loop_free(loop);
}
END_TEST

static void
on_any(void *context, int fd, uint32_t events)
{
    (void)fd;
    note(events & EPOLLOUT ? 'o' : 'i');
    (void)context;
}

START_TEST(changes_a_watch)
{
    begin();
    ck_assert_int_eq(loop_watch_fd(loop, pipe_a[1], EPOLLIN, on_any, NULL, &err), 0);
    ck_assert_int_eq(loop_step(loop, 0, &err), 0);
    ck_assert_int_eq(loop_watch_fd(loop, pipe_a[1], EPOLLOUT, on_any, NULL, &err), 0);
    ck_assert_int_eq(loop_step(loop, 0, &err), 1);
    ck_assert_str_eq(trace, "o");
    ck_assert_int_eq(loop_watch_fd(loop, 9999, EPOLLIN, on_any, NULL, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    loop_free(loop);
}
END_TEST

static void
on_end_both(void *context, int fd, uint32_t events)
{
    (void)context;
    (void)fd;
    (void)events;
    note('1');
    loop_unwatch_fd(loop, pipe_a[0]);
    loop_unwatch_fd(loop, pipe_b[0]);
}

// Both are readable, the first callback ends both: the second must not be called any more.
START_TEST(unwatches_inside_a_callback)
{
    begin();
    ck_assert_int_eq(loop_watch_fd(loop, pipe_a[0], EPOLLIN, on_end_both, NULL, &err), 0);
    ck_assert_int_eq(loop_watch_fd(loop, pipe_b[0], EPOLLIN, on_end_both, NULL, &err), 0);
    ck_assert_int_eq(write(pipe_a[1], "x", 1), 1);
    ck_assert_int_eq(write(pipe_b[1], "x", 1), 1);
    ck_assert_int_eq(loop_step(loop, -1, &err), 1);
    ck_assert_str_eq(trace, "1");
    loop_free(loop);
}
END_TEST

START_TEST(fires_timers_in_order_and_never_early)
{
    begin();
    int64_t start_ns = clock_mono_ns();
    uint64_t cancelled = loop_timer(loop, start_ns + 30 * CLOCK_MS_NS, on_timer, &letters['x' - 'a']);
    loop_timer(loop, start_ns + 60 * CLOCK_MS_NS, on_timer, &letters['c' - 'a']);
    loop_timer(loop, start_ns + 20500 * INT64_C(1000), on_timer, &letters['a' - 'a']);
    loop_timer(loop, start_ns + 20500 * INT64_C(1000), on_timer, &letters['b' - 'a']);
    ck_assert_uint_ne(cancelled, 0);
    loop_timer_cancel(loop, cancelled);
    loop_timer_cancel(loop, cancelled);
    int calls = 0;
    while (calls < 3)
        calls += loop_step(loop, -1, &err);
    ck_assert_str_eq(trace, "abc");
    ck_assert_int_ge(called_ns[0] - start_ns, 20500 * INT64_C(1000));
    ck_assert_int_ge(called_ns[1] - start_ns, 20500 * INT64_C(1000));
    ck_assert_int_ge(called_ns[2] - start_ns, 60 * CLOCK_MS_NS);
    ck_assert_int_lt(called_ns[2] - start_ns, 60000 * CLOCK_MS_NS);
    ck_assert(loop_idle(loop));
    // A step that may not wait so long calls nothing.
    loop_timer(loop, clock_mono_ns() + 600000 * CLOCK_MS_NS, on_timer, &letters['d' - 'a']);
    ck_assert_int_eq(loop_step(loop, CLOCK_MS_NS, &err), 0);
    ck_assert_str_eq(trace, "abc");
    loop_free(loop);
}
END_TEST

static void
on_again(void *context)
{
    note('t');
    timer_id = loop_timer(loop, 0, on_again, context);
}

// A timer that always sets the next one, already due, does not keep a descriptor from its turn.
START_TEST(a_renewing_timer_starves_nobody)
{
    begin();
    ck_assert_int_eq(loop_watch_fd(loop, pipe_a[0], EPOLLIN, on_read, NULL, &err), 0);
    timer_id = loop_timer(loop, 0, on_again, NULL);
    ck_assert_int_eq(write(pipe_a[1], "x", 1), 1);
    ck_assert_int_eq(loop_step(loop, -1, &err), 2);
    ck_assert_int_eq(loop_step(loop, -1, &err), 1);
    ck_assert_str_eq(trace, "xtt");
    loop_timer_cancel(loop, timer_id);
    ck_assert_int_eq(loop_step(loop, 0, &err), 0);
    loop_free(loop);
}
END_TEST

static pid_t ended_pid;
static int ended_status;
static struct rusage ended_usage;

static void
on_end(void *context, pid_t pid, int status, const struct rusage *usage)
{
    note(*(const char *)context);
    ended_pid = pid;
    ended_status = status;
    ended_usage = *usage;
}

START_TEST(reaps_processes)
{
    begin();
    pid_t child = fork();
    if (child == 0) {
        volatile unsigned work = 0;
        while (clock() < CLOCKS_PER_SEC / 20)
            work++;
        _exit(7);
    }
    ck_assert_int_eq(loop_watch_pid(loop, child, on_end, &letters['p' - 'a'], &err), 0);
    ck_assert(!loop_idle(loop));
    ck_assert_int_eq(loop_step(loop, -1, &err), 1);
    ck_assert_str_eq(trace, "p");
    ck_assert_int_eq(ended_pid, child);
    ck_assert(WIFEXITED(ended_status) && WEXITSTATUS(ended_status) == 7);
    ck_assert_int_gt(ended_usage.ru_utime.tv_usec + ended_usage.ru_stime.tv_usec, 20000);
    ck_assert_int_eq(waitpid(child, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert(loop_idle(loop));
    ck_assert_int_eq(loop_watch_pid(loop, child, on_end, &letters['p' - 'a'], &err), -1);
    loop_free(loop);
}
END_TEST

START_TEST(free_leaves_processes_alone)
{
    begin();
    pid_t child = fork();
    if (child == 0) {
        char c;
        close(pipe_a[1]);
        fcntl(pipe_a[0], F_SETFL, 0);
        _exit(read(pipe_a[0], &c, 1) == 0 ? 5 : 6);
    }
    ck_assert_int_eq(loop_watch_pid(loop, child, on_end, &letters['p' - 'a'], &err), 0);
    loop_timer(loop, 0, on_timer, &letters['t' - 'a']);
    loop_free(loop);
    loop_free(NULL);
    close(pipe_a[1]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 5);
    ck_assert_str_eq(trace, "");
}
END_TEST

UNIT_MAIN("base/loop", waits_for_descriptors, changes_a_watch, unwatches_inside_a_callback,
          fires_timers_in_order_and_never_early, a_renewing_timer_starves_nobody, reaps_processes,
          free_leaves_processes_alone)
