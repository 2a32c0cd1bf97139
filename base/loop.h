// SPDX-License-Identifier: Apache-2.0
// An event loop for one thread over epoll(7): descriptors, child processes (pidfd), timers. Callbacks run
// inside loop_step and may watch, unwatch and cancel anything, themselves included.
#ifndef ATOLL_BASE_LOOP_H
#define ATOLL_BASE_LOOP_H

#include "base/err.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/types.h>

struct loop;

// What is called for a descriptor, with its epoll events.
typedef void (*loop_fd_fn)(void *context, int fd, uint32_t events);
// For a process that ended and was reaped.
typedef void (*loop_pid_fn)(void *context, pid_t pid, int wait_status, const struct rusage *usage);
// For a timer that is due.
typedef void (*loop_timer_fn)(void *context);

// A new loop, owned, or NULL (ERR_IO).
struct loop *loop_new(struct err *err) MUST_USE;

// Frees it. Watched descriptors stay open, watched processes run on unreaped. NULL is fine.
void loop_free(struct loop *loop);

// Calls `fn` while `events` (EPOLLIN, EPOLLOUT; EPOLLHUP and EPOLLERR always) hold; again for the same
// descriptor changes it. ERR_IO.
int loop_watch_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *context,
                  struct err *err) MUST_USE;

// Ends the watch; must come before the descriptor is closed. An unknown one is fine.
void loop_unwatch_fd(struct loop *loop, int fd);

// Reaps the child `pid` when it ends and calls `fn` once with its wait status and resources. ERR_IO.
int loop_watch_pid(struct loop *loop, pid_t pid, loop_pid_fn fn, void *context, struct err *err) MUST_USE;

// Calls `fn` once, at `due_mono_ns` (clock_mono_ns) or later, never earlier. Gives an id, never 0.
uint64_t loop_timer(struct loop *loop, int64_t due_mono_ns, loop_timer_fn fn, void *context);

// Forgets a timer; one that fired or is unknown is fine.
void loop_timer_cancel(struct loop *loop, uint64_t id);

// Waits for at most `timeout_ns` (-1: until something happens) and calls what is due. Gives the number of
// callbacks, 0 when the time ran out or a signal came, -1 on ERR_IO.
int loop_step(struct loop *loop, int64_t timeout_ns, struct err *err) MUST_USE;

// Whether nothing is watched and no timer is pending: loop_step would wait for nothing.
bool loop_idle(const struct loop *loop);

#endif
