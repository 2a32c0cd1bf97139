// SPDX-License-Identifier: Apache-2.0
// What a shadow experiment found, and what follows from it. Pure: no clock, no files.
//
// A quad (four runs, ABBA or BAAB) gives the mean of its two log-ratios of CPU time, control to treatment. On
// a shared machine one in ten is far off, so the statistic is that of a round: the median of its three quads.
// The interval of the rounds' mean is a confidence sequence (base/eprocess.h), true at every moment that one
// looks, so the experiment may stop as soon as it excludes 1.
#ifndef ATOLL_STEPS_CANARY_EXPERIMENT_VERDICT_H
#define ATOLL_STEPS_CANARY_EXPERIMENT_VERDICT_H

#include "base/arena.h"
#include "base/json.h"

enum { ROUND_QUADS = 3, QUADS_MIN = 6 * ROUND_QUADS, QUADS_MAX = 80 * ROUND_QUADS };

enum decision { DECISION_ADVANCE, DECISION_ROLLBACK, DECISION_HOLD };

// Why an experiment ended before anything could be compared.
enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_NO_TRAFFIC,      // no captured traffic, or empty
    OBSTACLE_TOO_SHORT,       // a run takes too little CPU time
    OBSTACLE_CONTROL_FAILS,   // the service fails with the flag off
    OBSTACLE_CONTROL_VARIES,  // two runs with the flag off answer differently
    OBSTACLE_TREATMENT_FAILS, // the service fails with the flag on only
    OBSTACLE_OUTPUT_DIFFERS,  // the answers with the flag on differ
};

struct shadow {
    enum obstacle obstacle;
    const char *detail; // of the obstacle, one line; "" without
    size_t quads;
    double log_ratios[QUADS_MAX]; // one a quad, > 0 where the treatment is faster
    double control_s[2 * QUADS_MAX], treatment_s[2 * QUADS_MAX]; // CPU seconds of each run
    size_t output_bytes;                                         // of one run
};

struct speedup {
    double estimate, low, high; // baseline over treatment; low 0 and high HUGE_VAL while unbounded
    bool known;                 // false without a round
};

struct verdict {
    enum decision decision;
    const char *reason; // one line
    struct speedup speedup;
    double control_s, treatment_s; // median CPU seconds of a run, 0 when not measured
};

// "advance", "rollback" or "hold"; static.
const char *decision_name(enum decision decision);

// The speed-up of the whole service with its 95 % interval; of whole rounds only.
struct speedup shadow_speedup(const struct shadow *shadow);

// Whether more quads can change nothing: an obstacle, or QUADS_MIN of them and an interval without 1.
bool shadow_settled(const struct shadow *shadow);

// The decision. `margin`: share of CPU time that may be lost and still counts as no harm (0.01).
void shadow_judge(const struct shadow *shadow, double margin, struct arena *arena, struct verdict *verdict);

// As JSON with every single figure, and back (texts in the arena; at most QUADS_MAX quads are read).
json_t *shadow_json(const struct shadow *shadow);
void shadow_from_json(const json_t *json, struct arena *arena, struct shadow *shadow);

#endif
