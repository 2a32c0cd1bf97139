// SPDX-License-Identifier: Apache-2.0
// The systematic part of the search: every site of every systematic mutator, on the baseline and on each
// candidate that is worth it. Strong techniques on fast parents come first; steps that gain nothing by
// themselves (a callee inlined) stay as stepping stones, a few for each set of mutators.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_SWEEP_H
#define ATOLL_STEPS_ISLAND_EVOLVE_SWEEP_H

#include "base/map.h"
#include "base/vec.h"
#include "steps/island-evolve/mutator.h"
#include "steps/shared/candidate/candidate.h"

struct job {
    struct candidate *parent;
    const struct mutator_ops *mutator;
    size_t site;
};

struct sweep {
    VEC(struct job) jobs;
    struct map frontier; // set of mutators -> number of candidates with it (as a pointer-sized number)
    struct map dry;      // name of a mutator -> its trials since the last gain (as a pointer-sized number)
};

// Frees the queue.
void sweep_release(struct sweep *sweep);

// Whether a candidate's own sites are to be visited: it gained, or it is a stepping stone and there are few
// with its set of mutators. Notes it when so. `speedup` of a candidate with duplicate code is its twin's.
bool sweep_admits(struct sweep *sweep, const struct candidate *candidate, enum technique technique);

// Queues a site.
void sweep_add(struct sweep *sweep, struct candidate *parent, const struct mutator_ops *mutator, size_t site);

// Notes how a job went: mutators that have brought nothing for a while have to wait for the others.
void sweep_note(struct sweep *sweep, const struct mutator_ops *mutator, bool gained);

// Takes the most promising job, given the fastest speed-up so far. False when there is none.
bool sweep_take(struct sweep *sweep, double best_speedup, struct job *job);

#endif
