// SPDX-License-Identifier: Apache-2.0
// Reads the caller's environment (process id in argv[1]).
#include "tests/attack/attack.h"
#include <fcntl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    char path[64], text[16];
    snprintf(path, sizeof(path), "/proc/%ld/environ", attack_number(argc, argv));
    int fd = open(path, O_RDONLY);
    return attack_result(fd >= 0 && read(fd, text, sizeof(text)) > 0);
}
