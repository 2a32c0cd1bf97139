// SPDX-License-Identifier: Apache-2.0
// What a target needs beside its own file: sources, objects, archives and libraries that the recipe names, or
// sources of the repository that define what the linker misses. A function that nobody defines becomes a
// trap, so that the object still loads.
#ifndef ATOLL_STEPS_SHARED_TARGET_LINKAGE_H
#define ATOLL_STEPS_SHARED_TARGET_LINKAGE_H

#include "steps/shared/target/compiler.h"

struct linkage;

// Starts with what `recipe` links. The compiler and the recipe are borrowed. `file` is the target's,
// relative.
struct linkage *linkage_new(struct compiler *compiler, const char *repository, const char *file,
                            const char *scratch, const struct recipe *recipe);
void linkage_free(struct linkage *linkage);

// Adds sources of the repository until `object` with `shim` misses nothing, then traps for the rest.
int linkage_complete(struct linkage *linkage, const char *object, const char *shim, struct err *err) MUST_USE;

// Appends the objects and libraries for a kind of build to `inputs`; compiles them the first time. ERR_TARGET
// when a source of the recipe does not compile.
int linkage_add_objects(struct linkage *linkage, enum build_kind kind, struct arena *arena,
                        struct words *inputs, struct err *err) MUST_USE;

// The names that a linker's output calls undefined, each once.
struct words linkage_missing(struct arena *arena, struct str output);

// The source file of the repository (relative) that defines `name`, a function or variable with external
// linkage; the nearest to `file` when there are several, or NULL. Folders and files of tests are left out.
const char *linkage_find(struct arena *arena, const char *repository, const char *file, const char *name);

#endif
