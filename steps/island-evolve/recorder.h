// SPDX-License-Identifier: Apache-2.0
// Puts the journal between the search and what it asks: every model's reply is committed before it is used,
// every evaluation before anything that follows from it is begun, and what is committed is never computed
// again. It also counts the time spent over all attempts.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_RECORDER_H
#define ATOLL_STEPS_ISLAND_EVOLVE_RECORDER_H

#include "steps/island-evolve/cascade.h"
#include "steps/island-evolve/search.h"
#include "steps/shared/model/model.h"

struct recorder {
    struct step *step;
    struct cascade *cascade;
    const char *salt; // names target and inputs
    struct model *models;
    const char **names;
    double *weights;
    unsigned *calls, *failures; // of each model; failures in a row
    size_t model_count;
    double replayed_s; // spent by earlier attempts on what was replayed
    int64_t begun_ns;
    struct aa aa;   // the A/A pool that the last verdict was given with
    char host[160]; // the class of host it was measured on
};

// `models` is the list of the step's input, or NULL. Everything lives in the step's arena.
int recorder_init(struct recorder *recorder, struct step *step, struct cascade *cascade, const char *salt,
                  const json_t *models, struct err *err) MUST_USE;

// What the search asks.
struct judge recorder_judge(struct recorder *recorder);
struct authors recorder_authors(struct recorder *recorder);

// Seconds spent so far; 0 in deterministic mode.
double recorder_seconds(const struct recorder *recorder);

// Measures a candidate that was right, once for `effort->kind`; compiles it again when the result is not
// recorded. A full measurement is preceded by an A/A comparison when one is due, and its verdict becomes
// inconclusive while the pool refuses verdicts.
int recorder_measure(struct recorder *recorder, const struct candidate *candidate,
                     const struct corpus *inputs, const struct effort *effort, struct duet_result *result,
                     struct err *err) MUST_USE;

#endif
