// SPDX-License-Identifier: Apache-2.0
// Leaves a key for the next run.
#include "tests/attack/attack.h"
#include <sys/syscall.h>

int
main(void)
{
    return attack_result(syscall(SYS_add_key, "user", "attack", "x", 1L, -3L) >= 0 ||
                         syscall(SYS_keyctl, 0L, -3L, 1L) >= 0);
}
