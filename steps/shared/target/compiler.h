// SPDX-License-Identifier: Apache-2.0
// Runs the repository's compiler in the sandbox: it may read the repository, write to the scratch folder, and
// nothing else.
#ifndef ATOLL_STEPS_SHARED_TARGET_COMPILER_H
#define ATOLL_STEPS_SHARED_TARGET_COMPILER_H

#include "sandbox/launcher.h"
#include "steps/shared/target/command.h"
#include "steps/shared/target/recipe.h"

struct compiler;

enum build_kind { BUILD_PLAIN, BUILD_SANITIZED };

// `repository` and `scratch` are absolute. ERR_ENVIRONMENT when the compiler is not there. Everything but the
// launcher is copied.
struct compiler *compiler_new(struct launcher *launcher, const char *repository, const char *scratch,
                              const struct recipe *recipe, struct err *err) MUST_USE;
void compiler_free(struct compiler *compiler);

// Where it runs, absolute; borrowed.
const char *compiler_directory(const struct compiler *compiler);

// Runs it with `arguments` (without the program's name) in the recipe's folder. 0 with *ok and its output, in
// which the scratch folder's own path is left out; -1 only when it could not be started.
int compiler_run(struct compiler *compiler, const struct words *arguments, bool *ok, struct buf *diagnostics,
                 struct err *err) MUST_USE;

// Compiles `source` (absolute) as if it stood at `original` (relative to the repository): quoted includes are
// looked up there, and __FILE__ names it. What it depends on is written to `object`.d, for make. Results as
// compiler_run.
int compiler_compile(struct compiler *compiler, const char *source, const char *original,
                     enum build_kind kind, const char *object, bool *ok, struct buf *diagnostics,
                     struct err *err) MUST_USE;

// Links objects (and -l flags) into the shared object `path`. Results as compiler_run.
int compiler_link(struct compiler *compiler, const struct words *inputs, enum build_kind kind,
                  const char *path, bool *ok, struct buf *diagnostics, struct err *err) MUST_USE;

#endif
