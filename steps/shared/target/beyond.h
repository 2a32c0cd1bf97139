// SPDX-License-Identifier: Apache-2.0
// Calls beyond what was seen: captured calls with one scalar moved out of its range, a little first, then to
// powers of two up to the ends of its type. They refute variants that merely know the answers to what was
// captured, and those that dropped a limit.
#ifndef ATOLL_STEPS_SHARED_TARGET_BEYOND_H
#define ATOLL_STEPS_SHARED_TARGET_BEYOND_H

#include "steps/shared/target/corpus.h"

// Appends such calls, derived from calls of `like` that `rng` draws. `distribution` is the benchmark's.
// Nothing is appended for parameters without a known range.
int beyond_calls(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                 const struct corpus *like, struct rng *rng, struct err *err) MUST_USE;

#endif
