// SPDX-License-Identifier: Apache-2.0
// A subcommand: one file, one const table entry. Everything that is printed is printed below this line.
#ifndef ATOLL_CMD_COMMAND_H
#define ATOLL_CMD_COMMAND_H

#include "base/arena.h"
#include "base/host.h"
#include "cmd/option.h"
#include "cmd/terminal.h"

// One call of a command. All borrowed for the time of the call.
struct invocation {
    const struct command *command;
    const struct arguments *arguments;
    const struct host *host;
    struct arena *arena;
    struct terminal terminal;
    const char *self_path;  // of this binary
    const char *cell_path;  // of atoll-cell, found beside it or in ../libexec/atoll
    const char *repository; // absolute path of the work tree, or of the current folder outside of git
};

struct command {
    const char *name;
    const char *operands; // "[PIPELINE]" in the usage line
    const char *summary;  // one sentence
    const char *details;  // paragraphs for help and man page, may be NULL
    const struct option *options;
    size_t operands_min, operands_max;
    bool hidden;
    bool anywhere; // needs neither a repository nor the programs beside it
    // Returns the exit code (0 and the codes of base/err.h), or -1 with err.
    int (*run)(struct invocation *invocation, struct err *err);
};

// All commands, NULL-terminated.
extern const struct command *const commands[];

// The command of a name, or NULL.
const struct command *commands_find(const char *name);

// Prints the help of a command on standard output; returns 0.
int help_print(const struct command *command);

extern const struct command command_run, command_resume, command_retry, command_export, command_import,
    command_reset, command_status, command_history, command_list, command_gc, command_state, command_signal,
    command_approve, command_cancel, command_pause, command_unpause, command_validate, command_schema,
    command_evolve, command_compare, command_profile, command_explain, command_verdict, command_sandbox,
    command_doctor, command_version, command_help, command_step_process, command_courier_process;

#endif
