// SPDX-License-Identifier: Apache-2.0
// What the two kinds of `atoll compare` share: options that are read alike, the live line, and the end.
#ifndef ATOLL_CMD_COMPARE_H
#define ATOLL_CMD_COMPARE_H

#include "cmd/command.h"
#include "cmd/comparison.h"
#include "sandbox/sequential.h"

// The options that both kinds have.
struct compare_options {
    struct sequential_rule rule;
    int64_t budget_ns;
    uint64_t seed;
};

// Two commands: the operands are A and B.
int compare_commands(struct invocation *invocation, const struct compare_options *options,
                     struct err *err) MUST_USE;

// One function at two revisions: the operands are REV_A, REV_B and FILE.
int compare_function(struct invocation *invocation, const struct compare_options *options,
                     struct err *err) MUST_USE;

// One item of a report from a test's numbers, which are about A against B as speed-ups.
struct comparison compare_item(const char *name, enum sequential_verdict verdict,
                               const struct sequential_estimate *estimate, size_t launches, double seconds);

// The live line, on a terminal only. `of` benchmarks, of which `decided` have their verdict; the estimate is
// that of an undecided one.
void compare_live(struct terminal *terminal, const struct comparison *item, size_t decided, size_t of,
                  double seconds_left);

// Prints the report as text or JSON and returns the exit code.
int compare_finish(struct invocation *invocation, const struct comparison_report *report);

#endif
