// SPDX-License-Identifier: Apache-2.0
// The search: a systematic sweep and a bandit over random mutators and models propose variants, islands keep
// the best. It is a pure function of its seed and of what the judge and the authors answer: those two record
// their answers, so a resumed search takes the same way. It knows no clock but the one it is given.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_SEARCH_H
#define ATOLL_STEPS_ISLAND_EVOLVE_SEARCH_H

#include "steps/island-evolve/bandit.h"
#include "steps/island-evolve/island.h"
#include "steps/island-evolve/sweep.h"
#include "steps/island-evolve/workpiece.h"

// Evaluates a candidate: fills stage, reason, detail, code hash and measurement, adds to `seconds`.
struct judge {
    void *context;
    int (*evaluate)(void *context, struct candidate *candidate, struct err *err);
};

// Models. `reply` appends a reply to `prompt`; `key` names the place in the search. 1 done, 0 nothing more
// will come from this model, -1 error; *seconds is what it took.
struct authors {
    void *context;
    size_t count;
    const char *const *names;
    const double *weights;
    int (*reply)(void *context, size_t author, const char *key, struct str prompt, struct buf *reply,
                 double *seconds, struct err *err);
};

struct search;
struct search_spec {
    struct arena *arena; // of the candidates
    const struct target *target;
    struct oracle *oracle;
    const struct mutator_ops *const *mutators; // NULL-terminated
    struct judge judge;
    struct authors authors;
    const json_t *benchmark; // for prompts
    const char *salt;        // names target and inputs, for ids
    uint64_t seed;
    unsigned islands, archive, migrate_every;
    unsigned evaluations_max;
    double seconds_max;    // 0 = no limit
    double target_speedup; // 0 = none
    void *context;
    double (*seconds)(void *context); // spent so far, over all attempts; always 0 in deterministic mode
    void (*progress)(void *context, const struct search *search); // after every evaluation
};

struct search {
    const struct search_spec *spec;
    struct archipelago ring;
    struct sweep sweep;
    struct bandit bandit;
    struct arm *arms;                   // random mutators, then models
    const struct mutator_ops **randoms; // of the first arms
    size_t random_count;
    struct shelf shelf;
    struct map visits;                  // a parent's id and a mutator that draws nothing -> struct visits
    struct map wrong;                   // what was claimed and refuted (claim.h)
    struct map seen;                    // normal form of the source -> candidate
    VEC(struct candidate *) candidates; // evaluated, in order, without the baseline
    struct candidate *root;
    struct candidate *best;       // fastest without hints in its descent, NULL when none is right
    struct candidate *best_hint;  // fastest of those with hints
    struct candidate *best_first; // fastest child of the baseline
    unsigned first_count;         // children of the baseline that were evaluated
    json_t *rejected;             // reason -> count
    double gain_s;                // when the last gain came
    unsigned turn, evaluations, since_gain, barren;
    bool done;
};

// What a proposal is before it is a candidate. All borrowed.
struct proposal {
    const struct candidate *parent, *mate;
    const char *mutator;
    enum technique technique;
    const char *note;
    struct str text;
    double seconds;     // spent on making it
    size_t site, sites; // where it was drawn to be made, of how many; sites 0: it was not drawn
};

// Evaluates a proposal unless its source was seen, and takes it in. *gain is its logarithmic gain over the
// parent.
int search_consider(struct search *search, const struct proposal *proposal, double *gain, bool *evaluated,
                    struct err *err) MUST_USE;

// Counts a proposal that was not even made because it would be a duplicate.
void search_skip(struct search *search);

// Island and generation of the current turn: each generation has one turn an island.
unsigned search_island(const struct search *search);
unsigned search_generation(const struct search *search);

// Runs until the budget is spent or nothing new comes. Release it in every case.
int search_run(const struct search_spec *spec, struct search *search, struct err *err) MUST_USE;
void search_release(struct search *search);

// A new candidate with `text`, derived from `parent` after the search; not evaluated yet. It lives in the
// arena.
struct candidate *search_offspring(struct search *search, const struct candidate *parent, const char *mutator,
                                   struct str text);

// Whether a gain of a candidate counts: it has no hints in its descent.
bool search_counts(const struct candidate *candidate);

#endif
