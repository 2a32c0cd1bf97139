// SPDX-License-Identifier: Apache-2.0
// The native mutators of Go, one family a file (go_*.c). They need no compiler to find what they write, and
// no import that the file does not have. go_mutators.c lists them; the small random edits are those of C.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_GO_MUTATE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_GO_MUTATE_H

#include "steps/island-evolve/go_shape.h"

// All mutators of Go, NULL-terminated.
extern const struct mutator_ops *const go_mutators[];

// go_slice.c: a loop that folds bytes into a checksum takes 8, 16, 4 or 1 of them at once.
extern const struct mutator_ops mutate_go_slice_table;
enum { GO_SLICE_CHOICES = 4 };
// go_tabulate.c, go_tabulate_code.c: pure functions, conditions and statements of one byte or character
// become tables.
extern const struct mutator_ops mutate_go_tabulate_call, mutate_go_tabulate_code;
// go_presize.c: slices, maps and builders get their room at once.
extern const struct mutator_ops mutate_go_presize;
// go_bounds.c: one check before a loop or a row of constant indices instead of one each.
extern const struct mutator_ops mutate_go_bounds;
// go_append.c: a loop that copies becomes one append.
extern const struct mutator_ops mutate_go_append;
// go_convert.c: copies between string and []byte that nobody needs.
extern const struct mutator_ops mutate_go_convert;
// go_unroll.c: several rounds at once.
extern const struct mutator_ops mutate_go_unroll;
enum { GO_UNROLL_CHOICES = 2 };
// go_improve.c: several of these at once.
extern const struct mutator_ops mutate_go_improve;

#endif
