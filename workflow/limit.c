// SPDX-License-Identifier: Apache-2.0
#include "workflow/limit.h"

static void
consider(struct limit *first, int64_t from_ns, int64_t span_ns, const char *what, bool of_activity)
{
    int64_t due_ns;
    if (span_ns <= 0 || __builtin_add_overflow(from_ns, span_ns, &due_ns) || due_ns >= first->due_ns)
        return;
    *first = (struct limit){due_ns, what, span_ns, of_activity};
}

struct limit
limits_first(const struct limits *limits)
{
    struct limit first = {.due_ns = INT64_MAX};
    const struct pipeline_timeouts *step = &limits->step;
    consider(&first, limits->started_ns, step->start_to_close_ns, "timeout", false);
    consider(&first, limits->heard_ns, step->heartbeat_ns, "heartbeat time-out", false);
    if (step->schedule_to_close_ns > 0 && limits->close_ns < first.due_ns)
        first = (struct limit){limits->close_ns, "schedule-to-close", step->schedule_to_close_ns, false};
    const struct limit_activity *activity = &limits->activity;
    if (!activity->begin)
        return first;
    const json_t *policy = json_object_get(activity->begin, "policy");
    int64_t close_ns = json_get_int(policy, "schedule_to_close_ns", 0);
    consider(&first, activity->begun_ns, json_get_int(policy, "start_to_close_ns", 0), "start-to-close",
             true);
    consider(&first, activity->beat_ns, json_get_int(policy, "heartbeat_ns", 0), "heartbeat", true);
    if (close_ns > 0 && activity->close_ns < first.due_ns)
        first = (struct limit){activity->close_ns, "schedule-to-close", close_ns, true};
    return first;
}

void
limits_begin(struct limits *limits, const json_t *call, const json_t *reply, int64_t mono_ns)
{
    limits_end(limits);
    const json_t *policy = json_object_get(call, "policy");
    if (!policy)
        return;
    int64_t close_ns = json_get_int(policy, "schedule_to_close_ns", 0);
    int64_t left_ns = json_get_int(reply, "left_ns", close_ns);
    limits->activity = (struct limit_activity){
        .begin = json_incref((json_t *)(uintptr_t)call),
        .begun_ns = mono_ns,
        .beat_ns = mono_ns,
        .close_ns = close_ns > 0 && left_ns < INT64_MAX - mono_ns ? mono_ns + left_ns : INT64_MAX,
    };
}

void
limits_end(struct limits *limits)
{
    json_drop(&limits->activity.begin);
}
