// SPDX-License-Identifier: Apache-2.0
// Callgrind's output (https://valgrind.org/docs/manual/cl-format.html): cost lines of functions, calls with
// their inclusive cost, names and positions compressed. The event read is Ir, else the first. The format has
// no stacks: each cost line becomes a sample of one frame, each call an arc. Code of another file (fi=, fe=)
// belongs to the function that holds it; "fib'2", a recursion level, is fib.
#ifndef ATOLL_STEPS_PROFILE_FETCH_CALLGRIND_H
#define ATOLL_STEPS_PROFILE_FETCH_CALLGRIND_H

#include "steps/profile-fetch/profile.h"

// Adds the cost of the text. `name` stands in front of errors ("name:12: ...", ERR_PARSE, also for a file
// that ends before its costs reach its own summary; ERR_LIMIT when it is too large). After an error the
// profile may hold a part.
int callgrind_read(struct str data, const char *name, struct profile *profile, struct err *err) MUST_USE;

#endif
