// SPDX-License-Identifier: Apache-2.0
// Has the harness read a clock that goes fifty times too slowly.
#include "tests/attack/measure/measure.h"

#include <dlfcn.h>

static int64_t origin_ns;

// What is no reading of the clock goes straight on, so that it stands where it stood before.
__attribute__((optimize("O2"))) static long
slow_syscall(long number, long a, long b, long c, long d, long e, long f_)
{
    if (number != SYS_clock_gettime || a != CLOCK_PROCESS_CPUTIME_ID)
        return ((long (*)(long, long, long, long, long, long, long))syscall)(number, a, b, c, d, e, f_);
    long result = syscall(number, a, b);
    struct timespec *time = (struct timespec *)(uintptr_t)b;
    int64_t ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
    if (origin_ns == 0)
        origin_ns = ns;
    ns = origin_ns + (ns - origin_ns) / 50;
    *time = (struct timespec){ns / 1000000000, ns % 1000000000};
    return result;
}

int64_t
f(const char *text, size_t length)
{
    static bool done;
    if (!done)
        done = replace_pointer((uintptr_t)dlsym(RTLD_DEFAULT, "syscall"), (uintptr_t)&slow_syscall);
    return answer(text, length, SLOW);
}
