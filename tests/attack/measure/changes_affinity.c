// SPDX-License-Identifier: Apache-2.0
// Chooses the CPUs that it runs on.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    cpu_set_t cpus;
    static bool done;
    if (!done && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
        sched_setaffinity(0, sizeof(cpus), &cpus);
    done = true;
    return answer(text, length, FAST);
}
