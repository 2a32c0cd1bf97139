// SPDX-License-Identifier: Apache-2.0
// Changes the mode of a file (argv[1]) outside.
#include "tests/attack/attack.h"

#include <sys/stat.h>

int
main(int argc, char **argv)
{
    return attack_result(chmod(attack_word(argc, argv, 1), 0757) == 0);
}
