// SPDX-License-Identifier: Apache-2.0
// Looks for a system call above the last that this project knows.
#include "tests/attack/attack.h"

int
main(void)
{
    for (long number = 451; number < 600; number++)
        if (syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) >= 0 || errno != ENOSYS)
            return 0;
    return attack_result(0);
}
