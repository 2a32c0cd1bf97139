// SPDX-License-Identifier: Apache-2.0
// A paired comparison of two variants: quads (ABBA or BAAB, batches of 0.2-2 ms, one shared iteration count)
// inside launches (a fresh process and a fresh random code layout per variant), until an anytime-valid
// test over the launches' median log-ratios decides (sandbox/sequential.h). Method and figures:
// docs/measuring.md. speed-up = time of baseline / time of candidate; > 1 is better; intervals are 95 %
// unless said otherwise.
#ifndef ATOLL_SANDBOX_DUET_H
#define ATOLL_SANDBOX_DUET_H

#include "base/buf.h"
#include "base/host.h"
#include "base/rng.h"
#include "sandbox/cell.h"
#include "sandbox/machine.h"

enum duet_verdict { DUET_FASTER, DUET_SLOWER, DUET_EQUIVALENT, DUET_INCONCLUSIVE, DUET_DIFFERS, DUET_FAULT };

// One variant. `link` makes a shared object with a code layout drawn from `layout_seed` and writes its path.
struct duet_variant {
    void *context;
    int (*link)(void *context, uint64_t layout_seed, char path[4096], struct err *err);
    bool managed; // what it makes is a program (cell.h)
};

// How far a duet is after a launch.
struct duet_progress {
    size_t launches;
    double speedup, low, high; // as in the result
    double launches_left;      // until the verdict, predicted (sandbox/sequential.h); may be infinite or NAN
    double seconds_left;       // the same as time
};

struct duet_spec {
    struct launcher *launcher;
    const struct host *host;
    struct duet_variant baseline, candidate;
    const struct cell_inputs *inputs; // used in rotation, order drawn per launch
    struct launch_limits limits;
    double alpha;  // type-I error of the verdict, e.g. 0.01
    double margin; // equivalence margin on the speed-up, e.g. 0.01
    size_t
        launches_min; // of a verdict (6), or exactly this many for a quick duet when launches_max is the same
    size_t launches_max;
    int64_t launch_ns; // time of quads in a launch, e.g. 250 ms
    int64_t budget_ns; // for all of it; four times as much until there are launches_min
    uint64_t seed;
    struct buf *record; // gets the raw batches (sandbox/duet_record.h); may be NULL
    const char *proc;   // where the proc file system stands; NULL = "/proc"
    void *progress_context;
    void (*progress)(void *context, const struct duet_progress *progress); // may be NULL
};

struct duet_result {
    enum duet_verdict verdict;
    double speedup, low,
        high; // 95 % confidence sequence; with fewer than 4 launches low = 0, high = infinity
    size_t launches, quads;
    double batch_us;       // time of a baseline batch
    double ns_per_call[2]; // baseline, candidate: median
    double cpu_seconds;    // spent by both cells
    double seconds;
    struct machine machine; // at the end
    double steal_pct;       // of the CPU time in the meantime
    bool pinned;            // both cells of each launch stayed on one CPU
    double log_ratios[512]; // of the launches, in order, as many as fit
    size_t input;     // of DUET_DIFFERS, DUET_FAULT: the input that shows it, SIZE_MAX when only a batch does
    enum cheat cheat; // that the candidate was caught at; its name stands in `detail`, too
    char detail[400]; // of DUET_DIFFERS, of DUET_FAULT and a cheat, and of DUET_INCONCLUSIVE when the CPU
                      // changed
};

// Runs the duet. It ends as inconclusive when the model of the CPU changes under it (a virtual machine that
// moved). -1 only for failures of the machine.
int duet_run(const struct duet_spec *spec, struct duet_result *result, struct err *err) MUST_USE;

// "faster" and so on, static.
const char *duet_verdict_name(enum duet_verdict verdict);

#endif
