// SPDX-License-Identifier: Apache-2.0
// Fresh calls: like the captured ones in lengths and bytes (what was learned stands in the benchmark file,
// readable and correctable), and at the boundaries. Buffers that share a count keep the same count.
#ifndef ATOLL_STEPS_SHARED_TARGET_GENERATE_H
#define ATOLL_STEPS_SHARED_TARGET_GENERATE_H

#include "steps/shared/target/corpus.h"

// What was learned of the captured calls: {NAME: {"lengths": [0, 10 .. 100 % quantiles], "bytes": {"lower":
// share, "upper", "digit", "space", "punctuation", "control", "high"}}} for buffers, {NAME: {"min", "max",
// "common": [..]}} for scalars. Without calls: lengths up to 256 and any byte; scalars 0 to 20, or the
// parameter's own range. Owned.
json_t *distribution_of(const struct corpus *corpus, const struct signature *signature);

// Appends `count` calls drawn by `rng`: mutated or spliced calls of `like` (may be empty), and calls made
// from the distribution alone. ERR_LIMIT when the corpus is full.
int generate_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                   const struct corpus *like, struct rng *rng, size_t count, struct err *err) MUST_USE;

// Appends boundary calls: empty, one element, lengths around powers of two up to twice the longest seen, all
// bytes equal, every byte value, capacities 0, 1 and around the length, scalars at their extremes and around
// powers of two.
int generate_boundary(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                      struct rng *rng, struct err *err) MUST_USE;

#endif
