// SPDX-License-Identifier: Apache-2.0
// Leaves a grandchild whose parent is gone.
#include "tests/attack/attack.h"

int
main(void)
{
    if (attack_become_daemon())
        sleep(60);
    return 0;
}
