// SPDX-License-Identifier: Apache-2.0
// All steps that a pipeline can name, and the tables that they keep in the state.
#ifndef ATOLL_STEPS_REGISTRY_H
#define ATOLL_STEPS_REGISTRY_H

#include "workflow/step.h"

extern const struct registry step_registry;

#endif
