// SPDX-License-Identifier: Apache-2.0
// Overwrites memory of the supervisor (process id in argv[1], address in argv[2]) through /proc.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/mem", attack_number(argc, argv, 1));
    int fd = open(path, O_RDWR);
    return attack_result(fd >= 0 && pwrite(fd, "attacked", 8, attack_number(argc, argv, 2)) == 8);
}
