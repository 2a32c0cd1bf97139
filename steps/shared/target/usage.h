// SPDX-License-Identifier: Apache-2.0
// How a function uses one of its parameters, read off its syntax tree: evidence for the role of the
// parameter. It looks at shapes only, never at names, and follows local aliases and calls to functions that
// the scope knows. A guess that people can overrule, never a proof.
#ifndef ATOLL_STEPS_SHARED_TARGET_USAGE_H
#define ATOLL_STEPS_SHARED_TARGET_USAGE_H

#include "steps/shared/target/scope.h"

// A pointer parameter.
struct pointer_usage {
    bool used;
    bool moved;          // indexed or moved: more than *p and p[0]
    bool by_variable;    // by something else than constants
    uint64_t last_index; // largest constant index
    bool read_first;     // an element is read that the function has not written before, in source order
    bool written;
    bool nul_tested; // elements are compared with 0, or it goes to strlen and the like
};

// Usage of parameter `name` in a function definition.
struct pointer_usage usage_of_pointer(const struct scope *scope, struct scope_node definition,
                                      struct str name);

#endif
