// SPDX-License-Identifier: Apache-2.0
// Writes into the program that it was started from, once nothing runs it any more.
#include "tests/attack/attack.h"

int
main(void)
{
    int fd = open("/proc/self/exe", O_PATH);
    if (fd < 0 || dup2(fd, 9) < 0)
        return attack_result(0);
    execl("/bin/sh", "sh", "-c", "printf planted >>/proc/self/fd/9 && exit 0; exit 13", NULL);
    return attack_result(0);
}
