// SPDX-License-Identifier: Apache-2.0
// Gives parameters their roles: from overrides first, then from how the function uses them. Works on
// parameters whose types are known (parameter.h); signature.h is the way in.
#ifndef ATOLL_STEPS_SHARED_TARGET_ROLE_H
#define ATOLL_STEPS_SHARED_TARGET_ROLE_H

#include "base/json.h"
#include "steps/shared/target/parameter.h"
#include "steps/shared/target/signature.h"

struct roles {
    struct arena *arena;
    const struct scope *scope;
    struct scope_node definition;
    const struct declared *declared; // as many as signature->count
    const json_t *overrides;         // may be NULL
    struct signature *signature;     // names, types and sizes are set; kinds are CELL_END, `of` is -1
};

// Sets kinds, counts and ranges of all parameters. ERR_TARGET says what to write into the overrides.
int roles_assign(const struct roles *roles, struct err *err) MUST_USE;

#endif
