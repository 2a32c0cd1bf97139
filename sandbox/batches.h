// SPDX-License-Identifier: Apache-2.0
// What one launch of a duet measured: the times of its batches in whole nanoseconds, and the statistic that
// is computed from them. Nothing else enters a verdict, so whoever keeps these numbers can compute it again.
#ifndef ATOLL_SANDBOX_BATCHES_H
#define ATOLL_SANDBOX_BATCHES_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

// Which clock times a batch: the kernel's CPU clock read in the cell, the same read outside, or the wall's.
enum quads_clock { QUADS_CPU, QUADS_OUTSIDE, QUADS_WALL, QUADS_CLOCKS };

// Two batches of each variant (0 baseline, 1 candidate), ABBA or BAAB; ns[variant][first or second].
struct batches_quad {
    int64_t ns[2][2];
    bool candidate_first; // BAAB
};

struct batches {
    enum quads_clock clock;
    uint64_t calls;      // in a batch
    int64_t empty_ns[2]; // the loop without the calls, by variant
    VEC(struct batches_quad) quads;
};

// Frees the quads.
void batches_release(struct batches *batches);

// Time of a batch's calls without the loop; never below 0.02 ns a call, so that a function that became
// nothing has a logarithm.
double batches_net_ns(const struct batches *batches, size_t variant, int64_t ns);

// The statistic of the launch: the median over its quads of the mean of log(baseline / candidate) of the two
// pairs. NAN without quads.
double batches_log_ratio(const struct batches *batches);

// Median net time of a variant's batches; NAN without quads.
double batches_median_ns(const struct batches *batches, size_t variant);

#endif
