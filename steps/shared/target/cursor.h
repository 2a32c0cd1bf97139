// SPDX-License-Identifier: Apache-2.0
// Write cursors: `out[n++] = c` makes n a cursor of out, and what stands before it was written by the
// function itself, so reading it makes no input of the buffer.
#ifndef ATOLL_STEPS_SHARED_TARGET_CURSOR_H
#define ATOLL_STEPS_SHARED_TARGET_CURSOR_H

#include "steps/shared/target/names.h"

// Whether an index or offset of the buffer points to what the function has written itself: `n - 1`, -1, or a
// variable that only ever takes the value of a cursor.
bool cursor_behind(const struct names *names, struct node index);

// Whether an expression says how much of the buffer was written: a cursor, a cursor plus or minus something,
// or the difference of a pointer and the buffer.
bool cursor_is_length(const struct names *names, struct node expression);

#endif
