// SPDX-License-Identifier: Apache-2.0
// Makes the memory device's node in its own folder.
#include "tests/attack/attack.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

int
main(void)
{
    return attack_result(mknod("node", S_IFCHR | 0600, makedev(1, 3)) == 0);
}
