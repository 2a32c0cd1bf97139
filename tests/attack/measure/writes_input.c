// SPDX-License-Identifier: Apache-2.0
// Writes its answer over its text, where the next call, which has its buffers right behind, finds it.
#include "tests/attack/measure/measure.h"

static const uint64_t mark = 0x6b72616d20726f66;

int64_t
f(const char *text, size_t length)
{
    uint64_t *own = (uint64_t *)(uintptr_t)text;
    for (size_t back = 16; back < 160 && (uintptr_t)text % 4096 >= back; back += 8) {
        const uint64_t *before = own - back / 8;
        if (before[0] != mark)
            continue;
        own[0] = mark;
        own[1] = before[1];
        return (int64_t)own[1];
    }
    int64_t result = answer(text, length, SLOW);
    own[0] = mark;
    own[1] = (uint64_t)result;
    return result;
}
