// SPDX-License-Identifier: Apache-2.0
// A struct type: its members with their places, as the System V and ARM64 rules lay them out, and with roles
// by their types: numbers and structs in place, arrays in place; a pointer is counted by the integer behind
// it (size_t for characters), or in front of it; without one `const char *` is a string, `char *` a string
// that may change, `char **` ends with NULL, and a pointer to a struct points to one. The compiler checks the
// layout (shim_write_checks).
#ifndef ATOLL_STEPS_SHARED_TARGET_RECORD_H
#define ATOLL_STEPS_SHARED_TARGET_RECORD_H

#include "base/arena.h"
#include "steps/shared/target/scope.h"

struct parameter;

struct record {
    struct parameter *members; // arena
    size_t count;
    unsigned size, align;
    const char *problem; // why it can't be passed; NULL when it can
};

// Reads the type that a node of kind struct_specifier, union_specifier or type_identifier names. False when
// it is neither struct nor union.
bool record_read(struct arena *arena, const struct scope *scope, struct scope_node type, unsigned depth,
                 struct record *record);

// Gives members their offsets; size and alignment of the whole. Each member's own size, kind and count are
// set.
void record_lay_out(struct parameter *members, size_t count, unsigned *size, unsigned *align);

#endif
