// SPDX-License-Identifier: Apache-2.0
// What a model is told: the function in its file, its signature and inputs, the best variants so far with
// their speed-ups, what failed and why, and the rules of a reply.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_PROMPT_H
#define ATOLL_STEPS_ISLAND_EVOLVE_PROMPT_H

#include "steps/shared/candidate/candidate.h"
#include "steps/shared/target/target.h"

struct prompt_spec {
    const struct target *target;
    const json_t *benchmark;             // record of benchmark-generate; may be NULL
    const struct candidate *parent;      // the variant to improve
    struct candidate *const *candidates; // evaluated so far, oldest first
    size_t count;
};

// Appends the prompt.
void prompt_write(const struct prompt_spec *spec, struct buf *prompt);

#endif
