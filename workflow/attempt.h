// SPDX-License-Identifier: Apache-2.0
// Attempts of an activity beyond the plain begin and commit of workflow/server.h: whether one may begin now,
// how a failed one is written down, heartbeats. A policy is the JSON that workflow/journal.c makes of struct
// journal_policy.
#ifndef ATOLL_WORKFLOW_ATTEMPT_H
#define ATOLL_WORKFLOW_ATTEMPT_H

#include "workflow/server.h"

// Which activity.
struct activity {
    const struct server *server;
    const char *name, *key; // borrowed
};

// Whether an attempt of a known, uncommitted activity (`row` of table activity) may begin at `now_ns`: 0 with
// *wait_ns = 0, or how long to wait before asking again. ERR_TIMEOUT when schedule-to-start or
// schedule-to-close is over. `policy` may be NULL.
int attempt_check(const json_t *row, const json_t *policy, int64_t now_ns, int64_t *wait_ns,
                  struct err *err) MUST_USE;

// Writes a failed attempt down: *again says whether the policy allows another one (its time is in the row),
// else the counting starts anew with the next attempt of the step. `final`: not whatever the policy says.
int attempt_fail(const struct activity *activity, const json_t *policy, bool final, enum err_kind kind,
                 const char *message, bool *again, struct err *err) MUST_USE;

// Keeps what an attempt says of how far it is (borrowed).
int attempt_beat(const struct activity *activity, const json_t *details, struct err *err) MUST_USE;

#endif
