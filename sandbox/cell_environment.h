// SPDX-License-Identifier: Apache-2.0
// The environment of a cell's process: nothing of ours, a pad that shifts the stack (its size is part of a
// launch's layout), for sanitized objects their run-time library, which must be loaded first, and for managed
// programs the settings of their runtime.
#ifndef ATOLL_SANDBOX_CELL_ENVIRONMENT_H
#define ATOLL_SANDBOX_CELL_ENVIRONMENT_H

#include "sandbox/cell.h"

// The exit code of a process that a sanitizer ended.
enum { CELL_SANITIZER_EXIT = 99, CELL_ENVIRONMENT_MAX = 8 };

struct cell_environment {
    struct buf texts[CELL_ENVIRONMENT_MAX];
    const char *strings[CELL_ENVIRONMENT_MAX + 1]; // "NAME=value", NULL at the end
    size_t count;
};

// Makes the environment for these options. To be released in any case.
int cell_environment_init(struct cell_environment *environment, const struct cell_options *options,
                          struct err *err) MUST_USE;

// Frees it.
void cell_environment_release(struct cell_environment *environment);

#endif
