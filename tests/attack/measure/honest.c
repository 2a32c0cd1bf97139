// SPDX-License-Identifier: Apache-2.0
// No cheat: what the others are measured against.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    return answer(text, length, SLOW);
}
