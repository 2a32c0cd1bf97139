// SPDX-License-Identifier: Apache-2.0
// A step process as its supervisor sees it: a child with a session of its own, a socket for the journal and a
// pipe for what it prints. It dies with its supervisor (PR_SET_PDEATHSIG), and what it started dies with it
// (base/proc.h).
#ifndef ATOLL_WORKFLOW_WORKER_H
#define ATOLL_WORKFLOW_WORKER_H

#include "workflow/limit.h"
#include "workflow/schedule.h"
#include "workflow/wire.h"

#include <sys/types.h>

struct seat; // what a timer of the supervisor needs to find its worker

struct worker {
    struct task *task;
    struct seat *seat; // borrowed
    pid_t pid;
    struct wire wire;        // not blocking
    int output_fd;           // stdout and stderr, not blocking
    struct buf line;         // of its output, not yet ended
    VEC(struct frame) calls; // read and not yet applied
    struct limits limits;
    struct limit over;     // the limit that it was killed for; `what` NULL = none
    json_t *held;          // a reply that waits until what came before it is published, owned
    uint64_t held_commits; // published when that many commits are (state_commits)
    uint64_t timer;        // of the limit that is over first, 0 = none
    bool ended;            // the process was reaped
    int wait_status;
    bool stopped;      // a signal was sent because the whole run stops
    bool must_wait;    // it was told to wait
    bool reported;     // it sent its outputs or its error
    struct err broken; // what was wrong with its frames, when `unreadable`
    bool unreadable;
};

// Starts `self_path` with `argv` and sends the assignment; without a task it is a courier
// (workflow/courier.h), which alone gets ATOLL_STATE_TOKEN. Returns owned, or NULL (ERR_IO).
struct worker *worker_start(const char *self_path, const char *const *argv, struct task *task,
                            const json_t *assignment, struct err *err) MUST_USE;

// Frees it and closes its descriptors; the process must be reaped.
void worker_free(struct worker *worker);

// Sends a signal to the process and its group; one that ended is fine.
void worker_signal(const struct worker *worker, int signal);

// Takes what the socket holds now into `calls`.
void worker_read(struct worker *worker);

// Takes what the pipe holds now; calls `line_fn` for each line, a long one in pieces. False at the end of the
// pipe.
bool worker_read_output(struct worker *worker,
                        void (*line_fn)(void *context, struct worker *worker, const char *line),
                        void *context);

// Calls `line_fn` for a last line that was never ended.
void worker_end_output(struct worker *worker,
                       void (*line_fn)(void *context, struct worker *worker, const char *line),
                       void *context);

// How an attempt that never reported ended, as an error: ERR_TIMEOUT, or ERR_INTERNAL for an exit or a
// signal.
void worker_describe_end(const struct worker *worker, struct err *err);

// Whether somebody else killed it (SIGKILL or SIGTERM): the attempt is lost, not failed.
bool worker_was_killed(const struct worker *worker);

#endif
