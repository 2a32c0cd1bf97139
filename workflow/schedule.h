// SPDX-License-Identifier: Apache-2.0
// The schedule of a run: one task for each step, one more for each item of a for-each, and one for each
// on-failure action that is due. It stands in memory and its size does not depend on the history; whatever
// changed in it is marked, for the supervisor to write down (workflow/run.h). workflow/scheduler.h works it
// forward.
#ifndef ATOLL_WORKFLOW_SCHEDULE_H
#define ATOLL_WORKFLOW_SCHEDULE_H

#include "base/vec.h"
#include "workflow/pipeline.h"

enum task_role {
    ROLE_STEP,
    ROLE_GROUP,      // a for-each step: starts no process, ends when its items ended
    ROLE_ITEM,       // one item of it
    ROLE_ON_FAILURE, // the compensation of a step that finally failed
};

enum task_status {
    TASK_PENDING,
    TASK_RUNNING,
    TASK_WAITING, // for a timer, a signal, an approval, the end of a pause: no process
    TASK_SUCCEEDED,
    TASK_FAILED,
    TASK_SKIPPED,
    TASK_CANCELLED,
};

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
    int64_t ready_ns;    // since when it could start, 0 = it can't yet
    int64_t started_ns, ended_ns;
    const char *note; // why it was skipped
    int lost;         // times that somebody else killed it, in this life of the supervisor
    int woken;        // its wait ended, it is pending again for that: its turn, from 1; 0 = no
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

// Cancels everything that did not end.
void schedule_cancel(struct schedule *schedule, int64_t wall_ns);

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

// The task of a key, or NULL.
struct task *schedule_find(const struct schedule *schedule, const char *key);

// Adds a pending task; the key is borrowed and lives in the arena.
struct task *schedule_add(struct schedule *schedule, const char *key, size_t step, enum task_role role);

// Ends a task, and makes the end of a whole step visible to expressions.
void schedule_end(struct schedule *schedule, struct task *task, enum task_status status, int64_t wall_ns);

// Sets task->error.
void task_set_error(struct task *task, const struct err *problem);

// Sets one of a task's values; drops the old one, takes `value`.
void task_replace(json_t **slot, json_t *value);

#endif
