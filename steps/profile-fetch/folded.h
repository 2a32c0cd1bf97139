// SPDX-License-Identifier: Apache-2.0
// Folded stacks (Brendan Gregg's FlameGraph): one stack a line, root first, frames separated by ";", then a
// blank and the number of samples. The annotations _[i] (inlined), _[k], _[j], _[w] of the stack collapsers
// and a trailing
// "(FILE:LINE)" as py-spy writes it are understood. When every number is a multiple of the same large one,
// that is taken for the sampling period, since tools that write nanoseconds do so.
#ifndef ATOLL_STEPS_PROFILE_FETCH_FOLDED_H
#define ATOLL_STEPS_PROFILE_FETCH_FOLDED_H

#include "steps/profile-fetch/profile.h"

// Adds the samples of the text. `name` stands in front of errors ("name:12: ...", ERR_PARSE; ERR_LIMIT when
// it is too large). After an error the profile may hold a part of the samples.
int folded_read(struct str data, const char *name, struct profile *profile, struct err *err) MUST_USE;

#endif
