// SPDX-License-Identifier: Apache-2.0
// A Go loop that walks over the bytes of a string or a slice one by one: `for _, b := range data`, `for i :=
// range data`, `for i := 0; i < len(data); i++`.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_STRIDE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_STRIDE_H

#include "steps/island-evolve/go_shape.h"

struct go_stride {
    struct node loop, body; // for_statement, block
    struct str base;        // "data"
    const char *type;       // of what is walked over: "[]byte", "string", "[]string"
    struct str index;       // "i", empty when the loop has none
    struct str element;     // "b", empty when the body says data[i]
};

// Recognises it. The base is a name that the body does not change, the index one that only the loop's head
// changes.
bool go_stride_read(const struct shape *shape, struct node loop, struct go_stride *stride);

// Whether the body leaves the loop or goes on to its next round early (break, continue, goto, return, defer).
bool go_stride_leaves(const struct shape *shape, const struct go_stride *stride);

// Whether the index is mentioned in the body other than as data[i].
bool go_stride_uses_index(const struct shape *shape, const struct go_stride *stride);

#endif
