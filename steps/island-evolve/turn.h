// SPDX-License-Identifier: Apache-2.0
// One turn of the search: the next job of the sweep, or a random mutator or model that the bandit chooses.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_TURN_H
#define ATOLL_STEPS_ISLAND_EVOLVE_TURN_H

#include "steps/island-evolve/search.h"

// Takes the turn `search->turn`; sets `done` when there is nothing left to try.
int turn_take(struct search *search, struct err *err) MUST_USE;

#endif
