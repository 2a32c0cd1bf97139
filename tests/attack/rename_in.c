// SPDX-License-Identifier: Apache-2.0
// Moves a file that was not given (argv[1]) into its own folder.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(rename(attack_word(argc, argv, 1), "stolen") == 0);
}
