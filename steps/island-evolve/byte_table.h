// SPDX-License-Identifier: Apache-2.0
// A table of an expression's value for each of the 256 values of one byte.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_BYTE_TABLE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_BYTE_TABLE_H

#include "steps/island-evolve/shape.h"

// Whether a type is a number of one byte (char of any sign, uint8_t, not bool).
bool byte_type(const struct shape_type *type);

// The index for `argument`: itself when it is an unsigned byte already, else with a cast to unsigned char.
const char *byte_index(const struct shape *shape, struct node argument);

// Asks the oracle for the value of `expression`, C text over `atoll_byte` of type `type`, and appends the
// definition of a table `name` with one line of comment. `result` is the expression's type. 1, 0 when it has
// no such table, -1 the machine failed.
int byte_table_write(const struct shape *shape, struct str prelude, const struct shape_type *type,
                     const char *expression, const struct shape_type *result, const char *name,
                     const char *comment, struct buf *text, struct err *err) MUST_USE;

#endif
