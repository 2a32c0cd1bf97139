// SPDX-License-Identifier: Apache-2.0
// What is known so far of two commands, for each benchmark by itself: the quads of the launch at work, the
// test over the launches (sandbox/sequential.h), and the same test of each command against itself. Pure: no
// clock, no process.
//
// The control costs no time. In every quad each side is timed twice; four such times in a row of one side are
// a quad of that side against itself, with which of them plays A drawn at random, and they go through the
// same medians and the same stopping rule. A side that is "different" from itself shows that this machine,
// now, breaks what the test rests on. Verdicts are refused when that happens more often than chance allows:
// when the exact lower 95 % bound of the rate is above 1 %.
//
// With several benchmarks the type-I error is shared out among them in equal parts, so that it holds for all
// of them together. A benchmark that has its verdict keeps it; later launches are not added.
#ifndef ATOLL_SANDBOX_SCORES_H
#define ATOLL_SANDBOX_SCORES_H

#include "base/rng.h"
#include "base/vec.h"
#include "sandbox/sequential.h"

// A side's own times, waiting to become a quad of the side against itself, and the test over such quads.
struct score_control {
    double held[4]; // logarithms of times
    size_t held_count;
    VEC(double) quads; // of the launch at work
    struct sequential test;
};

struct score {
    const char *name; // borrowed
    struct sequential test;
    struct score_control controls[2];
    VEC(double) quads;     // log(time of A / time of B), of the launch at work
    VEC(double) values[2]; // all times of A and of B
    double seconds;        // from the start to its last launch
};

struct scores {
    struct score *benchmarks; // owned
    size_t count;
    struct rng rng;
};

// Of how many tests of a side against itself how many called it different; those that ended before a verdict
// was allowed do not count.
struct scores_aa {
    size_t different, of;
};

// Starts without quads; `names` are borrowed. `rule.alpha` is that of all benchmarks together.
void scores_init(struct scores *scores, const char *const *names, size_t count, struct sequential_rule rule,
                 uint64_t seed);
void scores_release(struct scores *scores);

// Adds a quad of one benchmark: the times of A and of B, each in the order in which they were taken, all
// above 0.
void scores_quad(struct scores *scores, size_t index, const double a[2], const double b[2]);

// Ends a launch, `seconds` after the start: its medians go to the tests.
void scores_end_launch(struct scores *scores, double seconds);

// Whether every benchmark has its verdict.
bool scores_is_decided(const struct scores *scores);

// How many further launches until scores_is_decided, at the rate so far; as sequential_launches_left.
double scores_launches_left(const struct scores *scores);

// The controls of one benchmark, and of all.
struct scores_aa scores_control(const struct score *benchmark);
struct scores_aa scores_controls(const struct scores *scores);

// Whether verdicts are refused because too many controls failed.
bool scores_is_refused(const struct scores *scores);

// The median time of side 0 (A) or 1 (B); NAN without a quad.
double scores_time(const struct score *benchmark, size_t side);

#endif
