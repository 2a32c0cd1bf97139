// SPDX-License-Identifier: Apache-2.0
// Makes a file that is larger than the disk.
#include "tests/attack/attack.h"

int
main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("sparse", O_WRONLY | O_CREAT, 0600);
    return attack_result(fd >= 0 && ftruncate(fd, 1LL << 42) == 0);
}
