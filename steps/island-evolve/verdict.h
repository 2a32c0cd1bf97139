// SPDX-License-Identifier: Apache-2.0
// From the search's best candidates to a verdict: rank them once more, minimise the best, measure it anew on
// train, check and measure it on holdout inputs that nothing before has seen. A candidate that fails on the
// way makes room for the next one.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_VERDICT_H
#define ATOLL_STEPS_ISLAND_EVOLVE_VERDICT_H

#include "steps/island-evolve/recorder.h"

struct verdict_spec {
    struct step *step;
    struct recorder *recorder;
    struct cascade *cascade;
    struct search *search; // its counts of rejected candidates go on
    double min_speedup, margin;
    double seconds; // for all of this
    void (*progress)(void *context, const char *phase, const struct candidate *candidate);
    void *context;
};

struct verdict {
    const struct candidate *winner; // NULL = none
    struct duet_result train, holdout;
    size_t examined;      // candidates that got as far as a full duet
    const char *why;      // of none: one line, static or in the arena
    double hints_speedup; // best of those whose gain is hints alone; 0 = none
    const char *hints_note;
};

// Reaches the verdict.
int verdict_reach(const struct verdict_spec *spec, struct verdict *verdict, struct err *err) MUST_USE;

#endif
