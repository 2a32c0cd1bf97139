// SPDX-License-Identifier: Apache-2.0
// Command lines of compilers, as they stand in compile_commands.json or in the output of make: split into
// words, found for a file, filtered.
#ifndef ATOLL_STEPS_SHARED_TARGET_COMMAND_H
#define ATOLL_STEPS_SHARED_TARGET_COMMAND_H

#include "base/arena.h"
#include "base/str.h"

struct words {
    const char **items;
    size_t count, capacity; // the array is the arena's
};

// Splits one simple command as a shell does: quotes and backslashes; what a shell would compute (`..`, $(..),
// $X) is left out. Stops at ; && || | and sets *rest to what follows (a NULL pointer at the end).
struct words words_split(struct arena *arena, struct str line, struct str *rest);

// Appends a word.
void words_add(struct arena *arena, struct words *words, const char *word);

// Whether the command compiles `file`, an absolute path without . or .., when run in `directory` (absolute).
bool command_compiles(struct arena *arena, const struct words *words, const char *directory,
                      const char *file);

// The flags of a compile command that bear on the code, at least -O2. The first word (the compiler) is left
// out.
struct words command_flags(struct arena *arena, const struct words *words);

// An absolute path without ".", ".." and double slashes; relative paths are taken from `directory`.
char *command_path(struct arena *arena, const char *directory, const char *path);

// In the output of `make -n -w`, the command that compiles `file`; plain builds are preferred to sanitized
// ones and to those that count coverage. False when there is none. `directory` is where make ran, and becomes
// where the command runs.
bool command_find(struct arena *arena, struct str output, const char *file, const char **directory,
                  struct words *found);

#endif
