// SPDX-License-Identifier: Apache-2.0
// The head of a Go function or method: receiver, type parameters, parameters and results, as they are
// spelled.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_FUNCTION_H
#define ATOLL_STEPS_SHARED_TARGET_GO_FUNCTION_H

#include "steps/shared/target/function.h"

// One name of a parameter or result list; a list without names has entries with an empty name.
struct go_parameter {
    const char *name; // "" when it has none
    const char *type; // without the dots of a variadic one: "[]byte", "int"
    struct node type_node;
    bool is_variadic;
};

struct go_function {
    const char *package;                       // of the file
    const char *name;                          // without the receiver's type
    const char *receiver;                      // its list, "(t *Table[K])"; NULL for a function
    const char *receiver_name, *receiver_type; // "t", "Table"; the name is "" when there is none
    bool receiver_is_pointer;
    const char *type_parameters; // "[K comparable, V any]" or ""
    const char *type_arguments;  // "[K, V]" or ""
    struct go_parameter *parameters, *results;
    size_t parameter_count, result_count;
};

// Reads the head of a function of that syntax. Strings live in the arena. ERR_TARGET when the file has no
// package clause.
int go_function_read(struct arena *arena, const struct syntax *syntax, const struct function *function,
                     struct go_function *go, struct err *err) MUST_USE;

// The name of the package that a Go file belongs to (arena); NULL when it says none.
const char *go_package(struct arena *arena, const struct syntax *syntax);

#endif
