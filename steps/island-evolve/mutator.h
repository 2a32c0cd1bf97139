// SPDX-License-Identifier: Apache-2.0
// A native mutator: edits a variant's syntax tree into another variant. Mutators know nothing of names; they
// recognise shapes. What they produce need not be right: the cascade refutes what is wrong.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_MUTATOR_H
#define ATOLL_STEPS_ISLAND_EVOLVE_MUTATOR_H

#include "base/map.h"
#include "base/rng.h"
#include "steps/island-evolve/oracle.h"
#include "steps/shared/target/target.h"

// What a mutator sees: the whole file with the parent variant in place, parsed. Edits must stay inside
// [variant_start, variant_end) of that text.
struct mutation {
    struct arena *arena;
    const struct target *target;
    const struct syntax *syntax;       // of the file with the parent in it
    struct function function;          // the target function in that file
    size_t variant_start, variant_end; // byte range of the variant: helpers it defines and the function
    const struct map *wrong;           // what was claimed and refuted (claim.h); may be NULL
    struct oracle *oracle;             // evaluates pure code of the file, in the sandbox
    struct rng *rng;                   // for mutators that choose at random
    const struct syntax *mate;         // crossover: the file with the other parent in it; NULL otherwise
    struct function mate_function;
    size_t mate_start, mate_end;
};

// X technique: what a candidate's descent is made of; decides whether a gain counts.
enum technique {
    TECHNIQUE_EDIT,      // statements, constants, operators
    TECHNIQUE_ALGORITHM, // another computation: substitution of calls, recursion to loop, tabulation
    TECHNIQUE_TABLE,
    TECHNIQUE_LIBC,
    TECHNIQUE_LOOP, // unrolling, hoisting
    TECHNIQUE_HINT, // restrict, const, inline, attributes: reported apart, does not count alone
    TECHNIQUE_CROSSOVER,
    TECHNIQUE_MODEL,
};

struct mutator_ops {
    const char *name; // "tabulate-loop"
    const char *summary;
    enum technique technique;
    // Number of places where it applies to this parent; deterministic. A mutator that draws at random returns
    // a large number (the size of its neighbourhood, at least 1 when it applies at all).
    size_t (*sites)(const struct mutation *mutation);
    // Writes the variant that results at site `index` (a random mutator draws from mutation->rng). 1 done
    // with a one-line note, 0 no result there, -1 the machine failed.
    int (*apply)(const struct mutation *mutation, size_t index, struct buf *variant, char note[160],
                 struct err *err);
    bool systematic; // every site is worth trying once on the baseline and on each elite
    bool draws;      // what it makes at a site is drawn: twice there need not be the same
};

// All mutators, NULL-terminated.
extern const struct mutator_ops *const mutators[];

// Edits of a text by byte ranges, applied together; ranges must not overlap. Offsets are those of the file.
struct edit {
    size_t start, end;
    const char *text;
};

// Writes the variant's text with `count` edits applied and `definitions` (may be NULL) added: of C in front,
// of Go behind, where they do not come between the function and its comment or directive. Edits outside of
// the variant's range make it return false.
bool mutation_write(const struct mutation *mutation, const struct edit *edits, size_t count,
                    const char *definitions, struct buf *variant);

#endif
