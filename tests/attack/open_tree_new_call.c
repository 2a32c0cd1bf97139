// SPDX-License-Identifier: Apache-2.0
// Opens a folder outside (argv[1]) by a system call of Linux 6.15.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(
        syscall(467L /* open_tree_attr */, AT_FDCWD, attack_word(argc, argv, 1), 0, NULL, 0) >= 0);
}
