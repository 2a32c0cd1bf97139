// SPDX-License-Identifier: Apache-2.0
// Which call is to blame for a batch that failed. The batch is replayed in fresh cells of the same object:
// its calls one by one; when none fails like that, as shorter and shorter batches.
#ifndef ATOLL_SANDBOX_CULPRIT_H
#define ATOLL_SANDBOX_CULPRIT_H

#include "sandbox/cell.h"

struct culprit_spec {
    struct launcher *launcher;
    const struct cell_options *options; // of the cell that failed
    const struct cell_inputs *inputs;   // that it had
    size_t first, count, rounds;        // the batch, as cell_batch has it
    int64_t time_max_ns;                // no further replay begins after this time; a hang takes a time limit
};

struct culprit {
    size_t index;   // the input with which it fails; SIZE_MAX: only in a later round
    size_t earlier; // calls of the batch that must come before it; 0: it fails alone
    size_t either;  // 1, or when time ran out: it is one of that many inputs, of which `index` is the last
};

// 1 with *culprit when a replay fails, too; 0 when none does. -1 for failures of the machine.
int culprit_find(const struct culprit_spec *spec, struct culprit *culprit, struct err *err) MUST_USE;

#endif
