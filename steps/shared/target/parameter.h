// SPDX-License-Identifier: Apache-2.0
// Parameters, members and results as they are declared, before anybody knows what they mean (signature.h
// gives them roles).
#ifndef ATOLL_STEPS_SHARED_TARGET_PARAMETER_H
#define ATOLL_STEPS_SHARED_TARGET_PARAMETER_H

#include "base/arena.h"
#include "steps/shared/target/ctype.h"

struct parameter;

struct declared {
    const char *name;
    const char *type;  // without the name, arrays of parameters as pointers: "const uint8_t *"; members have
                       // theirs: "char [16]"
    struct ctype base; // of the value or of what is pointed to; of a struct its name and size
    bool is_pointer, is_const;
    unsigned pointers;         // how many, arrays of parameters included
    uint64_t array_count;      // of `T x[16]`, else 0
    bool is_array;             // of a member: elements in place
    struct parameter *members; // of a struct; else NULL
    size_t member_count;
    unsigned align;      // of a struct
    unsigned line;       // of its declaration
    const char *problem; // why it can't be passed, and what would be right; NULL when it can
};

// Reads one declaration: `holder` has the type, `declarator` the name (may be no node). `depth` counts the
// structs around it. What can't be passed has a problem.
void declared_read(struct arena *arena, const struct scope *scope, struct scope_node holder,
                   struct node declarator, unsigned depth, struct declared *declared);

// Reads the parameters of a function definition or prototype. ERR_TARGET for lists that can't be read at all;
// those that can't be passed have their problem.
int declared_parameters(struct arena *arena, const struct scope *scope, struct scope_node definition,
                        struct declared **list, size_t *count, struct err *err) MUST_USE;

// Reads the result type. ERR_TARGET when it is no number, no struct and not void.
int declared_result(struct arena *arena, const struct scope *scope, struct scope_node definition,
                    struct declared *result, struct err *err) MUST_USE;

// Sets what a parameter's elements are: type, size, sign, members. `pointers` says how many levels of
// pointers an element has itself: 0, or 1 for the strings of an array.
void declared_set_element(struct arena *arena, const struct declared *declared, unsigned pointers,
                          struct parameter *parameter);

#endif
