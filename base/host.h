// SPDX-License-Identifier: Apache-2.0
// What a program takes from its machine: clocks and environment. It is handed in, so that tests drive it and
// a replay is exact. Process start is base/proc.h and sandbox/launcher.h.
#ifndef ATOLL_BASE_HOST_H
#define ATOLL_BASE_HOST_H

#include <stdint.h>

struct host {
    void *context;
    int64_t (*wall_ns)(void *context);                       // Unix time
    int64_t (*mono_ns)(void *context);                       // monotonic
    const char *(*env)(void *context, const char *variable); // NULL when unset; borrowed
};

// The machine itself; static.
const struct host *host_real(void);

#endif
