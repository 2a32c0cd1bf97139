// SPDX-License-Identifier: Apache-2.0
// What island-evolve tells: progress while it goes on, and its outputs.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_REPORT_H
#define ATOLL_STEPS_ISLAND_EVOLVE_REPORT_H

#include "steps/island-evolve/verdict.h"

struct report {
    struct step *step;
    struct recorder *recorder;
    struct cascade *cascade;
    double seconds_max; // of the search; 0 = no limit
    double best_told;
    int64_t told_ns;
};

// Tells how far the search is: at most five times a second, and at once when there is a new best.
void report_search(struct report *report, const struct search *search);

// Tells a phase of the verdict.
void report_phase(struct report *report, const char *phase, const struct candidate *candidate);

// Sets the step's outputs from search and verdict.
int report_outputs(struct report *report, const struct search *search, const struct verdict *verdict,
                   struct err *err) MUST_USE;

// Sets the outputs of a target that could not be measured.
void report_failure(struct step *step, const json_t *benchmark, const char *why);

#endif
