// SPDX-License-Identifier: Apache-2.0
// A YAML mapping bound to a field table: checked, and turned into JSON of the types that the table names. One
// walk serves two ends. Without a scope it checks what can be known beforehand; expressions are read and stay
// as they are written. With a scope it evaluates them, checks what they give, and fills in defaults.
#ifndef ATOLL_WORKFLOW_BINDING_H
#define ATOLL_WORKFLOW_BINDING_H

#include "workflow/expression.h"
#include "workflow/field.h"

// What a walk works with. All borrowed.
struct binding {
    struct arena *arena; // of the expressions that are read
    const struct place_file *file;
    struct problems *problems;
    const struct scope *scope; // NULL = check
    bool plain;                // no expressions here; FIELD_ANY is taken as it is
    // Told of every expression and the key it stands under, when checking; may be NULL.
    void (*seen)(void *context, const struct expression *expression, struct str key);
    void *context;
};

// Binds a mapping (NULL = an empty one at `mark`) to a table. Returns an owned object, in the table's order,
// without the members that have problems. `owner` is what misses a member, in messages: "step fetch".
json_t *binding_object(const struct binding *binding, const struct yaml_node *node, struct yaml_mark mark,
                       const struct field *fields, const char *owner) MUST_USE;

// What a type expects, for messages and the manual: "a whole number".
const char *binding_type_name(enum field_type type);

#endif
