// SPDX-License-Identifier: Apache-2.0
// Islands in a ring. Each keeps a small archive of elites: the fastest right candidate of each cell of a
// grid, size of the machine code (steps of a factor of 1.5) by technique of the last edit. Every few
// generations each island's best travels to the next one. Candidates are borrowed.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_ISLAND_H
#define ATOLL_STEPS_ISLAND_EVOLVE_ISLAND_H

#include "base/rng.h"
#include "base/vec.h"
#include "steps/shared/candidate/candidate.h"

struct island {
    VEC(struct candidate *) elites; // fastest first
};

struct archipelago {
    struct island *islands;
    unsigned count;
    unsigned archive_max; // elites an island keeps
    size_t baseline_bytes;
};

// `count` islands, each with `root` as its only elite. Release it.
void archipelago_init(struct archipelago *ring, unsigned count, unsigned archive_max, struct candidate *root);
void archipelago_release(struct archipelago *ring);

// Offers a right candidate to an island. Whether it became an elite (took an empty cell, or beat its cell's
// elite).
bool island_offer(struct archipelago *ring, unsigned island, struct candidate *candidate);

// Each island's best travels to the next island.
void archipelago_migrate(struct archipelago *ring);

// A parent from an island: by rank (the r-th fastest with weight 1/(1+r)), one time in five any elite.
struct candidate *island_parent(const struct archipelago *ring, unsigned island, struct rng *rng);

// A mate for `parent`: another elite of the island, or the best of the next island that differs; NULL when
// there is none.
struct candidate *island_mate(const struct archipelago *ring, unsigned island, const struct candidate *parent,
                              struct rng *rng);

// The fastest of an island, of all.
struct candidate *island_best(const struct archipelago *ring, unsigned island);
struct candidate *archipelago_best(const struct archipelago *ring);

#endif
