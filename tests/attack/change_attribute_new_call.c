// SPDX-License-Identifier: Apache-2.0
// Sets an extended attribute of a file (argv[1]) outside by a system call of Linux 6.13.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    struct {
        uint64_t value;
        uint32_t size, flags;
    } given = {(uint64_t)(uintptr_t) "x", 1, 0};
    return attack_result(syscall(463L /* setxattrat */, AT_FDCWD, attack_word(argc, argv, 1), 0,
                                 "user.attack", &given, sizeof(given)) == 0);
}
