// SPDX-License-Identifier: Apache-2.0
// Evaluates pure Go code over whole numbers and truth values right from the syntax tree, as the Go
// specification says: sized types that wrap around, untyped constants, conversions, if, switch, for, calls of
// functions of the file, a few functions of strings and unicode for ASCII. What it does not know, or what
// would panic, has no value; code that has one depends on nothing else and changes nothing else.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_PURE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_PURE_H

#include "steps/island-evolve/shape.h"

enum { PURE_BINDINGS_MAX = 48 };

// A boolean, a sized integer (int and uint have 64 bits), or an untyped constant.
struct pure_type {
    unsigned bits;
    bool is_signed, is_bool, is_untyped;
};

struct pure_value {
    struct pure_type type;
    __int128 number; // within the type's range; 0 or 1 for a boolean
};

// Local variables of the code that is being evaluated, innermost last.
struct pure_frame {
    const struct shape *shape;
    struct pure_binding {
        struct str name;
        struct pure_value value;
    } items[PURE_BINDINGS_MAX];
    size_t count;
    unsigned *steps; // left for all frames together
    unsigned depth;  // of calls
    // An expression `base[index]` of these two names has this value, when base is not empty.
    struct str element_base, element_index;
    struct pure_value element;
    struct pure_value result; // after FLOW_RETURN
};

// The type that a type expression's text stands for; named types of the file are resolved. False for others.
bool pure_type_of(const struct shape *shape, struct str text, struct pure_type *type);

// A number brought into a type's range, as a conversion does.
struct pure_value pure_value_of(struct pure_type type, __int128 number);

// An empty frame with that many steps to go.
struct pure_frame pure_frame_of(const struct shape *shape, unsigned *steps);

// Adds a variable; false when there are too many.
bool pure_bind(struct pure_frame *frame, struct str name, struct pure_value value);
// The innermost variable of that name, or NULL; borrowed until the next pure_bind.
struct pure_value *pure_find(struct pure_frame *frame, struct str name);

// Value of an expression. False when it has none.
bool pure_eval(struct pure_frame *frame, struct node expression, struct pure_value *value);

// Converts for an assignment: an untyped constant takes the other's type when it fits; else both must agree.
bool pure_assign(struct pure_value *to, struct pure_value from);

// Runs a statement or a block.
enum pure_flow { PURE_FAIL, PURE_NEXT, PURE_BREAK, PURE_CONTINUE, PURE_RETURN };
enum pure_flow pure_run(struct pure_frame *frame, struct node statement);

// Result of a function of the file that has one result. False when it can't be told.
bool pure_call(struct pure_frame *caller, const struct function *function, const struct pure_value *arguments,
               size_t count, struct pure_value *result);

// A function of package strings or unicode, or a constant of unicode and unicode/utf8, for ASCII arguments
// (pure_library.c). `node` is the call_expression or the selector_expression.
bool pure_library(struct pure_frame *frame, struct node node, struct pure_value *value);

// Applies a binary operator ("+", "<<", "==", "&^", ..); && and || of known values too.
bool pure_binary(struct str operator, struct pure_value left, struct pure_value right,
                 struct pure_value *value);

#endif
