// SPDX-License-Identifier: Apache-2.0
// The step benchmark-generate: from a function to an honest benchmark of it: the roles of its parameters,
// inputs split into train and holdout, and the noise floor of this machine. What a person should read,
// correct and approve stands in .atoll/benchmarks/<function>.yml of the repository; the next run uses that
// file.
#ifndef ATOLL_STEPS_BENCHMARK_GENERATE_H
#define ATOLL_STEPS_BENCHMARK_GENERATE_H

#include "workflow/step.h"

extern const struct step_ops step_benchmark_generate;

#endif
