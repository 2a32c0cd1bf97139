// SPDX-License-Identifier: Apache-2.0
// Calls of Go functions: captured, shown as JSON, drawn like those that were captured, and at the boundaries.
// A receiver is drawn as a whole from the captured calls: what holds inside of it is not known.
//
// The distribution: {NAME: {"longest": N, "min": N, "max": N}}, the longest string, slice or map in an
// argument, and the range of the whole numbers in it. Unknown are 64, 0 and 20.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_CALLS_H
#define ATOLL_STEPS_SHARED_TARGET_GO_CALLS_H

#include "steps/shared/target/language.h"

extern const struct call_ops go_call_ops;

#endif
