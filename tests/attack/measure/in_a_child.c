// SPDX-License-Identifier: Apache-2.0
// Has a child process do the work.
#include "tests/attack/measure/helper.h"

int64_t
f(const char *text, size_t length)
{
    static struct desk *desk;
    static pid_t child;
    if (child == 0) {
        desk = mmap(NULL, sizeof(*desk), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        desk->cpu = sched_getcpu();
        if ((child = fork()) == 0)
            help(desk);
        if (child > 0)
            stay_on(desk->cpu);
    }
    return child > 0 ? ask(desk, text, length) : answer(text, length, SLOW);
}
