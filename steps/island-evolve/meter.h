// SPDX-License-Identifier: Apache-2.0
// Where a candidate's speed-up comes from: a duet against the baseline, or, in deterministic mode, a
// recording (JSON Lines {"code_hash": "..", "speedup": 2.1}) and for what it does not hold the size of the
// machine code.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_METER_H
#define ATOLL_STEPS_ISLAND_EVOLVE_METER_H

#include "base/map.h"
#include "steps/shared/candidate/candidate.h"
#include "steps/shared/target/workbench.h"

struct meter {
    struct workbench *bench;
    const struct host *host;
    const struct built *baseline;
    struct launch_limits limits; // of the cells
    double margin;               // equivalence margin of verdicts
    bool recorded;               // deterministic mode: no clock decides anything
    struct map costs;            // code hash -> double *
    size_t baseline_bytes;       // of machine code, for pseudo costs
    uint64_t seed;
};

// How much measuring: exactly `launches` for a ranking, or a verdict within the budget. Layouts and order are
// drawn from the kind, too: what a search chose by is not measured with again.
struct effort {
    const char *kind;    // "quick", "rank", "train", "holdout", "aa1"
    bool full;           // for a verdict: raw batches are kept, and it counts in the A/A pool
    double alpha;        // type-I error; 0 = 0.01
    size_t launches_min; // equal to launches_max for a ranking
    size_t launches_max;
    int64_t launch_ns, budget_ns;
};

// Reads a recording of costs; values live in the arena. Release the map with meter_release.
int meter_read_costs(struct meter *meter, const char *path, struct arena *arena, struct err *err) MUST_USE;
void meter_release(struct meter *meter);

// Who watches a measurement; all may be NULL.
struct meter_watch {
    struct buf *record; // gets the raw batches
    void *context;
    void (*progress)(void *context, const struct duet_progress *progress);
};

// What layouts and order of a measurement are drawn from: the run's seed, the candidate's code and the kind.
uint64_t meter_seed(const struct meter *meter, const struct built *candidate, const struct effort *effort);

// Measures one compiled candidate on `inputs`; `watch` may be NULL.
int meter_run(const struct meter *meter, const struct built *candidate, const struct corpus *inputs,
              const struct effort *effort, const struct meter_watch *watch, struct duet_result *result,
              struct err *err) MUST_USE;

// The result as a row of the state; it borrows from `result`.
struct measurement meter_measurement(const struct effort *effort, const struct duet_result *result);

#endif
