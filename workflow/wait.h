// SPDX-License-Identifier: Apache-2.0
// What a step waits for: a time, a signal, an approval, or the end of a pause. A wait is a row of the state;
// it is opened by the step through the journal, outlives its process and the whole job, and is settled by the
// supervisor: "fired" (a timer, never early by the host's wall clock), "received" (a signal, which is used
// up) or "timed-out". A settled wait stays so for every later attempt of its step.
#ifndef ATOLL_WORKFLOW_WAIT_H
#define ATOLL_WORKFLOW_WAIT_H

#include "workflow/run.h"

// One wait. All borrowed.
struct wait {
    const char *step;   // key
    const char *name;   // within the step
    const char *kind;   // "timer", "signal", "approval", "pause"
    const char *signal; // name of the signal, NULL for timer and pause
    const json_t *who;  // senders that may give an approval, array of text; NULL or empty = anybody
    int64_t due_ns;     // wall clock; 0 = none
};

// Opens a wait, or finds the one of that step and name, and settles it at once where that can be. *outcome:
// {"status", "data", "sender", "sent_ns"} when it is settled, owned; NULL while it is open. ERR_CONFLICT when
// the run was taken over.
int wait_open(struct state *state, int64_t run, int64_t epoch, const struct wait *wait, json_t **outcome,
              struct err *err) MUST_USE;

// Settles what is due or has come, earliest due first, and gives the rows that stay open (as wait_rows),
// owned. Adds the keys of the others' steps to the array `ended`, in the order in which they were settled.
// NULL on error.
json_t *wait_settle(struct state *state, const struct run *run, json_t *ended, struct err *err) MUST_USE;

// Ends the open waits of a step that may wait no longer as "timed-out".
int wait_expire(struct state *state, const struct run *run, const char *step, struct err *err) MUST_USE;

// Opens anew what ended without what was waited for (timed out, or an approval that was refused) in a step
// that failed and is tried again by hand; it has as long as the first time.
int wait_reopen(struct state *state, int64_t run, const char *step, struct err *err) MUST_USE;

// The open waits of a run: [{"step", "name", "kind", "signal", "who", "due_ns"}], earliest due first. Owned.
json_t *wait_rows(struct db *db, int64_t run, struct err *err) MUST_USE;

// When the earliest of such rows is due; INT64_MAX for none.
int64_t wait_rows_due_ns(const json_t *rows);

#endif
