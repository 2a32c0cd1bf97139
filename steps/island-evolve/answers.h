// SPDX-License-Identifier: Apache-2.0
// What the baseline answers: calls (captured, fresh and at the boundaries) with its canonical outputs, kept
// once so that every candidate is compared without running the baseline again. Calls on which the baseline
// itself faults, is far too slow or gives changing answers are left out.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_ANSWERS_H
#define ATOLL_STEPS_ISLAND_EVOLVE_ANSWERS_H

#include "steps/shared/target/workbench.h"

// Calls to ask the baseline for, with what they may cost.
struct answers_set {
    const struct corpus *corpus;
    int64_t call_ms;  // limit of one call
    int64_t total_ms; // calls are taken in order until the baseline has spent this CPU time
};

struct answers {
    struct corpus corpus; // the calls that are kept
    struct buf outputs;
    size_t *offsets; // count + 1, into outputs
    size_t smoke;    // calls at the beginning that are looked at one by one first
    struct cell_digest digest;
    int64_t limit_ms; // for a candidate: of one call, and of the batch of all
    size_t left_out;
};

struct refutation {
    const char *reason; // "crash", "timeout" or "wrong-output"
    bool in_smoke;
    char *detail;
    size_t detail_size;
};

// Runs the baseline (its shared object) on all sets. `kept` (array of booleans, one a call of all sets in
// order) is obeyed when it is not NULL; else *decided becomes such an array (owned). Release it in every
// case. ERR_TARGET when no call is left.
int answers_init(struct answers *answers, struct workbench *bench, const char *object_path,
                 const struct answers_set *sets, size_t count, const json_t *kept, json_t **decided,
                 struct err *err) MUST_USE;
void answers_release(struct answers *answers);

// Compares a candidate (its shared object): the first calls one by one, then all in one batch by digest,
// then, when the digest differs, one by one to name the call. 0 equal; 1 refuted, with `refutation` filled;
// -1 the machine.
int answers_check(const struct answers *answers, struct workbench *bench, const char *object_path,
                  struct refutation *refutation, struct err *err) MUST_USE;

// Appends a canonical output as a reader sees it: the result and the buffers, cut when long.
void answers_describe(const struct signature *signature, struct str output, struct buf *text);

#endif
