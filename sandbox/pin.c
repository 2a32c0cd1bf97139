// SPDX-License-Identifier: Apache-2.0
#include "sandbox/pin.h"

#include <sched.h>

// One of the CPUs of a set that is not empty.
static size_t
draw(const cpu_set_t *cpus, struct rng *rng)
{
    size_t cpu = 0, skip = (size_t)rng_below(rng, (uint64_t)CPU_COUNT(cpus));
    for (;; cpu++)
        if (CPU_ISSET(cpu, cpus) && skip-- == 0)
            return cpu;
}

bool
pin_together(const pid_t *processes, size_t count, struct rng *rng)
{
    cpu_set_t allowed, others, one;
    int here = sched_getcpu();
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || here < 0)
        return false;
    others = allowed;
    CPU_CLR((size_t)here, &others);
    if (CPU_COUNT(&others) == 0)
        return false;
    CPU_ZERO(&one);
    CPU_SET(draw(&others, rng), &one);
    for (size_t i = 0; i < count; i++) {
        if (sched_setaffinity(processes[i], sizeof(one), &one) == 0)
            continue;
        while (i-- > 0)
            (void)sched_setaffinity(processes[i], sizeof(allowed), &allowed);
        return false;
    }
    return true;
}
