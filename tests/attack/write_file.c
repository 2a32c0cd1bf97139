// SPDX-License-Identifier: Apache-2.0
// Appends to a file (argv[1]) that was not given: a hook, a workflow, the file that sets the next step's
// environment.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    int fd = open(attack_word(argc, argv, 1), O_WRONLY | O_CREAT | O_APPEND, 0700);
    return attack_result(fd >= 0 && write(fd, "attacked", 8) == 8);
}
