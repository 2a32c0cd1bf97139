// SPDX-License-Identifier: Apache-2.0
// One try of one attack. A supervisor is forked that has something to lose (an environment, a command line,
// memory, a descriptor, its CPUs, priorities and limits), and runs the program bare or in the sandbox.
#ifndef ATOLL_TESTS_ATTACK_TRIAL_H
#define ATOLL_TESTS_ATTACK_TRIAL_H

#include "sandbox/launcher.h"
#include "tests/attack/suite/table.h"
#include "tests/attack/suite/world.h"

enum { BRIEF_MS = 1000, LONG_MS = 20000, LATE_MS = 1000 }; // limits of rows, and how much later is too late

// A machine without control groups still shows what a user of its own is worth.
#define TRIAL_DEGRADED PART(PART_CGROUP)

struct trial {
    struct world *world;
    const struct row *row;
    enum isolation_level level; // ISOLATION_NONE: bare
    enum launch_profile profile;
};

// What was seen. `word` is "done", the name of an errno or a signal, or "limit:NAME".
struct outcome {
    bool ran; // else `text` says why not
    bool leaked, touched, lingers, proven;
    bool late; // ended more than LATE_MS after its time limit
    char word[24];
    char text[sizeof(struct err)];
};

// Resets the world, tries, looks around, and kills what was left. -1 only when that could not be done.
int trial_run(const struct trial *trial, struct outcome *outcome, struct err *err) MUST_USE;

#endif
