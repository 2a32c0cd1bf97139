// SPDX-License-Identifier: Apache-2.0
// A candidate is one variant of a target that the search looked at: where it came from, how far it climbed
// the cascade, what was measured, and why it was dropped. Its id is derived from the target, its inputs and
// its text, so the same variant has the same id in every run.
//
// Tables: candidate(run, step, id, ...) one row a candidate of a step, evaluation(run, step, candidate, kind,
// ...) one row a measurement ("quick" on train, "train" and "holdout" for the verdict, "aa1", "aa2" .. of the
// baseline with itself); comparison as aa.h says.
#ifndef ATOLL_STEPS_SHARED_CANDIDATE_CANDIDATE_H
#define ATOLL_STEPS_SHARED_CANDIDATE_CANDIDATE_H

#include "steps/shared/candidate/aa.h"

enum { CANDIDATE_ID_SIZE = 17, CANDIDATE_DETAIL_MAX_BYTES = 2000 };

// Stages of the cascade, in order. A candidate's stage is the one it was dropped at, or the last it passed.
enum stage {
    STAGE_PARSE,
    STAGE_SOURCE,
    STAGE_COMPILE,
    STAGE_CODE,
    STAGE_SMOKE,
    STAGE_DIFFERENTIAL,
    STAGE_QUICK,
    STAGE_FULL,
};

// "parse" and so on, static; and back (STAGE_PARSE when unknown).
const char *stage_name(enum stage stage);
enum stage stage_parse(const char *name);

struct candidate {
    char id[CANDIDATE_ID_SIZE];
    struct str text; // of the variant
    const struct candidate *parents[2];
    unsigned sequence, island, generation, slot;
    const char *mutator;   // its name, or "model:NAME"; "baseline" for the root
    const char *technique; // of the last edit: "algorithm", "table", ..
    unsigned techniques;   // bits of all techniques in its descent (1 << enum technique)
    const char *lineage;   // mutators in order of their use, joined by '+'
    unsigned idle;         // steps without a gain since the last one that had one
    char note[160];        // what the mutator says that it did
    char code_hash[65];
    size_t code_bytes;
    enum stage stage;
    const char *reason; // why it was dropped, NULL when it is right
    char detail[CANDIDATE_DETAIL_MAX_BYTES];
    double speedup, low, high; // against the baseline, when it was measured; else 0
    double seconds;            // spent on making and evaluating it
};

// A measurement of a candidate.
struct measurement {
    const char *kind;    // "quick", "train", "holdout", "aa1"
    const char *verdict; // duet_verdict_name
    const char *reason;  // why it is not what the launches say, or what ended it; may be NULL
    const char *raw;     // blob of the raw batches (sandbox/duet_record.h); NULL = not kept
    const char *host;    // its class; NULL = not told
    double speedup, low, high;
    size_t launches, quads;
    double cpu_seconds, seconds;
    double load, steal_pct;   // of the machine
    struct aa aa;             // the pool that the verdict was given with
    const double *log_ratios; // of the launches
    size_t log_ratio_count;
};

// The state's tables and statements.
extern const struct table_set candidate_tables;

// Whether it climbed to a measurement without being refuted.
bool candidate_is_right(const struct candidate *candidate);

// Queues the candidate's row; `file` and `function` name the target, `source` is the blob of its text.
// Storing it again replaces the row.
int candidate_store(struct step *step, const struct candidate *candidate, const char *file,
                    const char *function, const char *source, struct err *err) MUST_USE;

// Queues a measurement's row.
int candidate_store_measurement(struct step *step, const char *id, const struct measurement *measurement,
                                struct err *err) MUST_USE;

// The part of a candidate that an evaluation found, as JSON, and back. `arena` owns the texts.
json_t *candidate_result(const struct candidate *candidate);
void candidate_apply_result(struct candidate *candidate, const json_t *result, struct arena *arena);

// What is known of a candidate in the latest run that has it: {"id", "run", "step", "file", "function",
// "mutator", "note", "technique", "lineage", "island", "generation", "slot", "stage", "reason", "detail",
// "speedup", "low", "high", "code_bytes", "measured": [{"kind", "verdict", "speedup", "low", "high",
// "launches", "log_ratios"}], "parents": [the chain of first parents up to the baseline: {"id", "mutator",
// "note", "stage", "speedup"}], "source"}. `id` may be shortened to what is unique. Owned. ERR_NOT_FOUND.
json_t *candidate_explain(const char *state_path, const char *id, struct err *err) MUST_USE;

#endif
