// SPDX-License-Identifier: Apache-2.0
// Everything that is wrong with a file, collected in one go. Each problem is one line
// `file:line:column: key: message; did you mean "X"?`.
#ifndef ATOLL_WORKFLOW_PROBLEM_H
#define ATOLL_WORKFLOW_PROBLEM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/vec.h"
#include "base/yaml.h"

// One thing that is wrong.
struct problem {
    struct yaml_mark mark;
    const char *text; // "key: message", in the arena of the list
};
// A list that grows; owned by whoever declared it.
struct problems {
    struct arena arena;
    VEC(struct problem) list;
};

// A local list that is released at the end of its scope.
#define AUTO_PROBLEMS __attribute__((cleanup(problems_release))) struct problems

// Frees all problems; the list is empty and usable again. `(struct problems){0}` is an empty list.
void problems_release(struct problems *problems);

// Adds a problem at a place. `key` is copied; the message is formatted. More than 200 are dropped.
void problems_add(struct problems *problems, struct yaml_mark mark, struct str key, const char *format, ...)
    PRINTF_LIKE(4, 5);

// `; did you mean "X"?` for the nearest of `words`, or "" when none is near. Lives in the list's arena.
const char *problems_hint(struct problems *problems, struct str word, const char *const *words, size_t count);

// A text of the file for a message, cut when long. Lives in the list's arena.
const char *problems_shown(struct problems *problems, struct str text);

// Sorts by position; problems at one place keep their order.
void problems_sort(struct problems *problems);

// Appends one line a problem, as they stand in the list.
void problems_write(const struct problems *problems, struct buf *out);

// One problem as {"file", "line", "column", "message"}. Returns owned.
json_t *problem_json(const struct problem *problem);

// Sets ERR_CONFIG with the first problem (and how many more there are). Returns -1.
int problems_err(const struct problems *problems, struct err *err);

#endif
