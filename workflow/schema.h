// SPDX-License-Identifier: Apache-2.0
// A JSON Schema (draft-07, the version that editors know best) of the whole pipeline file, made from the
// tables that check it: an editor completes keys and marks mistakes by it.
#ifndef ATOLL_WORKFLOW_SCHEMA_H
#define ATOLL_WORKFLOW_SCHEMA_H

#include "workflow/step.h"

// The schema with `with` typed for every step of the registry. Returns owned.
json_t *schema_of(const struct registry *registry);

#endif
