// SPDX-License-Identifier: Apache-2.0
// Makes a ring through which the kernel opens and sends past any filter.
#include "tests/attack/attack.h"

int
main(void)
{
    char parameters[120] = {0};
    return attack_result(syscall(SYS_io_uring_setup, 1L, parameters) >= 0);
}
