// SPDX-License-Identifier: Apache-2.0
// Right when there was time since its last call, and idle when calls follow each other closely: then it is
// being timed.
#include "tests/attack/measure/measure.h"

static uint64_t
now(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_nsec;
#endif
}

int64_t
f(const char *text, size_t length)
{
    static uint64_t last;
    uint64_t before = last;
    last = now();
    return last - before > 3000000 ? answer(text, length, SLOW) : 42;
}
