// SPDX-License-Identifier: Apache-2.0
// The step correctness-test: does the winner behave as the function it replaces? The repository's own tests,
// differential runs against the baseline on train, holdout, random and boundary inputs, sanitizers, interface
// unchanged. The verdict is proven, refuted (with the smallest failing input seen) or unproven (a check could
// not be made).
#ifndef ATOLL_STEPS_CORRECTNESS_TEST_H
#define ATOLL_STEPS_CORRECTNESS_TEST_H

#include "workflow/step.h"

extern const struct step_ops step_correctness_test;

#endif
