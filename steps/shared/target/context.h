// SPDX-License-Identifier: Apache-2.0
// Parameters that a function of the repository makes: {role: context, setup: FUNCTION, teardown: FUNCTION,
// digest: FUNCTION}. What a context holds is nobody's business but theirs; a call's input has the arguments
// of its setup, which are numbers, in its place. Cells make contexts outside of what is timed (cell_abi.h). A
// context that the function may change must have a digest, which is compared with the baseline's.
#ifndef ATOLL_STEPS_SHARED_TARGET_CONTEXT_H
#define ATOLL_STEPS_SHARED_TARGET_CONTEXT_H

#include "steps/shared/target/role.h"

// Completes the parameters whose kind is CELL_CONTEXT. ERR_TARGET says what their overrides lack.
int contexts_assign(const struct roles *roles, struct err *err) MUST_USE;

#endif
