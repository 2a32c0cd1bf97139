// SPDX-License-Identifier: Apache-2.0
// The program that belongs to root: whether it has capabilities.
#include "tests/attack/attack.h"

int
main(void)
{
    char text[4096] = {0};
    int fd = open("/proc/self/status", O_RDONLY);
    const char *effective = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? strstr(text, "CapEff:") : NULL;
    errno = EPERM;
    return attack_result(effective && strtoull(effective + 7, NULL, 16) != 0);
}
