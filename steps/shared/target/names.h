// SPDX-License-Identifier: Apache-2.0
// A parameter and the local variables that take its value, inside one function definition; and small
// questions about expressions that contain them.
#ifndef ATOLL_STEPS_SHARED_TARGET_NAMES_H
#define ATOLL_STEPS_SHARED_TARGET_NAMES_H

#include "steps/shared/target/scope.h"

enum { NAMES_MAX = 16 };

struct names {
    const struct scope *scope;
    struct scope_node definition; // function_definition
    struct node body;
    struct str items[NAMES_MAX]; // the first is the parameter
    size_t count;
};

// The parameter alone.
struct names names_of(const struct scope *scope, struct scope_node definition, struct str name);

// Adds an alias; more than NAMES_MAX are left out.
void names_add(struct names *names, struct str name);

// Whether `node` is an identifier of these names; whether one stands anywhere in `node`.
bool names_has(const struct names *names, struct node node);
bool names_mention(const struct names *names, struct node node);

// Text of a node of this function / of its field "operator".
struct str names_text(const struct names *names, struct node node);
struct str names_operator(const struct names *names, struct node node);

// Whether an expression stands left of a plain assignment, which is given in any case as the expression's
// parent.
bool names_written(const struct names *names, struct node element, struct node *assignment);

// The outermost node that is `node` in parentheses.
struct node node_out_of_parentheses(struct node node);

// The identifier that a declarator declares, or no node.
struct node node_declared(struct node declarator);

#endif
