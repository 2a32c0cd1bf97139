// SPDX-License-Identifier: Apache-2.0
// Makes a folder (argv[1]) outside.
#include "tests/attack/attack.h"

#include <sys/stat.h>

int
main(int argc, char **argv)
{
    return attack_result(mkdir(attack_word(argc, argv, 1), 0700) == 0);
}
