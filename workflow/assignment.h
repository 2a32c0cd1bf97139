// SPDX-License-Identifier: Apache-2.0
// What a step process is told at its start, the first frame on its socket: {"run", "step", "uses", "with",
// "repository", "scratch", "cell", "mode", "seed", "sandbox", "attempt", "supervisor" (process id)}.
#ifndef ATOLL_WORKFLOW_ASSIGNMENT_H
#define ATOLL_WORKFLOW_ASSIGNMENT_H

#include "workflow/supervisor.h"

// The folder that only this step uses, below the run's; lives in the arena.
char *assignment_scratch(const struct supervision *supervision, const struct task *task, struct arena *arena);

// The assignment of a task that is about to start. Returns owned; NULL when a text of it is not UTF-8.
json_t *assignment_of(const struct supervision *supervision, const struct task *task, const char *scratch);

#endif
