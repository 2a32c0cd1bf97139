// SPDX-License-Identifier: Apache-2.0
// The stopping rule of a comparison: the statistics of its launches, looked at after each, until they decide.
// A launch's statistic is log(time of the baseline / time of the candidate), so that a mean above 0 says that
// the candidate is faster. The test is the e-process of base/eprocess.h; the verdict is faster or slower when
// E against equal speed reaches 1/alpha, and equivalent when all means with E < 1/alpha lie inside the
// margin. The same launches give the same verdict and the same numbers, bit for bit.
#ifndef ATOLL_SANDBOX_SEQUENTIAL_H
#define ATOLL_SANDBOX_SEQUENTIAL_H

#include "base/eprocess.h"

enum sequential_verdict {
    SEQUENTIAL_INCONCLUSIVE, // so far
    SEQUENTIAL_FASTER,
    SEQUENTIAL_SLOWER,
    SEQUENTIAL_EQUIVALENT
};

struct sequential_rule {
    double alpha;          // type-I error of the verdict, e.g. 0.01
    double margin;         // equivalence margin on the speed-up, e.g. 0.01; 0 = never equivalent
    uint64_t launches_min; // no verdict before
};

struct sequential {
    struct sequential_rule rule;
    struct eprocess process;
};

// What is known of the speed-up (time of the baseline / time of the candidate).
struct sequential_estimate {
    double speedup;   // 1 without launches
    double low, high; // 95 % confidence sequence; 0 and infinity while it is unbounded (below 4 launches)
};

// Starts without launches.
void sequential_init(struct sequential *sequential, struct sequential_rule rule);

// Adds a launch.
void sequential_add(struct sequential *sequential, double log_ratio);

// The verdict so far.
enum sequential_verdict sequential_judge(const struct sequential *sequential);

// The estimate so far.
struct sequential_estimate sequential_estimate(const struct sequential *sequential);

// How many further launches the verdict will take, if they have the mean and the variance of those so far:
// the median over their luck. 0 when it is there already, infinity when it would take more than a million,
// NAN below two launches.
double sequential_launches_left(const struct sequential *sequential);

// "faster" and so on, static.
const char *sequential_verdict_name(enum sequential_verdict verdict);

#endif
