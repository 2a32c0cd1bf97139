// SPDX-License-Identifier: Apache-2.0
// improve-callee and substitute-improve: a called function is brought into the variant and improved there in
// one go, with or without a substitution of calls before. Alone, neither step is faster.
#include "steps/island-evolve/chain.h"
#include "steps/island-evolve/mutate.h"

#include <stdio.h>
#include <string.h>

enum { WIDTHS = 2 };

static const size_t widths[WIDTHS] = {8, 16};

// Brings every callee in, deepest last, that can be improved; those that can't stay outside. Returns changes.
static int
improve_callees(struct chain *chain, size_t rows, struct err *err)
{
    int changes = 0;

    for (size_t i = 0; i < mutate_inline_callee.sites(&chain->mutation);) {
        AUTO_CHAIN trial = chain_start(&chain->mutation);
        int done = chain_apply(&trial, &mutate_inline_callee, i, err);
        if (done > 0)
            done = chain_improve(&trial, rows, err);
        if (done < 0)
            return -1;
        if (done == 0) {
            i++;
            continue;
        }
        struct chain old = *chain;
        *chain = trial;
        trial = old;
        changes += done;
    }
    return changes;
}

static size_t
callee_sites(const struct mutation *mutation)
{
    return mutate_inline_callee.sites(mutation) > 0 ? WIDTHS : 0;
}

static int
apply_callees(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
              struct err *err)
{
    AUTO_CHAIN chain = chain_start(mutation);

    if (index >= WIDTHS)
        return 0;
    int done = improve_callees(&chain, widths[index], err);
    if (done <= 0)
        return done;
    snprintf(note, 160, "called functions brought in and improved, up to %zu bytes at once", widths[index]);
    chain_write(&chain, variant);
    return 1;
}

static size_t
substitute_sites(const struct mutation *mutation)
{
    return mutate_substitute_call.sites(mutation) * WIDTHS;
}

static int
apply_substitute(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
                 struct err *err)
{
    AUTO_CHAIN chain = chain_start(mutation);

    int done = chain_apply(&chain, &mutate_substitute_call, index / WIDTHS, err);
    if (done > 0)
        done = improve_callees(&chain, widths[index % WIDTHS], err);
    if (done <= 0)
        return done;
    snprintf(note, 160,
             "substitute a call (%zu), then bring in and improve what is called, %zu bytes at once",
             index / WIDTHS, widths[index % WIDTHS]);
    chain_write(&chain, variant);
    return 1;
}

const struct mutator_ops mutate_improve_callee = {
    .name = "improve-callee",
    .summary = "called functions become part of the variant and are tabulated, sliced or unrolled there",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = callee_sites,
    .apply = apply_callees,
    .systematic = true,
};

const struct mutator_ops mutate_substitute_improve = {
    .name = "substitute-improve",
    .summary = "another function in place of a call, brought in and improved",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = substitute_sites,
    .apply = apply_substitute,
    .systematic = true,
};
