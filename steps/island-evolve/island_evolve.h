// SPDX-License-Identifier: Apache-2.0
// The step `island-evolve`: evolves faster versions of the function of a benchmark record and ends in a
// verdict: improved (with a winner that was checked and measured on holdout inputs), none, or failed (nothing
// could be measured; the summary says why and what to change).
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_ISLAND_EVOLVE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_ISLAND_EVOLVE_H

#include "workflow/step.h"

extern const struct step_ops step_island_evolve;

#endif
