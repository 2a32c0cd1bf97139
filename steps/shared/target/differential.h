// SPDX-License-Identifier: Apache-2.0
// Runs two variants of a target on the same calls and compares every canonical output.
#ifndef ATOLL_STEPS_SHARED_TARGET_DIFFERENTIAL_H
#define ATOLL_STEPS_SHARED_TARGET_DIFFERENTIAL_H

#include "steps/shared/target/workbench.h"

struct differential {
    size_t compared; // calls on which both gave an output
    size_t left_out; // calls on which the baseline itself faults, built plain or as the candidate is; and all
                     // that follow when it does so too often
    size_t differ;   // calls on which the candidate gave another output or faulted
    json_t *counterexample; // the smallest of them: {"args", "expected", "got"}; NULL when none; owned.
                            // Outputs are bytes (json_bytes), or objects (outcome.h) where there are structs
                            // in them, and for a fault a text
};

// Compares on all calls of `corpus`, or until 20 differ. The candidate is built as `kind` says, the baseline
// plain; where the candidate faults, the baseline built as it is tells whether that is its own doing. -1 for
// failures of the machine, and ERR_TARGET when a side does not build; nothing is owned then.
int differential_run(struct workbench *bench, struct str candidate, enum build_kind kind,
                     const struct corpus *corpus, struct differential *result, struct err *err) MUST_USE;

// The same for the functions as they stand in two workbenches, both built plain; their signatures are the
// same. Appends the calls that were compared, and can be timed (outcome.h), to `kept`, which may be NULL.
int differential_between(struct workbench *baseline, struct workbench *candidate, const struct corpus *corpus,
                         struct corpus *kept, struct differential *result, struct err *err) MUST_USE;

#endif
