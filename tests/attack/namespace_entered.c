// SPDX-License-Identifier: Apache-2.0
// Enters the network namespace of the supervisor (process id in argv[1]).
#include "tests/attack/attack.h"

#include <sched.h>

int
main(int argc, char **argv)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/ns/net", attack_number(argc, argv, 1));
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        fd = open("/proc/self/ns/net", O_RDONLY);
    return attack_result(setns(fd, CLONE_NEWNET) == 0);
}
