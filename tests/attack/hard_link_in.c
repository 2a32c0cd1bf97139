// SPDX-License-Identifier: Apache-2.0
// Gives a file that was not given (argv[1]) a name in its own folder, and reads it there.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    return attack_result(link(attack_word(argc, argv, 1), "stolen") == 0 && attack_show_file("stolen"));
}
