// SPDX-License-Identifier: Apache-2.0
// Evaluates pure Go code over whole numbers and truth values right from the syntax tree, as the Go
// specification says: sized types that wrap around, untyped constants, conversions, if, switch, for, calls of
// functions of the file, a few functions of strings and unicode for ASCII. What it does not know, or what
// would panic, has no value; code that has one depends on nothing else and changes nothing else.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_VALUE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_VALUE_H

#include "steps/island-evolve/shape.h"

enum { GO_BINDINGS_MAX = 48 };

// A boolean, a sized integer (int and uint have 64 bits), or an untyped constant.
struct go_type {
    unsigned bits;
    bool is_signed, is_bool, is_untyped;
};

struct go_value {
    struct go_type type;
    __int128 number; // within the type's range; 0 or 1 for a boolean
};

// Local variables of the code that is being evaluated, innermost last.
struct go_frame {
    const struct shape *shape;
    struct go_binding {
        struct str name;
        struct go_value value;
    } items[GO_BINDINGS_MAX];
    size_t count;
    unsigned *steps; // left for all frames together
    unsigned depth;  // of calls
    // An expression `base[index]` of these two names has this value, when base is not empty.
    struct str element_base, element_index;
    struct go_value element;
    struct go_value result; // after FLOW_RETURN
};

// The type that a type expression's text stands for; named types of the file are resolved. False for others.
bool go_type_of(const struct shape *shape, struct str text, struct go_type *type);

// A number brought into a type's range, as a conversion does.
struct go_value go_value_of(struct go_type type, __int128 number);

// An empty frame with that many steps to go.
struct go_frame go_frame_of(const struct shape *shape, unsigned *steps);

// Adds a variable; false when there are too many.
bool go_bind(struct go_frame *frame, struct str name, struct go_value value);
// The innermost variable of that name, or NULL; borrowed until the next go_bind.
struct go_value *go_find(struct go_frame *frame, struct str name);

// Value of an expression. False when it has none.
bool go_eval(struct go_frame *frame, struct node expression, struct go_value *value);

// Converts for an assignment: an untyped constant takes the other's type when it fits; else both must agree.
bool go_assign(struct go_value *to, struct go_value from);

// Runs a statement or a block.
enum go_flow { GO_FAIL, GO_NEXT, GO_BREAK, GO_CONTINUE, GO_RETURN };
enum go_flow go_run(struct go_frame *frame, struct node statement);

// Result of a function of the file that has one result. False when it can't be told.
bool go_call(struct go_frame *caller, const struct function *function, const struct go_value *arguments,
             size_t count, struct go_value *result);

// A function of package strings or unicode, or a constant of unicode and unicode/utf8, for ASCII arguments
// (go_library.c). `node` is the call_expression or the selector_expression.
bool go_library(struct go_frame *frame, struct node node, struct go_value *value);

// Applies a binary operator ("+", "<<", "==", "&^", ..); && and || of known values too.
bool go_binary(struct str operator, struct go_value left, struct go_value right, struct go_value *value);

#endif
