// SPDX-License-Identifier: Apache-2.0
// Evaluates pure pieces of the target's file for every value of a small range, by compiling and running them
// in the sandbox: what a mutator writes into a table is computed, never guessed.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_ORACLE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_ORACLE_H

#include "steps/shared/target/target.h"
#include "workflow/step.h"

struct oracle;

// Works in `scratch`; answers are remembered by the text of the question.
struct oracle *oracle_new(struct launcher *launcher, const struct target *target, const char *scratch,
                          struct err *err) MUST_USE;
void oracle_free(struct oracle *oracle);

// From now on an answer is committed in the step's journal before it is used: a later attempt does not ask
// again, and a time limit that was met stays met. Borrows the step.
void oracle_keep_answers(struct oracle *oracle, struct step *step);

// The quoted headers that the target's file includes, directly or through each other, parsed; borrowed. An
// oracle that is NULL knows none.
struct syntax *const *oracle_headers(const struct oracle *oracle, size_t *count);

// Evaluates, for x = 0 .. count-1 (at most 65536), `body`: C statements that set `uint64_t y` from `uint64_t
// x`, after the definitions `prelude` (may be empty). Each value is evaluated twice, in opposite orders, and
// must agree. 1 with `values` filled, 0 when it does not compile, crashes, or disagrees, -1 the machine
// failed.
int oracle_evaluate(struct oracle *oracle, struct str prelude, struct str body, size_t count,
                    uint64_t *values, struct err *err) MUST_USE;

#endif
