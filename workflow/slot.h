// SPDX-License-Identifier: Apache-2.0
// One value that a binding is at, and what becomes of it when it is a scalar. Only binding.c works with it.
#ifndef ATOLL_WORKFLOW_SLOT_H
#define ATOLL_WORKFLOW_SLOT_H

#include "workflow/binding.h"

// One value under way: where it stands, what it is called, what it has to be.
struct slot {
    const struct binding *binding;
    const struct field *field;
    struct str key;
    struct yaml_mark mark;
    bool computed; // an expression gave it
    bool element;  // of a list
};

// Adds a problem at the slot and gives NULL.
#define slot_fail(slot, ...) \
    (problems_add((slot)->binding->problems, (slot)->mark, (slot)->key, __VA_ARGS__), NULL)

// Adds "expected X, got Y" and gives NULL. Takes `value`.
json_t *slot_fail_type(const struct slot *slot, json_t *value);

// A value as the field's type, FIELD_TEXT to FIELD_SIZE; NULL after a problem. Takes `value`, returns owned.
json_t *slot_scalar(const struct slot *slot, json_t *value) MUST_USE;

#endif
