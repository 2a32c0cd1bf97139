// SPDX-License-Identifier: Apache-2.0
// Installs a signal handler, which runs whenever it likes, also when no clock does.
#include "tests/attack/measure/measure.h"

static void
handle(int signal_number)
{
    (void)signal_number;
}

int64_t
f(const char *text, size_t length)
{
    static bool done;
    if (!done)
        signal(SIGALRM, handle);
    done = true;
    return answer(text, length, FAST);
}
