// SPDX-License-Identifier: Apache-2.0
// What Go code is good for that a function which only computes has no use for, as sandbox/cheat.h names it.
// Only names that the screen has found fault with come here: what is on no list reaches outside.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_CHEAT_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_CHEAT_H

#include "sandbox/cheat.h"
#include "steps/island-evolve/go_shape.h"

// Of a name of a package that the file imports: "time" and "Now". `package` is what the file calls it.
enum cheat go_cheat_of_package(const struct shape *shape, struct str package, struct str name);

// Of a built-in function.
enum cheat go_cheat_of_builtin(struct str name);

// Of a kind of statement, declaration or type, as the grammar calls it.
enum cheat go_cheat_of_kind(struct node node);

// Whether an identifier is one of the harness's own, which stands in the same package.
bool go_cheat_is_harness(struct str identifier);

#endif
