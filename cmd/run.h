// SPDX-License-Identifier: Apache-2.0
// Runs the engine for a command and shows it.
#ifndef ATOLL_CMD_RUN_H
#define ATOLL_CMD_RUN_H

#include "cmd/command.h"
#include "workflow/engine.h"

// Fills in what is common (registry, host, paths, display), runs, prints the summary or the status as JSON,
// and tells the CI system. Returns the exit code, or -1 with err.
int run_engine(struct invocation *invocation, struct engine_options *options, struct err *err) MUST_USE;

#endif
