// SPDX-License-Identifier: Apache-2.0
// Inside of workflow/supervisor: what its parts share. crew.c starts, watches and stops workers, calls.c
// applies what they say, mailbox.c takes messages in and settles waits, publisher.c publishes beside the
// work, supervisor.c does all of it in turns.
#ifndef ATOLL_WORKFLOW_CREW_H
#define ATOLL_WORKFLOW_CREW_H

#include "base/loop.h"
#include "workflow/supervisor.h"
#include "workflow/worker.h"

#include <signal.h>

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
    struct worker *courier;     // that publishes now, or NULL
    int64_t courier_until_ns;   // how long the head that it publishes names us
    uint64_t courier_commits;   // commits that it publishes at least
    uint64_t published_commits; // that survive this machine
    int64_t publish_ns;         // monotonic: not before
    uint64_t publish_timer;     // 0 = none
    int publish_failures;       // since the last success
    bool starts_held;           // a step waits for a publication before it starts
    bool publish_wanted;        // at once
    struct err conflict;        // why the run is not ours any more, when somebody else published
    int64_t wait_ns;            // wall clock when the first open wait is due; INT64_MAX = none
    int64_t linger_ns;          // wall clock until which it stays though everything waits; 0 = not begun
};

// What a timer needs to find its worker.
struct seat {
    struct supervisor *supervisor;
    struct worker *worker;
};

// Tells the observer; `task` may be NULL.
void supervisor_tell(const struct supervisor *s, const char *type, const struct task *task, const char *text,
                     const json_t *details);

// Wall clock of the host.
int64_t supervisor_wall(const struct supervisor *s);

// Sends a signal to every worker, as part of stopping the run.
void crew_signal(struct supervisor *s, int number);

// The same, and kills those that are left after some patience.
void crew_stop(struct supervisor *s, int number);

// Starts a worker for a task.
int crew_start(struct supervisor *s, struct task *task, struct err *err) MUST_USE;

// Watches the socket of a worker; one that can't be watched is killed.
void crew_watch(struct supervisor *s, struct worker *worker, bool more_to_write);

// Sets the timer of a worker for the limit that is over first.
void crew_arm(struct seat *seat);

// Forgets a worker whose process was reaped.
void crew_remove(struct supervisor *s, struct worker *worker);

// Kills and forgets everything that still runs, without a word to the state.
void crew_kill_rest(struct supervisor *s);

// Applies the calls that arrived to the open transaction and queues their replies.
bool calls_apply(struct supervisor *s);

// Sends queued replies: only after the commit.
void calls_send(struct supervisor *s);

// Judges and forgets workers that ended.
void calls_reap(struct supervisor *s);

// What was committed so far was published when the state was claimed.
void publisher_init(struct supervisor *s);

// Whether the state is published somewhere.
bool publisher_is_on(const struct supervisor *s);

// Starts a courier when it is time, or when somebody asked.
int publisher_go_on(struct supervisor *s, struct err *err) MUST_USE;

// Whether everything that is committed was published; asks for it when not.
bool publisher_is_ahead(struct supervisor *s);

// Lets the courier that is under way end, but not longer than that.
void publisher_await(struct supervisor *s, int64_t patience_ns);

// Kills the courier that is under way.
void publisher_stop(struct supervisor *s);

// Watches the inbox of the state.
int mailbox_open(struct supervisor *s, struct err *err) MUST_USE;

// Takes what came into the open transaction and does what it asks for. Gives the ids to drop after the
// commit; they live in the arena.
int mailbox_take(struct supervisor *s, struct arena *arena, const char ***ids, size_t *count,
                 struct err *err) MUST_USE;

// Settles waits and wakes their steps.
int mailbox_settle(struct supervisor *s, struct err *err) MUST_USE;

#endif
