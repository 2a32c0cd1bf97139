// SPDX-License-Identifier: Apache-2.0
// Questions that native mutators ask of a syntax tree: what a name stands for, which names a piece of code
// reads and writes, whether it depends on nothing else, what type an expression has. Answers rest on shapes
// and declarations, never on what something is called.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_SHAPE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_SHAPE_H

#include "steps/island-evolve/mutator.h"
#include "steps/shared/target/ctype.h"
#include "steps/shared/target/names.h"

// One mutation with what its file defines and sees. Everything is borrowed from the mutation and its arena.
struct shape {
    const struct mutation *mutation;
    struct arena *arena;
    const struct syntax *syntax;
    struct scope scope;
    struct function *functions; // of the whole file
    size_t function_count;
};

// Type of an expression or variable: `base` behind `pointers` stars (an array counts as one). `text` is the
// declaration's own spelling of the base with its qualifiers, empty when it has none.
struct shape_type {
    struct ctype base;
    unsigned pointers;
    bool known, is_const;
    struct str text;
};

// A declared variable or parameter.
struct variable {
    struct str name;
    struct shape_type type;
    struct node declaration; // declaration or parameter_declaration
    struct node value;       // initial value, or no node
    bool is_array, is_static, is_parameter, is_global;
};

// An identifier in code and what is done to it there.
struct use {
    struct node node;
    struct str name;
    bool read, write, address, declares, called;
    bool element_read, element_write; // x[..] or *x
};
struct uses {
    struct use *items;
    size_t count;
};

// A list of nodes in an arena.
struct nodes {
    struct node *items;
    size_t count;
};

// Looks at a mutation's file.
struct shape shape_of(const struct mutation *mutation);

// Text of a node; of its field "operator".
struct str shape_text(const struct shape *shape, struct node node);
struct str shape_operator(const struct shape *shape, struct node node);

// Whether a node, a position range, or a function lies inside the variant.
bool shape_in_variant(const struct shape *shape, struct node node);

// The function of the file with that name, or NULL; the function that a node stands in, or NULL.
const struct function *shape_function(const struct shape *shape, struct str name);
const struct function *shape_enclosing(const struct shape *shape, struct node node);

// All nodes at and below `root` whose kind is one of `kinds` (separated by spaces), in source order.
struct nodes shape_find(const struct shape *shape, struct node root, const char *kinds);

// As shape_find for all functions inside the variant.
struct nodes shape_find_all(const struct shape *shape, const char *kinds);

// Identifiers at and below a node, in source order; names of members, types and labels are left out.
struct uses shape_uses(const struct shape *shape, struct node node);

// Whether `name` stands anywhere at or below a node; how often.
size_t shape_count(const struct shape *shape, struct node node, struct str name);

// Whether an identifier of that name is written, or its address taken, at or below a node.
bool shape_changes(const struct shape *shape, struct node node, struct str name);

// What an identifier that stands at `at` refers to. False when it is no variable that the file or its quoted
// headers declare.
bool shape_variable(const struct shape *shape, struct node at, struct str name, struct variable *variable);

// Type of an expression as far as it can be told without a compiler; `known` is false else.
struct shape_type shape_type(const struct shape *shape, struct node expression);

// Result type of a function, without storage class; parameters of a function as variables (arena).
struct shape_type shape_result(const struct shape *shape, struct node definition);
struct variable *shape_parameters(const struct shape *shape, struct node definition, size_t *count);

// The type's own spelling without qualifiers and storage class: "uint32_t" for `static const uint32_t`.
char *shape_type_name(const struct shape *shape, const struct shape_type *type);

// Whether it is an unsigned integer that is no pointer.
bool shape_is_unsigned(const struct shape_type *type);

// Value of an integer constant expression of literals and the file's macros.
bool shape_constant(const struct shape *shape, struct node expression, int64_t *value);

// Whether code depends on nothing but `free` names, what it declares itself, constants, constant objects of
// the file and pure functions, and changes nothing else. Code that returns, jumps to labels or holds assembly
// is not closed unless `whole_body` says that it is a function's body.
bool shape_closed(const struct shape *shape, struct node code, const struct str *free, size_t free_count,
                  bool whole_body);

// Whether a function of the file has only numbers as parameters and its result depends on them alone.
bool shape_pure(const struct shape *shape, struct str name);

// Whether evaluating an expression changes nothing (no assignment, no ++, no call but of pure functions).
bool shape_has_no_effect(const struct shape *shape, struct node expression);

// Whether a node is a cast that the grammar takes for a call: `(word)(x)` with a typedef `word`. Gives the
// type's name.
bool shape_is_cast(const struct shape *shape, struct node node, struct str *type);

// An expression without parentheses and, with `casts`, without casts around it.
struct node shape_strip(struct node expression, bool casts);

// The only statement of a body: `{ x; }` and `x;` give x. The expression of an expression statement. No node
// else.
struct node shape_only_statement(struct node body);
struct node shape_expression(struct node statement);

// A statement list: those of a compound statement without comments, or the statement itself.
struct nodes shape_statements(const struct shape *shape, struct node body);

// A name that stands nowhere in the file or its headers, made of `stem`.
char *shape_fresh(const struct shape *shape, const char *stem);

// As shape_fresh, nor in `text`, which is about to be added.
char *shape_fresh_beside(const struct shape *shape, const char *stem, struct str text);

// Blanks at the start of the line that holds `position`; one level of indentation of this file.
char *shape_indent(const struct shape *shape, size_t position);
const char *shape_indent_unit(const struct shape *shape);

// Whether only blanks stand before a position in its line.
bool shape_starts_line(const struct shape *shape, size_t position);

// Definitions that an oracle's question about `code` needs beside the target's file: the variant, when `code`
// uses what only that defines. Empty otherwise.
struct str shape_prelude(const struct shape *shape, struct node code);

// The text of `node` with `count` edits (offsets of the file, inside of the node, sorted or not) applied.
char *shape_edited(const struct shape *shape, struct node node, const struct edit *edits, size_t count);

// The text of a node whose further lines are indented as if its first stood behind `indent`.
char *shape_moved(const struct shape *shape, struct node node, const char *indent);

// Text between two positions of the file.
struct str shape_between(const struct shape *shape, size_t start, size_t end);

#endif
