// SPDX-License-Identifier: Apache-2.0
// A C or Go function found in a source file.
#ifndef ATOLL_STEPS_SHARED_TARGET_FUNCTION_H
#define ATOLL_STEPS_SHARED_TARGET_FUNCTION_H

#include "base/arena.h"
#include "steps/shared/target/shim.h"
#include "steps/shared/target/signature.h"
#include "steps/shared/target/syntax.h"

struct function {
    const char *name;  // a Go method is called TYPE.METHOD
    size_t start, end; // bytes of the definition, from storage class or return type to the closing brace
    size_t body_start, body_end; // bytes of { ... }
    unsigned first_line, last_line;
    bool is_static;   // C: static; Go: not exported
    struct node node; // function_definition; Go: function_declaration or method_declaration
};

// Finds the definition of `name`. ERR_NOT_FOUND names the nearest function of the file; ERR_TARGET when it is
// defined twice (preprocessor branches) or can't be parsed. Strings live in the arena.
int function_find(struct arena *arena, const struct syntax *syntax, const char *name,
                  struct function *function, struct err *err) MUST_USE;

// All function definitions of a file, in order.
struct function *function_list(struct arena *arena, const struct syntax *syntax, size_t *count);

// The function_declarator below a definition's or declaration's declarator that names the function, and that
// name. No node when it declares no function.
struct node function_declarator(struct node declarator);
struct node function_name_node(struct node declarator);

#endif
