// SPDX-License-Identifier: Apache-2.0
#include "workflow/notice.h"

void
notice_tell(const struct engine_options *options, const char *type, const char *run, const char *step,
            const char *text, const json_t *details)
{
    if (!options->observe)
        return;
    struct engine_event event = {
        .type = type, .run = run, .step = step, .text = text ? text : "", .details = details};
    options->observe(options->context, &event);
}

static const char *
notice_type(const struct task *task)
{
    switch (task->status) {
    case TASK_PENDING:
        return task->next_ns ? "step-retry" : NULL;
    case TASK_RUNNING:
        return task->role == ROLE_GROUP ? NULL : "step-started";
    case TASK_WAITING:
        return "step-waiting";
    case TASK_CANCELLED:
        return "step-cancelled";
    case TASK_SUCCEEDED:
    case TASK_FAILED:
        return "step-finished";
    case TASK_SKIPPED:
        return "step-skipped";
    }
    return NULL;
}

void
notices_add(json_t *notices, const struct schedule *schedule, const struct task *task, int64_t wall_ns)
{
    const char *type = notice_type(task);
    if (!type)
        return;
    int64_t end_ns = task->next_ns ? task->next_ns - wall_ns : task->ended_ns - task->started_ns;
    json_t *details =
        json_pack("{s:s, s:s, s:i, s:f, s:O?, s:O?}", "uses", task_action(schedule, task)->ops->name,
                  "status", task_status_name(task->status), "attempt", task->attempt, "seconds",
                  task->started_ns && end_ns > 0 ? (double)end_ns / 1e9 : 0.0, "outputs", task->outputs,
                  "error", task->error);
    json_array_append_new(notices, json_pack("{s:s, s:s, s:s, s:o}", "type", type, "step", task->key, "text",
                                             task->note ? task->note : "", "details", details));
}

// What was committed may be told.
void
notices_tell(const json_t *notices, const struct engine_options *options, const char *run)
{
    size_t i;
    json_t *notice;
    json_array_foreach(notices, i, notice)
        notice_tell(options, json_get_text(notice, "type", ""), run, json_get_text(notice, "step", ""),
                    json_get_text(notice, "text", ""), json_object_get(notice, "details"));
}
