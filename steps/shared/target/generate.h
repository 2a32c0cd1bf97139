// SPDX-License-Identifier: Apache-2.0
// Fresh calls: like the captured ones in lengths and bytes (distribution.h), and at the boundaries. They obey
// the signature: buffers that share a count have as many elements, text holds no NUL, fixed counts are kept,
// counts fit their parameter, bools are 0 or 1 and floating point elements finite.
#ifndef ATOLL_STEPS_SHARED_TARGET_GENERATE_H
#define ATOLL_STEPS_SHARED_TARGET_GENERATE_H

#include "steps/shared/target/distribution.h"

// Appends `count` calls drawn by `rng`: mutated or spliced calls of `like` (may be empty, or the corpus
// itself), and calls made from the distribution alone. ERR_LIMIT when the corpus is full.
int generate_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                   const struct corpus *like, struct rng *rng, size_t count, struct err *err) MUST_USE;

// Appends boundary calls: empty, one element, lengths around powers of two up to twice the longest seen, all
// bytes equal, every byte value, capacities 0, 1 and around the length, scalars at both ends of their range
// and around powers of two in it.
int generate_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                      struct rng *rng, struct err *err) MUST_USE;

#endif
