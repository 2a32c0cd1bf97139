// SPDX-License-Identifier: Apache-2.0
// Fills a folder (argv[1]) with empty files (argv[2]): they hold nothing, and take the file system's inodes.
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    const char *folder = attack_word(argc, argv, 1);
    long wanted = attack_number(argc, argv, 2), have = 0;
    for (; have < wanted; have++) {
        char name[32];
        snprintf(name, sizeof(name), "name%ld", have);
        int fd = open(attack_below(folder, name).text, O_WRONLY | O_CREAT, 0600);
        if (fd < 0 || close(fd) < 0)
            break;
    }
    if (have == wanted)
        sleep(1);
    return attack_result(have == wanted);
}
