// SPDX-License-Identifier: Apache-2.0
// One launch of a duet: two cells side by side, measured in quads (ABBA or BAAB in random order). A pair
// alone carries an order effect of several per cent; a quad cancels it. Both batches of a pair have the same
// inputs, and the windows of inputs rotate, so that a launch visits all of them.
//
// A batch's time is the CPU time of its calls by the kernel's clock, which neither other programs on the
// machine nor the doorbell stretch. It is read inside the cell; a long batch at the end of the launch audits
// it by the same clock read outside, the short ones are compared with the baseline's in the same way, and
// what hides time from the cell is compared from outside. Where one variant waits more often than the other
// (it sleeps or reads), the wall clock counts. At the end of a launch the candidate's process is compared
// with the baseline's (witness.h).
#ifndef ATOLL_SANDBOX_QUADS_H
#define ATOLL_SANDBOX_QUADS_H

#include "base/rng.h"
#include "sandbox/batches.h"
#include "sandbox/cell.h"

// The shared size of all batches of a duet: `count` inputs, `rounds` times.
struct quads_size {
    size_t count, rounds;
};

struct quads_spec {
    struct cell *cells[2]; // baseline, candidate; loaded with the same inputs
    size_t input_count;
    struct quads_size size;
    int64_t launch_ns; // quads begin within this time; at least a few are made
    struct rng *rng;
};

enum quads_end { QUADS_DONE, QUADS_DIFFER, QUADS_UNSTEADY, QUADS_FAULT, QUADS_CHEAT };

struct quads_result {
    enum quads_end end;
    size_t variant; // all but QUADS_DONE, QUADS_DIFFER: 0 baseline, 1 candidate
    // QUADS_DIFFER, QUADS_FAULT: the batch, as cell_batch has it; count 0 when it did not call the variant.
    size_t window_first, window_count, rounds;
    double log_ratio; // median of the quads' log(baseline time / candidate time)
    size_t quads;
    double ns_per_call[2];  // medians, without the loop
    double batch_ns;        // median time of a baseline batch
    struct batches batches; // of QUADS_DONE: all times, by the clock that counts; owned
    enum cheat cheat; // of QUADS_CHEAT; of QUADS_DONE: why another clock than QUADS_CPU was taken, or none
};

// Frees the times.
void quads_result_release(struct quads_result *result);

// Chooses a size so that a batch of this cell takes about `target_ns`. On a fault the cell is dead.
int quads_calibrate(struct cell *cell, size_t input_count, int64_t target_ns, struct quads_size *size,
                    struct err *err) MUST_USE;

// Runs a launch's quads. -1 only for failures of the machine.
int quads_run(const struct quads_spec *spec, struct quads_result *result, struct err *err) MUST_USE;

#endif
