// SPDX-License-Identifier: Apache-2.0
// Reads a secret (its folder in argv[1]) that was not given, also through /proc/self/root.
#include "tests/attack/attack.h"
#include <fcntl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/secret", argc > 1 ? argv[1] : "");
    if (open(path, O_RDONLY) >= 0)
        return attack_result(1);
    snprintf(path, sizeof(path), "/proc/self/root%s/secret", argc > 1 ? argv[1] : "");
    return attack_result(open(path, O_RDONLY) >= 0);
}
