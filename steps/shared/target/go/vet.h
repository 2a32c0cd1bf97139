// SPDX-License-Identifier: Apache-2.0
// Vets variants of a Go function with the language's own type checker: the program in vet/, which is compiled
// with the user's toolchain and run in the sandbox, tells what a variant has that a function which computes
// its results from its arguments has no use for, unless the function had it already.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_VET_H
#define ATOLL_STEPS_SHARED_TARGET_GO_VET_H

#include "steps/shared/target/go/tool.h"

struct go_vet;
struct target;

// Compiles the program into `scratch` and asks go for what the package imports. ERR_TARGET when that fails.
// What it is given must outlive it.
struct go_vet *go_vet_new(struct go_tool *tool, const struct target *target, const char *scratch,
                          struct err *err) MUST_USE;
void go_vet_free(struct go_vet *vet);

// Vets `source` (a path): the target's file with a variant of `length` bytes in the function's place, which
// compiles. 0; 1 with "CHEAT: what it is" in *refusal, the cheat as sandbox/cheat.h names it; -1 with
// ERR_TARGET when it can't be told.
int go_vet_run(struct go_vet *vet, const char *source, size_t length, char *refusal, size_t refusal_size,
               struct err *err) MUST_USE;

#endif
