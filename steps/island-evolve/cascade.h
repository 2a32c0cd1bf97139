// SPDX-License-Identifier: Apache-2.0
// The cascade that a candidate climbs until it fails: parse -> compile -> duplicate object code -> smoke ->
// differential -> quick duet. (Duplicate source is found before, by the search.) What it needs of the
// baseline is made when the first candidate asks for it, so that a resumed run that only replays makes
// nothing.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_CASCADE_H
#define ATOLL_STEPS_ISLAND_EVOLVE_CASCADE_H

#include "steps/island-evolve/answers.h"
#include "steps/island-evolve/meter.h"

struct cascade {
    struct step *step;
    struct workbench *bench;
    const json_t *benchmark;
    struct meter meter;
    uint64_t seed;
    bool ready;
    struct built baseline;
    struct answers answers;
    struct map codes; // code hash -> struct candidate *, borrowed
};

// Nothing is made yet. `bench` has its inputs.
void cascade_init(struct cascade *cascade, struct step *step, struct workbench *bench,
                  const json_t *benchmark);
void cascade_release(struct cascade *cascade);

// Compiles the baseline and asks it for its answers, unless that is done.
int cascade_prepare(struct cascade *cascade, struct err *err) MUST_USE;

// Lets a candidate climb; fills stage, reason, detail, code_hash, code_bytes and what was measured. `duet`
// gets the quick duet when one was run (launches > 0). The baseline itself is only compiled.
int cascade_evaluate(struct cascade *cascade, struct candidate *candidate, struct duet_result *duet,
                     struct err *err) MUST_USE;

// Makes an evaluated candidate's code known, so that later duplicates are seen.
void cascade_remember(struct cascade *cascade, struct candidate *candidate);

// Compiles a variant and compares it on the calls of `answers`: 0 right, with `built` to be released with
// cascade_discard; 1 refuted or not compiled, with `refutation`; -1 the machine.
int cascade_check(struct cascade *cascade, const struct answers *answers, struct str variant,
                  struct built *built, struct refutation *refutation, struct err *err) MUST_USE;

// Removes a compiled variant's files and frees its diagnostics.
void cascade_discard(struct built *built);

// What a quick duet is: the effort of a ranking.
struct effort cascade_quick(void);

#endif
