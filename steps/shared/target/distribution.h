// SPDX-License-Identifier: Apache-2.0
// What a target's arguments look like, learned from captured calls. It stands in the benchmark file, where a
// person may read and correct it:
//   {NAME: {"lengths": [0, 10 .. 100 % quantiles], "bytes": {"lower": share, "upper", "digit", "space",
//   "punctuation", "control", "high"}}} for buffers (shares: of what their elements' bytes are),
//   {NAME: {"min", "max", "common": [..]}} for scalars,
//   {NAME: {"lengths", "members": {NAME: the same}}} for what has members (lengths: of pointers to many).
// What is missing or makes no sense counts as unknown: lengths up to 256, any byte, scalars 0 to 20 or the
// parameter's own range.
#ifndef ATOLL_STEPS_SHARED_TARGET_DISTRIBUTION_H
#define ATOLL_STEPS_SHARED_TARGET_DISTRIBUTION_H

#include "steps/shared/target/corpus.h"

#define DISTRIBUTION_LENGTH_MAX 65536 // longer buffers are not drawn

// Learns from all calls of `corpus`, which may be empty. Owned.
json_t *distribution_of(const struct corpus *corpus, const struct signature *signature);

// In all below `learned` is the distribution's member of one parameter, or NULL.

// The longest length that was seen, and one drawn like those that were.
uint64_t distribution_longest(const json_t *learned);
uint64_t distribution_length(const json_t *learned, struct rng *rng);

// Appends one element of a buffer: bytes of the classes seen. Where none were seen, and for floating point
// always, a number of any magnitude, small ones as often as large ones; never infinite or no number.
void distribution_element(const json_t *learned, const struct parameter *parameter, struct rng *rng,
                          struct buf *out);

// A scalar's bits: one of the common values, or anything in range.
uint64_t distribution_scalar(const json_t *learned, const struct parameter *parameter, struct rng *rng);

// The range of a scalar: as integers, or as reals for floating point.
void distribution_range(const json_t *learned, const struct parameter *parameter, int64_t *low,
                        int64_t *high);
void distribution_range_real(const json_t *learned, const struct parameter *parameter, double *low,
                             double *high);

#endif
