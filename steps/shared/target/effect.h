// SPDX-License-Identifier: Apache-2.0
// What a call leaves behind beside its result and its buffers: variables that outlive it, output, errno. None
// of it is compared by cells, so a function with such effects can't be proven equal to another. Calls are
// followed into functions that the scope knows.
#ifndef ATOLL_STEPS_SHARED_TARGET_EFFECT_H
#define ATOLL_STEPS_SHARED_TARGET_EFFECT_H

#include "base/arena.h"
#include "steps/shared/target/scope.h"

// The first effect in source order, as "writes 'hits', which outlives the call"; NULL when there is none to
// be seen. A function of another file is taken to have none.
const char *effect_find(struct arena *arena, const struct scope *scope, struct scope_node definition);

#endif
