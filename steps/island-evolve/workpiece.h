// SPDX-License-Identifier: Apache-2.0
// A parent (and a mate, for crossover) put into the target's file and parsed: what native mutators work on.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_WORKPIECE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_WORKPIECE_H

#include "steps/island-evolve/mutator.h"
#include "steps/shared/candidate/candidate.h"

enum { SHELF_SIZE = 32 };

// The parents that were drawn last, parsed: most are drawn again. Of large files there are fewer, but two.
// Zero is empty.
struct shelf {
    struct {
        const struct candidate *candidate;
        struct syntax *syntax;
        uint64_t used;
    } places[SHELF_SIZE];
    uint64_t uses;
};
void shelf_release(struct shelf *shelf);

struct workpiece {
    struct arena arena;
    struct mutation mutation;
};

// Takes the parents' trees from the shelf, or parses and puts them there; they are good until two other
// parents were taken, or the shelf is released. `oracle`, `mate` and `rng` may be NULL. Release it in every
// case. ERR_TARGET when the function can't be found in the parent's text.
int workpiece_init(struct workpiece *piece, struct shelf *shelf, const struct target *target,
                   struct oracle *oracle, const struct candidate *parent, const struct candidate *mate,
                   struct rng *rng, struct err *err) MUST_USE;
void workpiece_release(struct workpiece *piece);

#endif
