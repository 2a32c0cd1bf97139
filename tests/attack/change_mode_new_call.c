// SPDX-License-Identifier: Apache-2.0
// Changes the mode of a file (argv[1]) outside by a system call of Linux 6.6.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(syscall(452L /* fchmodat2 */, AT_FDCWD, attack_word(argc, argv, 1), 0757, 0) == 0);
}
