// SPDX-License-Identifier: Apache-2.0
// Drives a schedule to its end: one event loop, one worker a running step. Each turn of the loop is one
// transaction: the calls that arrived, the ends of processes, what follows from them and which steps start
// now commit together; only then replies are sent and processes started.
#ifndef ATOLL_WORKFLOW_SUPERVISOR_H
#define ATOLL_WORKFLOW_SUPERVISOR_H

#include "workflow/engine.h"
#include "workflow/run.h"
#include "workflow/schedule.h"
#include "workflow/state.h"
#include "workflow/travel.h"

// What it works with; all borrowed.
struct supervision {
    const struct engine_options *options;
    struct state *state;
    struct run *run;
    struct schedule *schedule;
    const char *repository; // the tree that steps work in
    struct travel *travel;  // where the state is published; NULL = nowhere
    const char *state_path; // beside it lies the inbox
    const char *scratch;    // folder of the run; a step gets a folder below
    int64_t due_ns; // out, for SUPERVISION_WAITING: when the first wait is due by the wall clock, 0 = no time
    const char *cancelled_by; // out, for SUPERVISION_CANCELLED; lives in the schedule's arena
};

// How it ended.
enum supervision_end {
    SUPERVISION_ENDED,   // every task did
    SUPERVISION_STOPPED, // by SIGINT or SIGTERM; what ran is pending again
    SUPERVISION_WAITING, // nothing can go on before a timer or a signal
    SUPERVISION_CANCELLED,
};

// Runs until every task ended, all that is left waits, or somebody stopped or cancelled it. -1 for what the
// engine itself can't go on with: the state can't be written, or somebody else took the run over
// (ERR_CONFLICT); no worker is left in any case.
int supervise(struct supervision *supervision, enum supervision_end *end, struct err *err) MUST_USE;

#endif
