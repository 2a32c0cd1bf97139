// SPDX-License-Identifier: Apache-2.0
// Opens many files (argv[1]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    for (long i = attack_number(argc, argv, 1); i > 0; i--)
        if (open("/dev/null", O_RDONLY) < 0)
            return attack_result(0);
    return 0;
}
