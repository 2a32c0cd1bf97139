// SPDX-License-Identifier: Apache-2.0
// How output looks here: a person at a terminal (colour, one live line), a CI log (plain lines, GitHub groups
// and annotations), or JSON for a program.
#ifndef ATOLL_CMD_TERMINAL_H
#define ATOLL_CMD_TERMINAL_H

#include "base/err.h"
#include "base/host.h"
#include "base/json.h"
#include "cmd/option.h"

#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_WARN };

struct terminal {
    bool color;  // of standard output
    bool live;   // a line may be rewritten on standard error
    bool github; // GITHUB_ACTIONS is set
    bool json, quiet, verbose;
    int width;
    bool live_line_shown;
    const char *workspace; // of GitHub's runner: annotations name files below it by relative paths; or NULL
    json_t *answer;        // what a failing command tells as JSON beside its error; owned, or NULL
};

// Decides from the options, the environment (NO_COLOR, TERM, GITHUB_ACTIONS, CI) and the descriptors.
void terminal_init(struct terminal *terminal, const struct arguments *arguments, const struct host *host);

// Escape sequence of a style, "" without colour; STYLE_PLAIN ends a style.
const char *terminal_style(const struct terminal *terminal, enum style style);

// A line of progress on standard error; nothing when quiet. Rewrites the live line.
void terminal_note(struct terminal *terminal, const char *format, ...) PRINTF_LIKE(2, 3);

// The live line; nothing unless live.
void terminal_live(struct terminal *terminal, const char *text);

// Removes the live line, before something is printed on standard output.
void terminal_clear(struct terminal *terminal);

// A warning on standard error, as an annotation on GitHub.
void terminal_warning(struct terminal *terminal, const char *text);

// A complaint about a place in a file, on `out`, as an annotation on GitHub.
void terminal_problem(struct terminal *terminal, FILE *out, const char *file, unsigned line, unsigned column,
                      const char *text);

// The error a command ends with, with its hint, on standard error; when asked as JSON too, one object: the
// members of `answer`, which is used up, "error", "kind" and "hint".
void terminal_error(struct terminal *terminal, const struct err *err);

// Begins and ends a foldable group of lines in CI logs that know one.
void terminal_group(struct terminal *terminal, const char *title);
void terminal_group_end(struct terminal *terminal);

// Pretty JSON and a newline on standard output.
void terminal_json(const json_t *json);

#endif
