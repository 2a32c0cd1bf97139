// SPDX-License-Identifier: Apache-2.0
// What the observer of a run is told (struct engine_event). What stands in the state is told once it is
// committed: notices are gathered while a transaction is made and told after it.
#ifndef ATOLL_WORKFLOW_NOTICE_H
#define ATOLL_WORKFLOW_NOTICE_H

#include "workflow/engine.h"
#include "workflow/schedule.h"

// Tells the observer at once. All borrowed; `run`, `step`, `text` and `details` may be NULL.
void notice_tell(const struct engine_options *options, const char *type, const char *run, const char *step,
                 const char *text, const json_t *details);

// Adds to an array of notices what a changed task is to be told as, if anything.
void notices_add(json_t *notices, const struct schedule *schedule, const struct task *task, int64_t wall_ns);

// Tells what was gathered, in order.
void notices_tell(const json_t *notices, const struct engine_options *options, const char *run);

#endif
