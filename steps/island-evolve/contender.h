// SPDX-License-Identifier: Apache-2.0
// Who goes into the verdict: fast candidates, and of those about as fast the ones that are shorter to read.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_CONTENDER_H
#define ATOLL_STEPS_ISLAND_EVOLVE_CONTENDER_H

#include "steps/island-evolve/search.h"

enum { CONTENDERS_MAX = 4 };

struct contender {
    const struct candidate *candidate;
    double speedup; // measured again
};

// Chooses of the right candidates whose gains count the two fastest, and of those that are nearly as fast the
// two with the least text. Returns how many.
size_t contender_choose(const struct search *search, struct contender contenders[CONTENDERS_MAX]);

// Sorts: of those that are about as fast as the fastest the shorter first, then the faster.
void contender_sort(struct contender *contenders, size_t count);

#endif
