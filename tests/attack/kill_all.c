// SPDX-License-Identifier: Apache-2.0
// Kills every process that it may.
#include "tests/attack/attack.h"

int
main(void)
{
    return attack_result(kill(-1, SIGKILL) == 0);
}
