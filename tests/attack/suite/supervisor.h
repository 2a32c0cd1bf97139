// SPDX-License-Identifier: Apache-2.0
// The process that starts an attack, and that is attacked.
#ifndef ATOLL_TESTS_ATTACK_SUPERVISOR_H
#define ATOLL_TESTS_ATTACK_SUPERVISOR_H

#include "tests/attack/suite/trial.h"

// What it writes to its descriptor `out` when all is over.
struct report {
    bool ran, lost; // lost: the sandbox's own runner was killed
    bool leaked, changed;
    int exit_code, signal;
    char limit[16];
    uint64_t output_bytes;
    int64_t wall_ns;
    struct err err; // why it did not run
};

// Is the supervisor of that trial. No return.
_Noreturn void supervisor_main(const struct trial *trial, int out);

#endif
