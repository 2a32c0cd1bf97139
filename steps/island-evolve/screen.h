// SPDX-License-Identifier: Apache-2.0
// What a variant's text must be before anything is compiled: it parses, it still defines the target with the
// same signature, and it contains nothing that a reviewer could not follow or that reaches outside of the
// function: no assembler, no attributes and headers beyond short lists, no state that outlives a call, no
// system calls.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_SCREEN_H
#define ATOLL_STEPS_ISLAND_EVOLVE_SCREEN_H

#include "sandbox/cheat.h"
#include "steps/shared/target/target.h"

// 0 when it may go on; else 1 with *reason ("parse", "signature" or "forbidden", static) and one line in
// `detail` of `detail_size` bytes, which for "forbidden" begins with a cheat's name (sandbox/cheat.h). -1
// only for the machine's failures.
int screen_variant(const struct target *target, struct str variant, const char **reason, char *detail,
                   size_t detail_size, struct err *err) MUST_USE;

// What a word, the name of a function for instance, is good for that a function which only computes does not
// do. CHEAT_NONE when it is on no list.
enum cheat screen_word(struct str word);

#endif
