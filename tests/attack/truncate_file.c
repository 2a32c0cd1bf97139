// SPDX-License-Identifier: Apache-2.0
// Empties a file (argv[1]) that was not given.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(truncate(attack_word(argc, argv, 1), 0) == 0);
}
