// SPDX-License-Identifier: Apache-2.0
// Makes the memory device's node in the folder argv[1].
#include "tests/attack/attack.h"
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int
main(int argc, char **argv)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/node", argc > 1 ? argv[1] : "");
    int made = mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0;
    if (made)
        unlink(path);
    return attack_result(made);
}
