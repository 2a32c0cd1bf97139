// SPDX-License-Identifier: Apache-2.0
// What screen.h asks of a variant that a text tells before it is compiled, for Go: the same head, no compiler
// directives. The rest is told by the type checker, once it compiles (builder_vet).
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_SCREEN_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_SCREEN_H

#include "steps/shared/target/target.h"

// As screen_variant, for a target whose syntax is Go.
int go_screen_variant(const struct target *target, struct str variant, const char **reason, char *detail,
                      size_t detail_size, struct err *err) MUST_USE;

#endif
