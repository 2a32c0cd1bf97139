// SPDX-License-Identifier: Apache-2.0
// Which steps come before which: collected while a file is read, then put in order.
#ifndef ATOLL_WORKFLOW_NEEDS_H
#define ATOLL_WORKFLOW_NEEDS_H

#include "workflow/pipeline.h"

// The needs of one step under way.
struct needs {
    struct pipeline_need *items; // one slot a step of the file
    size_t count;
    bool listed; // the file says what this step needs
};

// Makes room for the needs of a step in a file of `step_count` steps.
void needs_init(struct needs *needs, struct arena *arena, size_t step_count);

// Adds a step once; the first place counts, and `data` when any says so.
void needs_add(struct needs *needs, size_t step, bool data, struct yaml_mark mark);

// Gives them to the step, by index.
void needs_finish(struct needs *needs, struct pipeline_step *step);

// Fills pipeline->order. A problem for each cycle, which names its path.
void needs_order(struct pipeline *pipeline, struct arena *arena, struct problems *problems);

#endif
