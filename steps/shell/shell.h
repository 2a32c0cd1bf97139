// SPDX-License-Identifier: Apache-2.0
// The step shell: a command as CI systems know it. Its outputs are what it writes into the file
// $ATOLL_OUTPUT, as `key=value` lines or in the many-line form `key<<END`, lines, `END`.
#ifndef ATOLL_STEPS_SHELL_H
#define ATOLL_STEPS_SHELL_H

#include "workflow/step.h"

extern const struct step_ops step_shell;

// Reads an output file into an object of texts. ERR_PARSE names the line. Returns owned.
json_t *shell_outputs(struct str text, struct err *err) MUST_USE;

#endif
