// SPDX-License-Identifier: Apache-2.0
// Runs and their steps as rows of the state. A run is pinned to a plan (the pipeline's text), overrides and
// mode (`pin`) and to a source commit. Its epoch is raised by whoever takes it over; every completing update
// carries WHERE epoch = ?, and an update that changed nothing means: stop, somebody else owns this run
// (ERR_CONFLICT).
#ifndef ATOLL_WORKFLOW_RUN_H
#define ATOLL_WORKFLOW_RUN_H

#include "workflow/schedule.h"
#include "workflow/state.h"

// A run as its owner knows it.
struct run {
    int64_t number; // key of the row
    char id[27];    // 26 characters: 48 bits of milliseconds and 80 random bits in Crockford's base 32
    char pin[65];
    char plan[65]; // hash of the pipeline
    char commit[65];
    char status[16];
    char mode[16];
    int64_t epoch;
    uint64_t seed;
    json_t *vars; // overrides, object, owned
};

// Drops what the run owns.
void run_release(struct run *run);

// Makes a run id from a time and ten random bytes; ids sort by time.
void run_make_id(int64_t wall_ns, const uint8_t random[10], char id[27]);

// The latest unfinished run with this pin: 1 with *run filled (release it), 0 none.
int run_find_open(struct state *state, const char *pin, struct run *run, struct err *err) MUST_USE;

// The run of an id; ERR_NOT_FOUND.
int run_load(struct state *state, const char *id, struct run *run, struct err *err) MUST_USE;

// Adds a run with status "running", epoch 1; pin, plan, commit, mode, seed, vars are the caller's. Sets
// number and epoch, and queues its event. The pipeline is kept as plan unless it is there.
int run_insert(struct state *state, struct run *run, const char *name, const char *file, struct str pipeline,
               struct err *err) MUST_USE;

// Takes a run over: raises its epoch, sets it running and queues an event.
int run_take_over(struct state *state, struct run *run, struct err *err) MUST_USE;

// Makes a run unfinished again after a reset: raises its epoch and queues an event with `details` (taken). It
// is marked running, and is interrupted until somebody resumes it.
int run_reopen(struct state *state, struct run *run, json_t *details, struct err *err) MUST_USE;

// Marks every other unfinished run as superseded. Gives their ids as an owned array.
json_t *run_supersede_others(struct state *state, const struct run *run, struct err *err) MUST_USE;

// Marks that the run has nothing to do until a wait ends, and queues an event with when that is (0 = only a
// signal). ERR_CONFLICT when fenced.
int run_wait(struct state *state, struct run *run, int64_t due_ns, struct err *err) MUST_USE;

// Ends every other run that somebody asked to cancel and that no supervisor works on: this one holds the
// lease. `run` may be NULL.
int run_cancel_others(struct state *state, const struct run *run, struct err *err) MUST_USE;

// Sets the final status, with an error object or NULL (borrowed), and queues an event. ERR_CONFLICT when
// fenced.
int run_finish(struct state *state, struct run *run, const char *status, const json_t *error,
               struct err *err) MUST_USE;

// ERR_CONFLICT when the run's epoch in the state is no longer `epoch`.
int run_check_epoch(struct state *state, int64_t number, int64_t epoch, struct err *err) MUST_USE;

// Whether `commit` is one that a confirmed effect of this run made.
int run_made_commit(struct state *state, const struct run *run, const char *commit, bool *made,
                    struct err *err) MUST_USE;

// The pipeline text and file name that a run is pinned to; `text` is replaced, *file lives in the arena.
int run_plan(struct state *state, const struct run *run, struct arena *arena, struct buf *text,
             const char **file, struct err *err) MUST_USE;

// The rows of table `step` of a run, in the order that schedule_restore wants. Owned.
json_t *run_tasks(struct state *state, const struct run *run, struct err *err) MUST_USE;

// Writes a task as its row and queues the event of its status; clears task->changed. ERR_CONFLICT when
// fenced.
int run_write_task(struct state *state, const struct run *run, const struct schedule *schedule,
                   struct task *task, struct err *err) MUST_USE;

#endif
