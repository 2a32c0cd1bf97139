// SPDX-License-Identifier: Apache-2.0
// The field tables of the pipeline file itself; `with` of a step has the table of the step (workflow/step.h).
#ifndef ATOLL_WORKFLOW_LAYOUT_H
#define ATOLL_WORKFLOW_LAYOUT_H

#include "workflow/field.h"

// The whole file.
extern const struct field layout_pipeline[];

// One entry of `steps`.
extern const struct field layout_step[];

#endif
