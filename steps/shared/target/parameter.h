// SPDX-License-Identifier: Apache-2.0
// Parameters and result as they are declared, before anybody knows what they mean (signature.h gives them
// roles).
#ifndef ATOLL_STEPS_SHARED_TARGET_PARAMETER_H
#define ATOLL_STEPS_SHARED_TARGET_PARAMETER_H

#include "base/arena.h"
#include "steps/shared/target/ctype.h"

struct declared {
    const char *name;
    const char *type;  // without the name, arrays as pointers: "const uint8_t *"
    struct ctype base; // of the value or of what is pointed to
    bool is_pointer, is_const;
    uint64_t array_count; // of `T x[16]`, else 0
};

// Reads the parameters of a function definition. ERR_TARGET names the first one that can't be passed.
int declared_parameters(struct arena *arena, const struct scope *scope, struct scope_node definition,
                        struct declared **list, size_t *count, struct err *err) MUST_USE;

// Reads the result type. ERR_TARGET when it is no number and not void.
int declared_result(struct arena *arena, const struct scope *scope, struct scope_node definition,
                    struct declared *result, struct err *err) MUST_USE;

#endif
