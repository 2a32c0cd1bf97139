// SPDX-License-Identifier: Apache-2.0
// A parent (and a mate, for crossover) put into the target's file and parsed: what native mutators work on.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_WORKPIECE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_WORKPIECE_H

#include "steps/island-evolve/mutator.h"
#include "steps/shared/candidate/candidate.h"

struct workpiece {
    struct arena arena;
    struct syntax *syntax, *mate_syntax;
    struct mutation mutation;
};

// Parses. `oracle`, `mate` and `rng` may be NULL. Release it in every case. ERR_TARGET when the function
// can't be found in the parent's text.
int workpiece_init(struct workpiece *piece, const struct target *target, struct oracle *oracle,
                   const struct candidate *parent, const struct candidate *mate, struct rng *rng,
                   struct err *err) MUST_USE;
void workpiece_release(struct workpiece *piece);

#endif
