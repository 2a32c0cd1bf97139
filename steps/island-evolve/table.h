// SPDX-License-Identifier: Apache-2.0
// The text of constant tables that mutators put before a function, and of the numbers a mutator asks an
// oracle for.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_TABLE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_TABLE_H

#include "base/buf.h"

struct table {
    const char *comment; // one line without the slashes
    const char *type;    // of an element
    const char *name;
    const char *unit;       // one level of indentation
    const uint64_t *values; // rows * columns; negative numbers as two's complement
    size_t rows;            // 1: NAME[columns], else NAME[rows][columns]
    unsigned hex_digits;    // 0: decimal
    size_t columns;         // 0: 256
};

// Appends the definition and an empty line.
void table_write(const struct table *table, struct buf *text);

// The narrowest element type that holds 256 signed values, static: "unsigned char", "signed char", "short",
// "int", "long long".
const char *table_element(const uint64_t *values);

// A well-spread number made of `x`; the same as what `table_mix_text` computes in C from `atoll_x`.
uint64_t table_mix(uint64_t x);
extern const char table_mix_text[];

#endif
