// SPDX-License-Identifier: Apache-2.0
// Has a thread do the work.
#include "tests/attack/measure/helper.h"

int64_t
f(const char *text, size_t length)
{
    static struct desk desk;
    static pthread_t thread;
    static int failed = -1;
    if (failed < 0) {
        desk.cpu = sched_getcpu();
        failed = pthread_create(&thread, NULL, help, &desk);
        if (!failed)
            stay_on(desk.cpu);
    }
    return failed ? answer(text, length, SLOW) : ask(&desk, text, length);
}
