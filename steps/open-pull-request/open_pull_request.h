// SPDX-License-Identifier: Apache-2.0
// The step open-pull-request: from evidence to one branch and one pull request a target. The old function
// stays as control, the new one is switched off; nothing of a person's is overwritten, and what a person
// closed stays closed.
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_H

#include "workflow/step.h"

extern const struct step_ops step_open_pull_request;

#endif
