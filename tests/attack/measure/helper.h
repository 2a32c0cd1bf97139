// SPDX-License-Identifier: Apache-2.0
// Somebody else who does the work, on the same CPU: whoever asks gives the CPU up by sched_yield, which the
// kernel counts neither as CPU time nor as waiting.
#ifndef ATOLL_TESTS_ATTACK_MEASURE_HELPER_H
#define ATOLL_TESTS_ATTACK_MEASURE_HELPER_H

#include "tests/attack/measure/measure.h"

#include <stdatomic.h>

struct desk {
    _Atomic int asked, answered;
    size_t length;
    char text[64];
    int64_t answer;
    int cpu; // that both share
};

static inline void
stay_on(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)cpu, &cpus);
    sched_setaffinity(0, sizeof(cpus), &cpus);
}

// Works for ever.
static inline void *
help(void *desk_)
{
    struct desk *desk = desk_;
    stay_on(desk->cpu);
    for (int done = 0;; sched_yield()) {
        if (atomic_load(&desk->asked) == done)
            continue;
        desk->answer = answer(desk->text, desk->length, SLOW);
        atomic_store(&desk->answered, ++done);
    }
}

// Has it done.
static inline int64_t
ask(struct desk *desk, const char *text, size_t length)
{
    memcpy(desk->text, text, length);
    desk->length = length;
    int number = atomic_load(&desk->asked) + 1;
    atomic_store(&desk->asked, number);
    while (atomic_load(&desk->answered) != number)
        sched_yield();
    return desk->answer;
}

#endif
