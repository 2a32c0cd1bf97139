// SPDX-License-Identifier: Apache-2.0
// improve and substitute-improve: everything that pays wherever it fits, at once; called functions are
// brought into the variant where that lets them be improved there. A substitution of a call may go before.
// Alone, some of these steps gain nothing.
#include "steps/island-evolve/chain.h"
#include "steps/island-evolve/claim.h"
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

// How far to go: bytes at once in slices, loops split first, called loops written out for a small count.
struct manner {
    const char *text;
    size_t rows;
    bool split;
    size_t called; // index among the choices of unroll for called functions, + 1
    size_t own;    // the same for loops of the variant's own functions
};

static const struct manner manners[] = {
    {"8 bytes at once", 8, false, 0, 0},  {"16 bytes at once", 16, false, 0, 0},
    {"loops split", 8, true, 0, 0},       {"short loops written out", 8, false, 1, 0},
    {"4 rounds at once", 8, false, 0, 3},
};
enum { MANNERS = sizeof manners / sizeof *manners, WIDTHS = 2, CALL_MAX_BYTES = 110 };

static int
improve_callee(struct chain *chain, size_t index, const struct manner *manner, struct err *err)
{
    int changes = chain_apply(chain, &mutate_inline_callee, index, err);

    if (changes > 0)
        changes = chain_improve(chain, manner->rows, err);
    if (changes == 0 && manner->called > 0)
        changes = chain_apply(chain, &mutate_unroll, manner->called - 1, err);
    return changes;
}

// Brings every callee in that can be improved; those that can't stay outside. Returns changes.
static int
improve_callees(struct chain *chain, const struct manner *manner, struct err *err)
{
    int changes = 0;

    for (size_t i = 0; i < mutate_inline_callee.sites(&chain->mutation);) {
        struct chain trial = chain_start(&chain->mutation);
        int done = improve_callee(&trial, i, manner, err);
        if (done <= 0) {
            chain_end(&trial);
            if (done < 0)
                return -1;
            i++;
            continue;
        }
        chain_end(chain);
        *chain = trial;
        changes += done;
    }
    return changes;
}

// The loop that stays for what is left over stands where the unrolled one stood, so counting goes on behind
// it.
static int
unroll_own(struct chain *chain, const struct manner *manner, struct err *err)
{
    size_t loops = manner->own == 0 ? 0 : mutate_unroll.sites(&chain->mutation) / MUTATE_UNROLL_CHOICES;
    int changes = 0;

    for (size_t i = 0; i < loops; i++) {
        int done = chain_apply(chain, &mutate_unroll, i * MUTATE_UNROLL_CHOICES + manner->own - 1, err);
        if (done < 0)
            return -1;
        changes += done;
    }
    return changes;
}

static int
improve(struct chain *chain, const struct manner *manner, struct err *err)
{
    int split = 0;

    if (manner->split) {
        split = chain_apply(chain, &mutate_split_loop, 0, err);
        if (split <= 0)
            return split;
    }
    int own = chain_improve(chain, manner->rows, err);
    int called = own < 0 ? -1 : improve_callees(chain, manner, err);
    int unrolled = called < 0 ? -1 : unroll_own(chain, manner, err);
    return unrolled < 0 ? -1 : split + own + called + unrolled;
}

static size_t
improve_sites(const struct mutation *mutation)
{
    (void)mutation;
    return MANNERS;
}

static int
apply_improve(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
              struct err *err)
{
    AUTO_CHAIN chain = chain_start(mutation);

    if (index >= MANNERS)
        return 0;
    int done = improve(&chain, &manners[index], err);
    if (done <= 0)
        return done;
    snprintf(note, 160, "%d improvement%s, also in called functions (%s)", done, done == 1 ? "" : "s",
             manners[index].text);
    chain_write(&chain, variant);
    return 1;
}

// All substitutions with the widest slices, then all with narrower ones where that makes a difference.
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
    size_t calls = mutate_substitute_call.sites(mutation);

    if (calls == 0 || index >= calls * WIDTHS)
        return 0;
    bool wide = index < calls;
    int done = mutate_substitute_call.apply(mutation, index % calls, variant, note, err);
    if (done <= 0)
        return done;
    note[CALL_MAX_BYTES] = '\0';
    const char *call = arena_dup(mutation->arena, note);
    if (claim_is_hopeless(mutation->wrong, mutate_substitute_improve.name, call)) // the search counts it
        return wide ? 1 : 0;
    done = chain_replace(&chain, buf_str(variant), err);
    buf_clear(variant);
    if (done <= 0)
        return done;
    int improved = improve(&chain, &manners[wide ? 1 : 0], err);
    if (improved < 0)
        return -1;
    if (improved == 0 && !wide)
        return 0;
    snprintf(note, 160, "%s%s%s", call, improved > 0 ? CLAIM_IMPROVED : "",
             improved > 0 ? manners[wide ? 1 : 0].text : "");
    chain_write(&chain, variant);
    return 1;
}

const struct mutator_ops mutate_improve = {
    .name = "improve",
    .summary = "everything at once that tabulates, slices, counts up or calls libc, in called functions too",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = improve_sites,
    .apply = apply_improve,
    .systematic = true,
};

const struct mutator_ops mutate_substitute_improve = {
    .name = "substitute-improve",
    .summary = "another function in place of a call, brought in and improved where that is possible",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = substitute_sites,
    .apply = apply_substitute,
    .systematic = true,
};
