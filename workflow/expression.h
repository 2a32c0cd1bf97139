// SPDX-License-Identifier: Apache-2.0
// Expressions of the pipeline file, `${{ ... }}`: literals 'text' (a quote is doubled), numbers, true, false,
// null; paths steps.ID.outputs.X.Y[0], steps.ID.status, vars.X, env.X, run.id, item, index; == != < <= > >=
// && || ! ( ); length(x) contains(a, b) first(list) join(list, separator) success() failure() always(). What
// is absent is null. false, null, 0 and '' count as false. `&&` and `||` give one of their operands. A text
// is compared to a number or a truth value by what it says ('3' == 3).
#ifndef ATOLL_WORKFLOW_EXPRESSION_H
#define ATOLL_WORKFLOW_EXPRESSION_H

#include "base/host.h"
#include "base/json.h"
#include "workflow/place.h"
#include "workflow/problem.h"

// The first word of a path.
enum reference_root { ROOT_STEPS, ROOT_VARS, ROOT_ENV, ROOT_RUN, ROOT_ITEM, ROOT_INDEX };

// One element of a path: a name, or an index when `name.ptr` is NULL.
struct reference_part {
    struct str name;
    size_t index;
    struct yaml_mark mark;
};
// A path that an expression reads, with the place of its first letter.
struct reference {
    enum reference_root root;
    const struct reference_part *parts; // without the root
    size_t count;
    struct yaml_mark mark;
};

// A parsed text with expressions in it, in the arena it was read with.
struct expression {
    struct str text;                     // as written
    const struct expression_node *whole; // the tree when the text is one lone expression, else NULL
    struct expression_piece *pieces;     // else: literal and computed pieces in turn
    size_t piece_count;
    const struct reference *references; // all paths read, in order
    size_t reference_count;
    bool asks_status; // calls success(), failure() or always()
    struct yaml_mark mark;
};

// A scalar and the file that it stands in, so that a place inside of it can be named.
struct expression_source {
    const struct place_file *file; // or NULL
    const struct yaml_node *node;
    struct str key; // in front of messages
};

// What the paths of an expression read. All borrowed; any member may be NULL.
struct scope {
    const json_t
        *steps; // {"ID": {"status": "succeeded" | "failed" | "skipped" | "cancelled", "outputs": {..}}}
    const json_t *vars;
    const json_t *run;       // {"id": ".."}
    const json_t *item;      // inside of a for-each
    int64_t index;           // of the item, 0-based
    const struct host *host; // env.X; NULL = every variable is unset
    bool failed;             // what failure() says, and the opposite of success()
};

// Whether a text has `${{` in it.
bool expression_in(struct str text);

// Reads the text of `source->node`. With `bare`, a text without `${{` is one expression; else it is plain
// text. Returns NULL after adding a problem with the place inside the file.
struct expression *expression_read(struct arena *arena, const struct expression_source *source, bool bare,
                                   struct problems *problems);

// Evaluates: a lone expression keeps its type, pieces become one text of at most 1 MiB. Returns owned, or
// NULL with ERR_CONFIG "file:line:column: ...".
json_t *expression_evaluate(const struct expression *expression, const struct scope *scope,
                            struct err *err) MUST_USE;

// The same for one value of several: NULL after adding a problem with that key.
json_t *expression_value(const struct expression *expression, const struct scope *scope, struct str key,
                         struct problems *problems) MUST_USE;

// Whether a value counts as true.
bool expression_truth(const json_t *value);

// Appends a value as text: text as it is, null as nothing, lists and mappings as compact JSON.
void expression_text(const json_t *value, struct buf *out);

#endif
