// SPDX-License-Identifier: Apache-2.0
// Shows a run while it goes on: one line a step, a live line on a terminal, folded groups in CI logs.
#ifndef ATOLL_CMD_DISPLAY_H
#define ATOLL_CMD_DISPLAY_H

#include "cmd/command.h"
#include "workflow/engine.h"

struct display {
    struct terminal *terminal;
    const struct host *host;
    bool group_open;
    int64_t last_line_ns;    // of the last progress line in a log
    json_t *problems, *plan; // told so far, for --json; owned, or NULL
};

// An engine_observer; its context is a struct display.
void display_event(void *context, const struct engine_event *event);

// The plan of a dry run, {"status": "planned", "steps": [{"id", "uses", "does", "with", "for_each"}]}. Owned.
json_t *display_plan(const struct display *display);

// What is known of a pipeline that could not be read, {"problems": [..]}, or NULL when there are none. Owned.
json_t *display_problems(const struct display *display);

// Drops what was kept.
void display_release(struct display *display);

#endif
