// SPDX-License-Identifier: Apache-2.0
// The native mutators, one family a file (mutate_*.c). mutator.c lists them.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_MUTATE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_MUTATE_H

#include "steps/island-evolve/shape.h"

// mutate_loop_table.c: a closed loop over one number becomes a table of 256 results.
extern const struct mutator_ops mutate_tabulate_loop;
// mutate_slice.c: a loop that folds bytes into such a number takes several bytes at once.
extern const struct mutator_ops mutate_slice_table;
// Sites of slice-table come in groups of this size, one a loop: 8, 16, 4 and 1 bytes at once.
enum { MUTATE_SLICE_CHOICES = 4 };
// mutate_byte_table.c, mutate_expression_table.c: pure functions and expressions of one byte become tables.
extern const struct mutator_ops mutate_tabulate_byte, mutate_tabulate_expression;
// mutate_recursion.c: f(n - c) becomes a loop that goes up.
extern const struct mutator_ops mutate_recursion_to_loop;
// mutate_call.c, mutate_inline.c: another function of the file instead; the callee's definition brought into
// the variant.
extern const struct mutator_ops mutate_substitute_call, mutate_inline_callee;
// mutate_libc.c: loops over bytes become calls of the C library.
extern const struct mutator_ops mutate_libc;
// mutate_split.c: a loop that asks whether a number is still 0 becomes two.
extern const struct mutator_ops mutate_split_loop;
// mutate_unroll.c, mutate_hoist.c: several rounds at once; calls out of conditions. A loop has this many
// unrollings; the first two are written out for a count of 4 and of 8.
extern const struct mutator_ops mutate_unroll, mutate_hoist;
enum { MUTATE_UNROLL_CHOICES = 5 };
// mutate_edit.c: small random edits.
extern const struct mutator_ops mutate_edit_statement, mutate_edit_constant, mutate_edit_operator,
    mutate_edit_condition;
// mutate_hint.c, mutate_crossover.c.
extern const struct mutator_ops mutate_hint, mutate_crossover;
// mutate_mask.c: a mask instead of a branch.
extern const struct mutator_ops mutate_mask_if;
// mutate_power.c: a linear step applied n times.
extern const struct mutator_ops mutate_tabulate_power;
// mutate_chain.c: several of these at once.
extern const struct mutator_ops mutate_improve, mutate_substitute_improve;

#endif
