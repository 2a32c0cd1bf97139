// SPDX-License-Identifier: Apache-2.0
// Becomes root of a user namespace, from where more of the kernel can be reached.
#include "tests/attack/attack.h"

#include <sched.h>

int
main(void)
{
    return attack_result(unshare(CLONE_NEWUSER) == 0);
}
