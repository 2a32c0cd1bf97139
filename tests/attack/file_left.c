// SPDX-License-Identifier: Apache-2.0
// Leaves a file outside (argv[1]), and finds it in the next run.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    const char *path = attack_word(argc, argv, 1);
    int finds = attack_finds(argc, argv);
    int found = open(path, finds ? O_RDONLY : O_WRONLY | O_CREAT, 0600);
    if (found >= 0 && finds)
        unlink(path);
    return attack_result(found >= 0);
}
