// SPDX-License-Identifier: Apache-2.0
// What runs next. The schedule of a run holds one task for each step, one more for each item of a for-each,
// and one for each on-failure action that is due. It is worked out from the pipeline and from how tasks
// ended, in memory: its size does not depend on the history. Whatever changed is marked, for the supervisor
// to write down.
#ifndef ATOLL_WORKFLOW_SCHEDULER_H
#define ATOLL_WORKFLOW_SCHEDULER_H

#include "base/vec.h"
#include "workflow/pipeline.h"

enum task_role {
    ROLE_STEP,
    ROLE_GROUP,      // a for-each step: starts no process, ends when its items ended
    ROLE_ITEM,       // one item of it
    ROLE_ON_FAILURE, // the compensation of a step that finally failed
};

enum task_status { TASK_PENDING, TASK_RUNNING, TASK_SUCCEEDED, TASK_FAILED, TASK_SKIPPED };

struct task {
    const char *key; // "evolve", "evolve[crc32]", "evolve on-failure"
    size_t step;     // index in the pipeline
    enum task_role role;
    enum task_status status;
    struct task *parent; // the group of an item, the failed task of a compensation
    int64_t position;    // of an item, 0-based
    json_t *item;        // owned, NULL without
    json_t *with;        // resolved inputs, owned; NULL until it is ready
    json_t *outputs;     // owned
    json_t *error;       // {"kind", "message"}, owned
    int attempt;         // processes started so far
    int failures;        // attempts that failed
    int64_t next_ns;     // wall clock: not before; 0 = at once
    int64_t started_ns, ended_ns;
    const char *note; // why it was skipped
    int lost;         // processes of it that somebody else killed, in this life of the supervisor
    bool changed;     // since it was last written down
};

struct schedule {
    const struct pipeline *pipeline;
    const struct host *host;
    struct arena *arena;
    VEC(struct task *) tasks; // steps in the order of the file, then the others as they came
    json_t *steps;            // how steps ended, for expressions; owned
    json_t *vars;             // owned
    json_t *run;              // {"id"}, owned
};

// Makes a pending task for each step. Pipeline, host and arena are borrowed; `vars` override those of the
// pipeline (may be NULL).
void schedule_init(struct schedule *schedule, const struct pipeline *pipeline, const json_t *vars,
                   const char *run_id, const struct host *host, struct arena *arena);

// Drops what it owns.
void schedule_release(struct schedule *schedule);

// Sets one task as a row of table `step` tells; adds it when it is no plain step. A running one becomes
// pending: its process is gone. ERR_CONFLICT for a row that does not fit the pipeline.
int schedule_restore(struct schedule *schedule, const json_t *row, struct err *err) MUST_USE;

// Makes what failed, was skipped for it, or stands above it pending again, with all attempts left.
void schedule_reopen(struct schedule *schedule);

// Works out everything that follows by itself: expands for-each, skips, resolves inputs, ends groups, adds
// compensations. What can't be worked out (a wrong expression, inputs that don't fit) fails its task.
void schedule_advance(struct schedule *schedule);

// The first task that could start at `wall_ns`, or NULL.
struct task *schedule_next(const struct schedule *schedule, int64_t wall_ns);

// When the next task that only waits for a retry may start; INT64_MAX without one.
int64_t schedule_due_ns(const struct schedule *schedule);

// A process was started for it.
void schedule_start(struct schedule *schedule, struct task *task, int64_t wall_ns);

// It ended well. Takes `outputs`.
void schedule_succeed(struct schedule *schedule, struct task *task, json_t *outputs, int64_t wall_ns);

// Its attempt failed: pending again when the retry policy and the kind of the error allow it, else failed.
void schedule_fail(struct schedule *schedule, struct task *task, const struct err *problem, int64_t wall_ns);

// Its process was lost or stopped: pending again, and no attempt of the retry policy is used.
void schedule_lose(struct schedule *schedule, struct task *task);

// Whether every task ended.
bool schedule_ended(const struct schedule *schedule);

// The first task that finally failed, groups last; NULL when none did.
const struct task *schedule_failed(const struct schedule *schedule);

// Whether a task ended.
bool task_ended(const struct task *task);

// The words in the state: "pending" ..; "step", "group" ...
const char *task_status_name(enum task_status status);
const char *task_role_name(enum task_role role);

// What the task runs: the step's action or its on-failure action.
const struct pipeline_action *task_action(const struct schedule *schedule, const struct task *task);

#endif
