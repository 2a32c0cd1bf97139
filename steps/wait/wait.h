// SPDX-License-Identifier: Apache-2.0
// The step `wait`: until a time, for a signal, for an approval. It holds no process meanwhile.
#ifndef ATOLL_STEPS_WAIT_H
#define ATOLL_STEPS_WAIT_H

#include "workflow/step.h"

extern const struct step_ops step_wait;

#endif
