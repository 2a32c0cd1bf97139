// SPDX-License-Identifier: Apache-2.0
// Mutations one after the other, without a measurement between them: for changes that only pay together.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_CHAIN_H
#define ATOLL_STEPS_ISLAND_EVOLVE_CHAIN_H

#include "steps/island-evolve/mutator.h"

struct chain {
    struct mutation mutation; // of the variant as it is now
    struct syntax *syntax;    // owned; NULL while it is the parent itself
    char note[160];           // of the last mutation that was applied
};

// Starts with a mutation's parent; the mutation must outlive the chain.
struct chain chain_start(const struct mutation *mutation);
void chain_end(struct chain *chain);

#define AUTO_CHAIN __attribute__((cleanup(chain_end))) struct chain

// Applies a mutator at a site. 1 done, 0 no result there (the chain stays as it was), -1 the machine failed.
int chain_apply(struct chain *chain, const struct mutator_ops *ops, size_t index, struct err *err) MUST_USE;

// Parses the file with `variant` in place of the present one. 1 done, 0 the function is not in it (the chain
// stays as it was), -1 the machine failed.
int chain_replace(struct chain *chain, struct str variant, struct err *err) MUST_USE;

// Applies what is known to keep the meaning and to pay wherever it fits: slices of `rows` bytes, tables,
// loops that count up, libc. Returns how many changes were made, -1 the machine failed.
int chain_improve(struct chain *chain, size_t rows, struct err *err) MUST_USE;

// The variant as it is now.
void chain_write(const struct chain *chain, struct buf *variant);

#endif
