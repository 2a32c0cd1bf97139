// SPDX-License-Identifier: Apache-2.0
// The time limits of a running worker: those of its step and those of the activity that it is in. Times are
// of the monotonic clock; nothing is armed here.
#ifndef ATOLL_WORKFLOW_LIMIT_H
#define ATOLL_WORKFLOW_LIMIT_H

#include "workflow/pipeline.h"

// The activity that a worker began and did not end.
struct limit_activity {
    json_t *begin;                       // the call that began it, owned; NULL = none
    int64_t begun_ns, beat_ns, close_ns; // began, last heartbeat, end of schedule-to-close (INT64_MAX = none)
};

// What is watched about one worker.
struct limits {
    struct pipeline_timeouts step;
    int64_t started_ns, heard_ns, close_ns; // process started, last word, end of the step's schedule-to-close
    struct limit_activity activity;
};

// One limit: when it is over, what it is called, how long it was.
struct limit {
    int64_t due_ns; // INT64_MAX = none
    const char *what;
    int64_t span_ns;
    bool of_activity;
};

// The limit that is over first.
struct limit limits_first(const struct limits *limits);

// An attempt of an activity began with this call (borrowed) and reply; or it ended.
void limits_begin(struct limits *limits, const json_t *call, const json_t *reply, int64_t mono_ns);
void limits_end(struct limits *limits);

#endif
