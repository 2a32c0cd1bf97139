// SPDX-License-Identifier: Apache-2.0
// Takes a descriptor out of the supervisor (process id in argv[1], descriptor in argv[2]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long process = syscall(SYS_pidfd_open, attack_number(argc, argv, 1), 0);
    char text[64];
    long fd = process >= 0 ? syscall(SYS_pidfd_getfd, process, attack_number(argc, argv, 2), 0) : -1;
    ssize_t got = fd >= 0 ? pread((int)fd, text, sizeof(text), 0) : -1;
    return attack_result(got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got);
}
