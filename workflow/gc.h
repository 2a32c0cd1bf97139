// SPDX-License-Identifier: Apache-2.0
// Makes a state small again: removes runs that ended long ago, the events before the first run that is kept,
// and blobs that nothing points to. Effects always stay, so that nothing is published twice; so do the run
// and the plan that they belong to. All of it is one transaction: killed anywhere, it was done or was not.
#ifndef ATOLL_WORKFLOW_GC_H
#define ATOLL_WORKFLOW_GC_H

#include "base/host.h"
#include "base/json.h"
#include "workflow/step.h"

// What is kept. A run goes when it ended, is none of the `keep` latest and ended before `age_ns` ago.
struct gc_policy {
    int64_t keep;   // at least 1: the number of the latest run must not be given again
    int64_t age_ns; // 0 or more
    bool dry_run;   // only count
};

#define GC_KEEP 20
#define GC_AGE_NS (INT64_C(30) * 24 * 3600 * 1000000000)

// {"runs", "rows", "events", "blobs", "plans", "bytes_before", "bytes_after", "dry_run"}, owned: what went
// (rows of steps, activities, waits, signals and step tables) and the size of the file with what stands
// beside it. NULL: ERR_LOCKED while a supervisor works, ERR_NOT_FOUND, ERR_USAGE for a wrong policy, ERR_IO.
json_t *state_gc(const char *state_path, const struct registry *registry, const struct host *host,
                 const struct gc_policy *policy, struct err *err) MUST_USE;

#endif
