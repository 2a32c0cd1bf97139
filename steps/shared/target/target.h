// SPDX-License-Identifier: Apache-2.0
// Code under optimisation: one function of one file of a repository, how it is built, and variants of it. A
// variant is the text that replaces the function's definition (it may define helpers and tables before the
// function). Everything is compiled in the sandbox with the repository's own flags, at least -O2 (builder.h).
#ifndef ATOLL_STEPS_SHARED_TARGET_TARGET_H
#define ATOLL_STEPS_SHARED_TARGET_TARGET_H

#include "steps/shared/target/builder.h"
#include "steps/shared/target/function.h"
#include "steps/shared/target/language.h"
#include "steps/shared/target/recipe.h"

struct target {
    const char *repository; // absolute
    const char *file;       // relative to the repository
    const char *name;       // of the function
    const char *commit;     // HEAD when it was opened, "" outside of git
    const struct language_ops *language;
    struct str source; // text of the file
    struct syntax *syntax;
    struct function function;
    struct signature signature; // of Go empty until builder_signature
    struct recipe recipe;
};

// Opens FILE:FUNCTION. `description` may hold "params" (role overrides), "recipe" ({cc, flags, link}); a
// recipe without flags is read from compile_commands.json, else from `make -n -B` of the repository's
// Makefile (run in the `yard`; not without one), else "-O2"; of Go it is {flags} for the go command.
// Everything lives in the arena except the syntax, which target_close frees.
int target_open(struct arena *arena, const char *repository, const char *file, const char *name,
                const json_t *description, const struct recipe_yard *yard, struct target *target,
                struct err *err) MUST_USE;
void target_close(struct target *target);

// The file's text with the function's definition replaced by `variant` (arena). With `for_cell`, what
// a cell of its language needs is appended.
struct str target_splice(struct arena *arena, const struct target *target, struct str variant, bool for_cell);

// The baseline variant: the definition as it stands.
struct str target_baseline(const struct target *target);

#endif
