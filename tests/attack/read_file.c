// SPDX-License-Identifier: Apache-2.0
// Reads a file that was not given (argv[1]).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(attack_show_file(attack_word(argc, argv, 1)));
}
