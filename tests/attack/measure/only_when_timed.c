// SPDX-License-Identifier: Apache-2.0
// Right when it is called once, and idle in a batch: behind the buffers of a single call stands the table of
// its arguments, which begins with the address of its text.
#include "tests/attack/measure/measure.h"

static bool
is_alone(const char *text, size_t length)
{
    uintptr_t self = (uintptr_t)text;
    for (size_t i = length; i < length + 96; i++)
        if (memcmp(text + i, &self, sizeof(self)) == 0)
            return true;
    return false;
}

int64_t
f(const char *text, size_t length)
{
    return is_alone(text, length) ? answer(text, length, SLOW) : 42;
}
