// SPDX-License-Identifier: Apache-2.0
// Whether a path in an expression can exist: the step, the output and its members by the step's table, the
// variable.
#ifndef ATOLL_WORKFLOW_REFERENCE_H
#define ATOLL_WORKFLOW_REFERENCE_H

#include "workflow/pipeline.h"

// Checks one path that `step` reads under `key`; adds at most one problem. `has_item`: inside of a for-each.
void pipeline_reference_check(const struct pipeline *pipeline, const struct pipeline_step *step,
                              const struct reference *reference, bool has_item, struct str key,
                              struct problems *problems);

// Index of the step that a path reads, or -1.
ptrdiff_t reference_step(const struct pipeline *pipeline, const struct reference *reference);

#endif
