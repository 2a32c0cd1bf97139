// SPDX-License-Identifier: Apache-2.0
// Changes the times of a file (argv[1]) outside.
#include "tests/attack/attack.h"

#include <sys/stat.h>

int
main(int argc, char **argv)
{
    struct timespec times[2] = {{1, 0}, {1, 0}};
    return attack_result(utimensat(AT_FDCWD, attack_word(argc, argv, 1), times, 0) == 0);
}
