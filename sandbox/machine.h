// SPDX-License-Identifier: Apache-2.0
// What a measurement must know of the machine: its CPU, since times of two models must not be mixed, and how
// much others take of it. Read from a proc file system; what it does not tell is "" or 0.
#ifndef ATOLL_SANDBOX_MACHINE_H
#define ATOLL_SANDBOX_MACHINE_H

#include <stdint.h>

struct machine {
    char cpu[160];          // "x86_64 Intel(R) Xeon(R) ..": architecture and model, the class of the host
    double load;            // programs that want to run, mean of the last minute
    uint64_t stolen, ticks; // CPU time that the hypervisor gave to others, and all of it, since the start
};

// Reads it; `proc` is where the proc file system stands, NULL = "/proc".
void machine_read(const char *proc, struct machine *machine);

// Share of the CPU time between two readings that was stolen, in per cent.
double machine_steal_pct(const struct machine *before, const struct machine *after);

#endif
