// SPDX-License-Identifier: Apache-2.0
// Replaces the harness's empty loop by a slow one: what it costs is subtracted from the candidate's time.
#include "tests/attack/measure/measure.h"

static void
slow_empty(const union cell_slot *slots, size_t stride, size_t count, union cell_slot *results)
{
    atoll_empty(slots, stride, count, results);
    answer("a text to be busy with", 22, (int)count * SLOW);
}

int64_t
f(const char *text, size_t length)
{
    static bool done;
    if (!done)
        done = replace_pointer((uintptr_t)&atoll_empty, (uintptr_t)&slow_empty);
    return answer(text, length, SLOW);
}
