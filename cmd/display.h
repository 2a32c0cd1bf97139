// SPDX-License-Identifier: Apache-2.0
// Shows a run while it goes on: one line a step, a live line on a terminal, folded groups in CI logs.
#ifndef ATOLL_CMD_DISPLAY_H
#define ATOLL_CMD_DISPLAY_H

#include "base/buf.h"
#include "cmd/command.h"
#include "workflow/engine.h"

struct display {
    struct terminal *terminal;
    const struct host *host;
    bool group_open;
    size_t steps_ended;      // in this run of the engine
    int64_t step_started_ns; // of the step that started last; monotonic
    int64_t last_line_ns;    // of the last progress line in a log
    json_t *problems, *plan; // told so far, for --json; owned, or NULL
};

// An engine_observer; its context is a struct display.
void display_event(void *context, const struct engine_event *event);

// One line on how far a step is, for an event of type "progress": steps ended before it, the step, what the
// step says, and of a search also the best of each island, evaluations and time left; then the time it took
// so far. Figures come before words, since a narrow terminal cuts the end.
void display_progress(const struct display *display, const struct engine_event *event, struct buf *out);

// The plan of a dry run, {"status": "planned", "steps": [{"id", "uses", "does", "with", "for_each"}]}. Owned.
json_t *display_plan(const struct display *display);

// What is known of a pipeline that could not be read, {"problems": [..]}, or NULL when there are none. Owned.
json_t *display_problems(const struct display *display);

// Drops what was kept.
void display_release(struct display *display);

#endif
