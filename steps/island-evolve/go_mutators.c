// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_mutate.h"

#include "steps/island-evolve/mutate.h"

// What reaches furthest in one step stands first.
const struct mutator_ops *const go_mutators[] = {
    &mutate_go_improve,       &mutate_go_slice_table, &mutate_go_tabulate_code,
    &mutate_go_tabulate_call, &mutate_go_presize,     &mutate_go_append,
    &mutate_go_convert,       &mutate_go_bounds,      &mutate_go_unroll,
    &mutate_crossover,        &mutate_edit_statement, &mutate_edit_constant,
    &mutate_edit_operator,    &mutate_edit_condition, NULL,
};
