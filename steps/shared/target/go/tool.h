// SPDX-License-Identifier: Apache-2.0
// Runs the go command in the sandbox: offline, with the toolchain that is installed and the modules that are
// there (vendored, or in the user's module cache). It may read the repository, and write to the scratch
// folder and to a build cache of atoll's own, which lasts from one variant to the next. A variant's text is
// compiled there but never run.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_TOOL_H
#define ATOLL_STEPS_SHARED_TARGET_GO_TOOL_H

#include "sandbox/launcher.h"
#include "steps/shared/target/command.h"

struct go_tool;

// `repository` and `scratch` are absolute, `file` (relative) is in the module to build. ERR_ENVIRONMENT with
// "needs go" when there is none; ERR_TARGET when the file belongs to no module. Everything but the launcher
// is copied.
struct go_tool *go_tool_new(struct launcher *launcher, const char *repository, const char *file,
                            const char *scratch, struct err *err) MUST_USE;
void go_tool_free(struct go_tool *tool);

// The path of the go command (arena); NULL with ERR_ENVIRONMENT and "needs go" when there is none.
const char *go_command(struct arena *arena, struct err *err) MUST_USE;

// For a command that is not ours and runs go by its name: adds the settings with which it works offline, and
// the folders that it reads, to the two lists. The folder of the go command (arena), NULL where there is
// none.
const char *go_tool_lend(struct arena *arena, struct words *env, struct words *read_paths);

// Runs `go` with these arguments in the folder of the target's package. 0 with *ok and its output; -1 only
// when it could not be started.
int go_tool_run(struct go_tool *tool, const struct words *arguments, bool *ok, struct buf *output,
                struct err *err) MUST_USE;

// Runs a program that was built with go; it may write nothing, and read itself or, with `looks_round`, what
// the go command may read. `argv` ends with NULL. Results as of go_tool_run.
int go_tool_run_program(struct go_tool *tool, const char *const *argv, bool looks_round, bool *ok,
                        struct buf *output, struct err *err) MUST_USE;

// The folder of the package, absolute.
const char *go_tool_package(const struct go_tool *tool);

#endif
