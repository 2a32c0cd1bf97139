// SPDX-License-Identifier: Apache-2.0
// Tables that Go mutators put before a function: one value for each byte, or for each ASCII character.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_TABLE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_TABLE_H

#include "steps/island-evolve/go_pure.h"

enum { GO_TABLE_BYTES = 256, GO_TABLE_ASCII = 128 };

// What code gives for each value of one variable.
struct go_table {
    const char *name, *comment; // the comment is one line without slashes
    const char *type;           // of an element in the file's words
    struct pure_type element;
    __int128 values[GO_TABLE_BYTES];
    size_t count; // GO_TABLE_BYTES or GO_TABLE_ASCII
};

// How many entries a table for a variable of that type has: all of a byte, ASCII of a character, 0 for
// others.
size_t go_table_size(const struct shape *shape, const char *type);

// Appends the definition and an empty line, as gofmt would lay it out.
void go_table_write(const struct go_table *table, struct buf *text);

#endif
