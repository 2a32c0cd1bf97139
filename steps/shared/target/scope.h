// SPDX-License-Identifier: Apache-2.0
// What a C file sees: the file itself and the headers it includes, searched for typedefs, macros, enums and
// functions.
#ifndef ATOLL_STEPS_SHARED_TARGET_SCOPE_H
#define ATOLL_STEPS_SHARED_TARGET_SCOPE_H

#include "steps/shared/target/syntax.h"

struct scope {
    const struct syntax *file;
    struct syntax *const *headers; // borrowed
    size_t header_count;
};

// A node and the text it belongs to; `syntax` is NULL when nothing was found.
struct scope_node {
    const struct syntax *syntax;
    struct node node;
};

// The type_definition that declares `name`; the declarator of that name is in `declarator` (may be NULL).
struct scope_node scope_typedef(const struct scope *scope, struct str name, struct node *declarator);

// The value of an object-like macro, trimmed, without comments; a NULL pointer when there is none.
struct str scope_macro(const struct scope *scope, struct str name);

// The enum_specifier with that tag and a body.
struct scope_node scope_enum(const struct scope *scope, struct str tag);

// The struct_specifier with that tag and a body.
struct scope_node scope_struct(const struct scope *scope, struct str tag);

// The definition of a function; else its prototype (a declaration).
struct scope_node scope_function(const struct scope *scope, struct str name);

// Value of an integer constant: a number, or a macro or an enumerator that stands for one. False when it is
// anything else.
bool scope_number(const struct scope *scope, struct str text, uint64_t *value);

#endif
