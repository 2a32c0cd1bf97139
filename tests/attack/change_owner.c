// SPDX-License-Identifier: Apache-2.0
// Gives a file (argv[1]) outside to somebody else.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(chown(attack_word(argc, argv, 1), 61235, 61235) == 0);
}
