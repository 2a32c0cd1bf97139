// SPDX-License-Identifier: Apache-2.0
// Makes its own folder the root.
#include "tests/attack/attack.h"

int
main(void)
{
    return attack_result(chroot(".") == 0);
}
