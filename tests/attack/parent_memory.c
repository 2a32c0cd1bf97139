// SPDX-License-Identifier: Apache-2.0
// Opens the caller's memory (process id in argv[1]).
#include "tests/attack/attack.h"
#include <fcntl.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/mem", attack_number(argc, argv));
    return attack_result(open(path, O_RDWR) >= 0);
}
