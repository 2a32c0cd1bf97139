// SPDX-License-Identifier: Apache-2.0
// How a function uses its integer parameters: evidence for which of them count a buffer, and for the range of
// the others.
#ifndef ATOLL_STEPS_SHARED_TARGET_BOUND_H
#define ATOLL_STEPS_SHARED_TARGET_BOUND_H

#include "steps/shared/target/names.h"

// An integer parameter.
struct integer_usage {
    bool bound; // compared with a variable, counted down, added to a pointer, or passed on right behind
                // `buffer`
    bool index; // an index itself
    bool loop;  // bounds a loop
};

// Usage of integer parameter `name`; `buffer` is the pointer that it may count ("" = any).
struct integer_usage usage_of_integer(const struct scope *scope, struct scope_node definition,
                                      struct str name, struct str buffer);

// Whether some variable that is compared with `name` indexes `buffer` (`i < n` and `out[i]`).
bool usage_bounds_index(const struct scope *scope, struct scope_node definition, struct str name,
                        struct str buffer);

// How often the function calls itself.
size_t usage_self_calls(struct scope_node definition, struct str name);

// Whether the result says how much of `buffer` was written: every `return` gives a constant or a length
// (cursor.h), and one a length. Any other computed result (a code, a count of changes) is none.
bool usage_returns_length(const struct scope *scope, struct scope_node definition, struct str buffer);

#endif
