// SPDX-License-Identifier: Apache-2.0
// Questions that native mutators ask of a Go syntax tree, beside those of shape.h that hold for every
// language: what a name stands for, what type an expression has, what is written. Answers rest on
// declarations, never on what something is called.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_SHAPE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_SHAPE_H

#include "steps/island-evolve/shape.h"

enum go_origin { GO_PARAMETER, GO_LOCAL, GO_RANGE_KEY, GO_RANGE_VALUE, GO_GLOBAL };

// A variable, where it is declared.
struct go_variable {
    enum go_origin origin;
    struct str name;
    struct node declaration; // parameter_declaration, short_var_declaration, var_spec, range_clause
    struct node type;        // where one is written, else no node
    struct node value;       // initial value (what is ranged over), else no node
};

// What an identifier that stands at `at` refers to. False when the file declares no such variable there.
bool go_variable(const struct shape *shape, struct node at, struct str name, struct go_variable *variable);

// A text of Go in one line, without comments and white space that it does not need: "[]byte",
// "map[string]chan int". In the arena.
const char *go_plain(const struct shape *shape, struct str text);

// The type of an expression in the file's own words, plain ("byte", "[]string"); "" when it can't be told
// without a compiler, and for untyped constants. In the arena.
const char *go_type_text(const struct shape *shape, struct node expression);

// The element type of "[]T", "[N]T" and "string"; "" for others.
const char *go_element_text(const struct shape *shape, const char *type);

// The value and the type (no node when it has none) of a constant of the file. No node when there is no such
// constant, or its value is implicit.
struct node go_constant(const struct shape *shape, struct str name, struct node *type);

// The element of a table of the file that nothing changes: `var name = [N]T{..}`. `element` is no node where
// it is zero. False when there is no such table or the index is past its end.
bool go_table_element(const struct shape *shape, struct str name, size_t index, struct node *element,
                      struct str *type);

// Whether `name` stands as a whole left of an assignment, in ++ or --, or has its address taken, at or below
// a node; whether one of its elements does.
bool go_changes(const struct shape *shape, struct node node, struct str name);
bool go_changes_elements(const struct shape *shape, struct node node, struct str name);

// The name under which the file knows an imported package ("unicode/utf8" -> "utf8"); empty when it does not.
struct str go_import(const struct shape *shape, const char *path);

// A name in mixed caps that stands nowhere in the file nor in `text`, made of two words: ("isTag", "table")
// -> "isTagTable".
char *go_fresh(const struct shape *shape, const char *first, const char *second, struct str text);

// A function's name without the type that a method belongs to; borrowed.
const char *go_own_name(const struct function *function);

// Whether an expression is a call of the predeclared function `name` ("len", "append", "string"); its
// `index`-th argument or no node.
bool go_is_call(const struct shape *shape, struct node node, const char *name);
struct node go_argument(struct node call, size_t index);

// An expression without parentheses around it.
struct node go_strip(struct node expression);

// Whether a node is an identifier of that name.
bool go_is_name(const struct shape *shape, struct node node, struct str name);

#endif
