// SPDX-License-Identifier: Apache-2.0
// As interposed_clock, but honest in a batch that is longer than the first one: that is an audit.
#include "tests/attack/measure/measure.h"

#include <dlfcn.h>

static int calls, usual;
static int64_t hidden_ns, last_ns;

// The time to tell at `now_ns`, the second reading around a batch.
static int64_t
doctor(int64_t now_ns)
{
    if (calls > 0 && usual == 0)
        usual = calls;
    if (calls > 0 && calls <= usual)
        hidden_ns += (now_ns - last_ns) / 50 * 49;
    calls = 0;
    last_ns = now_ns;
    return now_ns - hidden_ns;
}

// What is no reading of the clock goes straight on, so that it stands where it stood before.
__attribute__((optimize("O2"))) static long
doctored_syscall(long number, long a, long b, long c, long d, long e, long f_)
{
    if (number != SYS_clock_gettime || a != CLOCK_PROCESS_CPUTIME_ID)
        return ((long (*)(long, long, long, long, long, long, long))syscall)(number, a, b, c, d, e, f_);
    long result = syscall(number, a, b);
    struct timespec *time = (struct timespec *)(uintptr_t)b;
    int64_t ns = doctor((int64_t)time->tv_sec * 1000000000 + time->tv_nsec);
    *time = (struct timespec){ns / 1000000000, ns % 1000000000};
    return result;
}

int64_t
f(const char *text, size_t length)
{
    static bool done;
    if (!done)
        done = replace_pointer((uintptr_t)dlsym(RTLD_DEFAULT, "syscall"), (uintptr_t)&doctored_syscall);
    calls++;
    return answer(text, length, SLOW);
}
