// SPDX-License-Identifier: Apache-2.0
// The step canary-experiment, in its shadow form: the whole service on captured traffic, flag off against
// flag on. Answers are compared byte for byte, CPU time in pairs. The rollout then advances a stage or is
// rolled back by a commit on the pull request's branch; without enough to decide on, it holds and commits
// nothing. No live user is involved, and every output says so.
#ifndef ATOLL_STEPS_CANARY_EXPERIMENT_H
#define ATOLL_STEPS_CANARY_EXPERIMENT_H

#include "workflow/step.h"

extern const struct step_ops step_canary_experiment;

#endif
