// SPDX-License-Identifier: Apache-2.0
// Which mutator or model to ask next: UCB1 (Auer, Cesa-Bianchi & Fischer 2002) on gain per second, so that a
// model that is right more often but a hundred times slower competes fairly. The gain of one trial is the
// logarithm of the child's speed-up over its parent, 0 when there is none.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_BANDIT_H
#define ATOLL_STEPS_ISLAND_EVOLVE_BANDIT_H

#include <stdbool.h>
#include <stddef.h>

struct arm {
    unsigned trials;
    unsigned trials_first; // trials before it has to compete
    double gain, seconds;  // sums
    double weight;         // prior preference, 1 = none
    bool gone;             // has nothing more to give
};

struct bandit {
    struct arm *arms; // borrowed
    size_t count;
    unsigned trials;
};

// The arm to try next, or bandit->count when all are gone: the one with most first trials left, then by
// score. Ties go to the first.
size_t bandit_choose(const struct bandit *bandit);

// Notes a trial. `seconds` <= 0 counts as one unit of cost (deterministic mode).
void bandit_note(struct bandit *bandit, size_t arm, double gain, double seconds);

#endif
