// SPDX-License-Identifier: Apache-2.0
// A duet of two programs of the user's own. A is the baseline. Runs go in quads (ABBA or BAAB, drawn); short
// commands are run several times in a row in each place of a quad, as often for both sides. A launch is some
// quads; each of their runs is a fresh process with another size of the environment, which moves the stack.
// The launches' medians go to the test (sandbox/scores.h) until it decides or the time is over.
//
// What counts is either the time of a run, by the clock that the spec names, or the times that the program
// itself prints, by name.
#ifndef ATOLL_SANDBOX_COMMAND_DUET_H
#define ATOLL_SANDBOX_COMMAND_DUET_H

#include "base/host.h"
#include "sandbox/readings.h"
#include "sandbox/scores.h"

// AUTO is CPU where neither side ever waits, else WALL. A process that never gives up the CPU before it ends
// only computes; then its CPU time leaves out what other programs did meanwhile. One that sleeps, waits for a
// disk, a child or a thread is compared by the time that its user waits.
enum command_clock { COMMAND_AUTO, COMMAND_CPU, COMMAND_WALL };

struct command_side {
    const char *label;       // as the user wrote it, for messages
    const char *path;        // of the program
    const char *const *argv; // NULL at the end
};

struct command_duet_spec {
    struct command_side sides[2]; // A, B
    const struct host *host;
    enum command_clock clock;
    bool ignore_failure;    // exit codes other than 0 are no error
    const char *stdin_path; // NULL is /dev/null
    struct sequential_rule rule;
    int64_t launch_ns; // time of a launch's quads, e.g. 300 ms
    int64_t budget_ns; // for all of it
    uint64_t seed;
    int cancel_fd; // ends it as the budget does when it can be read; -1 is none
    void *context; // of what follows; each may be NULL
    int (*before)(void *context, struct err *err); // before each place of a quad, not timed
    int (*read)(void *context, struct str output, struct readings *readings, struct err *err);
    void (*progress)(void *context, const struct scores *scores, double seconds, double seconds_left);
};

struct command_duet_result {
    struct arena arena;
    struct scores scores;    // one benchmark named "" when the runs themselves are timed; times in ns then
    const char **missing[2]; // names that only A / only B printed
    size_t missing_count[2];
    enum command_clock clock; // the one that counted: CPU or WALL
    size_t runs;              // in a place of a quad
    size_t quads;             // in a launch
    double run_seconds;       // by the wall clock, of one run, the mean of A and B
    double seconds;
    double seconds_left; // until a verdict, at the rate so far; 0 when decided, NAN or infinity when unknown
    bool cancelled;
};

// Runs it. ERR_TARGET names the command that failed, hangs, or prints nothing of use; ERR_USAGE the one that
// can't be started. The result is to be released in every case.
int command_duet_run(const struct command_duet_spec *spec, struct command_duet_result *result,
                     struct err *err) MUST_USE;
void command_duet_result_release(struct command_duet_result *result);

// "cpu" or "wall", static.
const char *command_clock_name(enum command_clock clock);

#endif
