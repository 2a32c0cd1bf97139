// SPDX-License-Identifier: Apache-2.0
// Ends its process with success instead of working on.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    static int calls;
    if (++calls > 100)
        _exit(0);
    return answer(text, length, SLOW);
}
