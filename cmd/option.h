// SPDX-License-Identifier: Apache-2.0
// Options of a command come from one table: parsing, --help, the man page and shell completion read the same
// entries.
#ifndef ATOLL_CMD_OPTION_H
#define ATOLL_CMD_OPTION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum option_type { OPTION_FLAG, OPTION_TEXT, OPTION_INT, OPTION_REAL, OPTION_LIST };

// One long option; a table ends with a NULL name.
struct option {
    const char *name; // "inputs", given as --inputs VALUE or --inputs=VALUE
    enum option_type type;
    const char *value; // placeholder in help, "FILE"; FILE and DIR complete to paths
    const char *summary;
    const char *const *choices; // NULL-terminated words, or NULL
};

struct option_value {
    const struct option *option;
    const char *text; // "" for a flag
};

// What was given on the command line. Everything is borrowed from argv and the arena.
struct arguments {
    struct option_value *values;
    size_t value_count;
    const char **operands;
    size_t operand_count;
};

// Options that every command takes.
extern const struct option options_common[];

// Parses argv against `options` and options_common. ERR_USAGE names the option, and the nearest right one.
int arguments_parse(struct arena *arena, const struct option *options, int argc, char **argv,
                    struct arguments *arguments, struct err *err) MUST_USE;

// The last value of an option, or `otherwise` when it was not given.
const char *arguments_text(const struct arguments *arguments, const char *name, const char *otherwise);
int64_t arguments_int(const struct arguments *arguments, const char *name, int64_t otherwise);
double arguments_real(const struct arguments *arguments, const char *name, double otherwise);

// Whether an option was given.
bool arguments_has(const struct arguments *arguments, const char *name);

#endif
