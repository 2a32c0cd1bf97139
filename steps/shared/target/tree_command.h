// SPDX-License-Identifier: Apache-2.0
// A command that the repository names (test, build, run), in a tree of it that may hold machine-written code.
// It runs in a shell, contained: HOME and the folder of temporary files stand in the tree, the only place it
// may write to; PATH is the system's folders. A target in Go has the go command in front of them, wherever
// that is, and the modules that the user has downloaded, from which go works offline.
#ifndef ATOLL_STEPS_SHARED_TARGET_TREE_COMMAND_H
#define ATOLL_STEPS_SHARED_TARGET_TREE_COMMAND_H

#include "sandbox/launcher.h"
#include "workflow/step.h"

struct tree_command {
    struct launcher *launcher;
    const char *tree;        // absolute
    const char *command;     // for sh -e -c
    const char *file;        // of the target; says what language the command must find tools for
    const char *variable;    // "NAME=VALUE" in its environment, or NULL
    struct str input;        // on its standard input
    size_t output_max_bytes; // 0: the launcher's own limit
    int64_t wall_ms;         // `sandbox.wall` of the pipeline holds where it is shorter
};

// Runs it to its end. ERR_LOST when somebody else killed it: that says nothing about the code. Release
// `result` when 0 is returned, whatever its exit code.
int tree_command_run(const struct step *step, const struct tree_command *command,
                     struct launch_result *result, struct err *err) MUST_USE;

// Its limits: `sandbox:` of the pipeline, and where that says nothing 512 processes, 1024 open files, 4
// GiB a file and 8 GiB in all. Memory has a limit only when the pipeline says so: it counts address space, of
// which sanitizers and managed runtimes reserve terabytes.
struct launch_limits tree_command_limits(const struct step *step, int64_t wall_ms);

// ERR_LOST when a command was killed by somebody else: a SIGKILL that no limit of ours explains, or a shell's
// word of one. `what` names the command.
int tree_command_check_lost(const struct launch_result *result, const char *what, struct err *err) MUST_USE;

// `wall_ms`, or `sandbox.wall` of the pipeline where that is shorter.
int64_t wall_limit_ms(const struct step *step, int64_t wall_ms);

#endif
