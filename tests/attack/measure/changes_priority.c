// SPDX-License-Identifier: Apache-2.0
// Lowers its priority, as it could that of the baseline's process.
#include "tests/attack/measure/measure.h"

int64_t
f(const char *text, size_t length)
{
    static bool done;
    if (!done)
        setpriority(PRIO_PROCESS, 0, 5);
    done = true;
    return answer(text, length, FAST);
}
