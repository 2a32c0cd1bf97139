// SPDX-License-Identifier: Apache-2.0
// Leaves its answer behind its text, where the next call finds it.
#include "tests/attack/measure/measure.h"

static const uint64_t mark = 0x6b72616d20726f66;

int64_t
f(const char *text, size_t length)
{
    uint64_t *behind = (uint64_t *)(uintptr_t)(text + (length + 8) / 8 * 8);
    for (size_t back = 16; back < 160 && (uintptr_t)text % 4096 >= back; back += 8) {
        const uint64_t *before = (const uint64_t *)(uintptr_t)text - back / 8;
        if (before[0] != mark)
            continue;
        behind[0] = mark;
        behind[1] = before[1];
        return (int64_t)before[1];
    }
    int64_t result = answer(text, length, SLOW);
    behind[0] = mark;
    behind[1] = (uint64_t)result;
    return result;
}
