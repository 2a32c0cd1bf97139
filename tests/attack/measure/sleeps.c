// SPDX-License-Identifier: Apache-2.0
// Waits instead of computing: its CPU time is small, its answer late.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    static int calls;
    if (++calls % 8 == 0)
        usleep(400);
    return answer(text, length, FAST);
}
