// SPDX-License-Identifier: Apache-2.0
// What a person wants to read at the end of a run, made from the outputs of its steps.
#ifndef ATOLL_CMD_SUMMARY_H
#define ATOLL_CMD_SUMMARY_H

#include "cmd/terminal.h"

// Prints the summary of a run (the JSON of engine_status) on standard output.
void summary_print(const struct terminal *terminal, const json_t *status);

// Whether any step of the run found an improvement.
bool summary_improved(const json_t *status);

#endif
