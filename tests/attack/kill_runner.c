// SPDX-License-Identifier: Apache-2.0
// Kills its parent, which enforces the limits: the sandbox's runner, or whoever started it.
#include "tests/attack/attack.h"

int
main(void)
{
    return attack_result(kill(getppid(), SIGKILL) == 0);
}
