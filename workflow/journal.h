// SPDX-License-Identifier: Apache-2.0
// The journal as a step sees it: calls go to the supervisor over a socketpair, which is the only writer of
// the state. When a call returned, what it wrote is committed (fsync'ed). Activities are keyed by (step id,
// name, key), not by position: a later attempt gets the committed result without running it. A committed one
// whose input changed is an error (ERR_CONFLICT) that names the way out.
#ifndef ATOLL_WORKFLOW_JOURNAL_H
#define ATOLL_WORKFLOW_JOURNAL_H

#include "workflow/step.h"

// 1: committed before, *result is owned by the caller. 0: not yet; run it, then journal_commit. -1: error.
int journal_begin(struct step *step, const char *name, const char *key, const json_t *input, json_t **result,
                  struct err *err) MUST_USE;

// Commits the result of a begun activity together with all rows stored since the last commit. Borrows
// `result`.
int journal_commit(struct step *step, const char *name, const char *key, const json_t *result,
                   struct err *err) MUST_USE;

// The same without waiting for it: the next call of the journal waits, and fails when this failed. Until then
// a kill may lose the result, and the activity is run again.
int journal_commit_unawaited(struct step *step, const char *name, const char *key, const json_t *result,
                             struct err *err) MUST_USE;

// An activity: computes a JSON result that the caller owns.
typedef int (*journal_fn)(void *context, json_t **result, struct err *err);

// journal_begin, run unless committed, journal_commit. *result is owned by the caller.
int journal_activity(struct step *step, const char *name, const char *key, const json_t *input,
                     journal_fn run, void *context, json_t **result, struct err *err) MUST_USE;

// How an activity is tried again and how long it may take. Zeros mean: one attempt, no limit. Attempts count
// within one attempt of the step; an attempt whose process was killed from outside is none.
struct journal_policy {
    int attempts;                   // in all
    int64_t initial_ns, maximum_ns; // wait before the second attempt; longest wait (0 = no limit)
    double coefficient;             // each wait is that many times the one before (below 1: as 1)
    const enum err_kind *final;     // kinds that are not tried again, ends with ERR_INTERNAL; NULL = what
                                    // base/err.h says of each kind
    int64_t start_to_close_ns;      // one attempt
    int64_t schedule_to_start_ns;   // from the first begin, or from when a retry was due, to the attempt
    int64_t schedule_to_close_ns;   // from the first begin to the commit, waits included
    int64_t heartbeat_ns;           // longest silence between two heartbeats
};

// journal_activity with a policy. Past start-to-close or the heartbeat the process of the step is killed and
// the attempt counts as failed with ERR_TIMEOUT; past the other two it is not tried again. The last error is
// the activity's.
int journal_activity_with(struct step *step, const char *name, const char *key, const json_t *input,
                          const struct journal_policy *policy, journal_fn run, void *context, json_t **result,
                          struct err *err) MUST_USE;

// Within an activity: says that it lives and how far it is. Written down without waiting for it. Takes
// `details`.
void journal_heartbeat(struct step *step, json_t *details);

// Within an activity: the details of the last heartbeat of the attempt before, borrowed; NULL without.
const json_t *journal_details(const struct step *step);

// What leaves the machine. look_up says whether the effect is there already: 1 with *result, 0 not there, -1
// error.
struct journal_effect {
    int (*look_up)(void *context, json_t **result, struct err *err);
    int (*act)(void *context, json_t **result, struct err *err);
};

// Intent committed (and published) -> look up -> act -> confirm; a confirmed effect is not even looked up
// again. `key` identifies the effect for all runs. *result is owned by the caller. ERR_WAITING while effects
// are paused.
int journal_effect(struct step *step, const char *key, const json_t *intent,
                   const struct journal_effect *effect, void *context, json_t **result,
                   struct err *err) MUST_USE;

// Waiting. Each of these returns -1 with ERR_WAITING when the step can't go on yet: it returns that error
// unchanged, its process ends, and it is started again, with all its journal calls answered as before, once
// the wait is over. That may be days later, on another machine. `name` is the wait's own within the step.

// A durable timer: 0 once the wall clock of the host reached `wall_ns`, never earlier.
int journal_sleep_until(struct step *step, const char *name, int64_t wall_ns, struct err *err) MUST_USE;

// A signal of the run (`atoll signal`): 1 with *data = {"sender", "data", "sent_ns"}, owned by the caller; 0
// when `deadline_ns` (wall clock; 0 = none) passed without one. A signal is used up by the first wait that
// takes it; one that was sent before anybody waited is not lost.
int journal_wait_signal(struct step *step, const char *name, const char *signal, int64_t deadline_ns,
                        json_t **data, struct err *err) MUST_USE;

// The approval of this step by one of `who` (array of text, empty or NULL: anybody; `atoll approve`): as
// journal_wait_signal.
int journal_wait_approval(struct step *step, const char *name, const json_t *who, int64_t deadline_ns,
                          json_t **data, struct err *err) MUST_USE;

// Recorded wall time and random number: the first answer under `name` is kept for every later attempt.
int journal_now(struct step *step, const char *name, int64_t *wall_ns, struct err *err) MUST_USE;
int journal_random(struct step *step, const char *name, uint64_t *value, struct err *err) MUST_USE;

// Content-addressed blobs. Put gives the SHA-256 in hex; equal content is stored once.
int journal_blob_put(struct step *step, struct str content, char hash[65], struct err *err) MUST_USE;

// The same, queued as journal_store does: the blob is there after the next commit.
int journal_blob_store(struct step *step, struct str content, char hash[65], struct err *err) MUST_USE;
int journal_blob_get(struct step *step, const char *hash, struct buf *content, struct err *err) MUST_USE;

// Queues a named statement of a table_set (params: JSON array, taken); it commits with the next
// journal_commit, or with journal_flush.
int journal_store(struct step *step, const char *statement, json_t *params, struct err *err) MUST_USE;
int journal_flush(struct step *step, struct err *err) MUST_USE;

// Rows of a named statement as an array of objects, queued writes of this step included. Takes params,
// returns owned.
int journal_rows(struct step *step, const char *statement, json_t *params, json_t **rows,
                 struct err *err) MUST_USE;

// A journal over a state file that this process itself writes, without a supervisor: for tests of steps, and
// tools that run one step in their own process. Opened again on the same file and step id, committed
// activities are found again. Progress and warnings go nowhere. The registry is borrowed. Returns owned; end
// it with journal_close_local.
struct journal *journal_open_local(const char *state_path, const struct registry *registry,
                                   const char *step_id, struct err *err) MUST_USE;
void journal_close_local(struct journal *journal);

#endif
