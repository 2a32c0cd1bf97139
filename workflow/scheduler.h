// SPDX-License-Identifier: Apache-2.0
// What runs next: works a schedule (workflow/schedule.h) forward, from the pipeline and from how tasks ended.
#ifndef ATOLL_WORKFLOW_SCHEDULER_H
#define ATOLL_WORKFLOW_SCHEDULER_H

#include "workflow/schedule.h"

// Works out everything that follows by itself: expands for-each, skips, resolves inputs, ends groups, adds
// compensations. What can't be worked out (a wrong expression, inputs that don't fit) fails its task.
void schedule_advance(struct schedule *schedule);

// The first task that could start at `wall_ns`, or NULL: what was woken in the order of waking, then the
// others in the order of the file.
struct task *schedule_next(const struct schedule *schedule, int64_t wall_ns);

// When the next task that only waits for a retry may start; INT64_MAX without one.
int64_t schedule_due_ns(const struct schedule *schedule);

// A process was started for it.
void schedule_start(struct schedule *schedule, struct task *task, int64_t wall_ns);

// It ended well. Takes `outputs`.
void schedule_succeed(struct schedule *schedule, struct task *task, json_t *outputs, int64_t wall_ns);

// Its attempt failed: pending again when the retry policy and the kind of the error allow it, else failed.
void schedule_fail(struct schedule *schedule, struct task *task, const struct err *problem, int64_t wall_ns);

// Its process ended because it waits (workflow/wait.h).
void schedule_wait(struct schedule *schedule, struct task *task);

// Makes every waiting task that has none of the open waits (rows of workflow/wait.h) pending again; those in
// `ended` (array of keys) start in its order.
void schedule_wake(struct schedule *schedule, const json_t *open, const json_t *ended);

// When the next waiting task is over by its schedule-to-close; INT64_MAX without one.
int64_t schedule_close_ns(const struct schedule *schedule);

// Fails the waiting tasks whose schedule-to-close is over, and adds their keys to `expired`.
void schedule_expire(struct schedule *schedule, int64_t wall_ns, json_t *expired);

// Whether any task waits.
bool schedule_any_waits(const struct schedule *schedule);

// Whether tasks wait and nothing else can go on: nothing runs, is ready or is tried again later.
bool schedule_only_waits(const struct schedule *schedule);

// Its process was lost or stopped: pending again, and no attempt of the retry policy is used.
void schedule_lose(struct schedule *schedule, struct task *task);

#endif
