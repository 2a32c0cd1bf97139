// SPDX-License-Identifier: Apache-2.0
// Writes a file in a folder (argv[1]) that was not given.
#include "tests/attack/attack.h"
#include <fcntl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/planted", argc > 1 ? argv[1] : "");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0)
        unlink(path);
    return attack_result(fd >= 0);
}
