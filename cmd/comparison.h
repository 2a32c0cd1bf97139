// SPDX-License-Identifier: Apache-2.0
// What `atoll compare` found, as a person reads it and as a program does. ratio = time of B / time of A.
#ifndef ATOLL_CMD_COMPARISON_H
#define ATOLL_CMD_COMPARISON_H

#include "base/buf.h"
#include "base/json.h"

enum comparison_verdict {
    COMPARISON_FASTER,
    COMPARISON_EQUIVALENT,
    COMPARISON_INCONCLUSIVE,
    COMPARISON_SLOWER,
    COMPARISON_DIFFERS // outputs differ: there is nothing to time
};

// One benchmark.
struct comparison {
    const char *name; // "" when there is but one
    enum comparison_verdict verdict;
    double ratio, low, high; // 95 % interval; 0 and infinity while it is unbounded
    size_t launches;
    double seconds;
    struct {
        size_t different, of; // controls, a side against itself: called different, of how many
    } aa;
};

// All of them.
struct comparison_report {
    const struct comparison *items;
    size_t count;  // 1 or more
    double within; // equivalence margin, 0.01 = 1 %
    double seconds;
    double seconds_left;    // to a verdict at the rate so far; NAN or infinity when unknown
    double launch_seconds;  // of one launch; NAN when unknown
    size_t launches_min;    // of a verdict
    bool cancelled;         // by the user
    bool refused;           // controls failed: every verdict is inconclusive
    const char *trouble;    // why it is inconclusive, when that is not for want of time; NULL else
    const char *difference; // of COMPARISON_DIFFERS: what differs, one line; NULL else
};

// "faster" and so on, static.
const char *comparison_verdict_name(enum comparison_verdict verdict);

// The worst verdict: differs, slower, inconclusive, equivalent, faster.
enum comparison_verdict comparison_worst(const struct comparison_report *report);

// 0 faster or equivalent, 10 slower, 11 inconclusive, 12 differs; of the worst verdict.
int comparison_exit_code(const struct comparison_report *report);

// Appends one line of text without its end: "B is 2.1 % slower than A (ratio 1.021, 95 % interval 1.017 ..
// 1.026, 14 launches, 9.8 s)".
void comparison_sentence(const struct comparison *comparison, double within, struct buf *out);

// Appends what would decide an inconclusive report, or why it is one; nothing for any other.
void comparison_hint(const struct comparison_report *report, struct buf *out);

// {"verdict", "ratio", "low", "high", "launches", "seconds", "aa": {"different", "of"}}; bounds and ratios
// that are unknown are null. For several benchmarks these are the worst one's (launches the most, seconds and
// aa all), and "benchmarks" has an object like it for each, with "name". A difference is told as
// "difference". Owned.
json_t *comparison_json(const struct comparison_report *report);

#endif
