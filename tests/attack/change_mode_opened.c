// SPDX-License-Identifier: Apache-2.0
// Changes the mode of a file (argv[1]) that it may read, through a descriptor.
#include "tests/attack/attack.h"

#include <sys/stat.h>

int
main(int argc, char **argv)
{
    int fd = open(attack_word(argc, argv, 1), O_RDONLY);
    return attack_result(fd >= 0 && fchmod(fd, 0757) == 0);
}
