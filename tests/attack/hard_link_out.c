// SPDX-License-Identifier: Apache-2.0
// Gives a file of its own a name in a folder (argv[1]) that was not given.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    int fd = open("mine", O_WRONLY | O_CREAT, 0600);
    return attack_result(fd >= 0 &&
                         link("mine", attack_below(attack_word(argc, argv, 1), "planted").text) == 0);
}
