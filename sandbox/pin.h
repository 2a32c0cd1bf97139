// SPDX-License-Identifier: Apache-2.0
// Keeps what is compared on one CPU: two CPUs differ in what their caches hold and in who shares their core.
#ifndef ATOLL_SANDBOX_PIN_H
#define ATOLL_SANDBOX_PIN_H

#include "base/rng.h"

#include <stdbool.h>
#include <sys/types.h>

// Pins all of the processes to the same CPU, drawn from those that the caller may use, without the one that
// it is running on itself. False, and nobody is pinned, where there is only one or the kernel refuses.
bool pin_together(const pid_t *processes, size_t count, struct rng *rng);

#endif
