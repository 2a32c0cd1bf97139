// SPDX-License-Identifier: Apache-2.0
// Leaves a daemon that holds the lock of a file (argv[1]) that it may read; the next run sees the lock.
#include "tests/attack/attack.h"

#include <sys/file.h>

int
main(int argc, char **argv)
{
    int fd = open(attack_word(argc, argv, 1), O_RDONLY);
    if (fd < 0)
        return attack_result(0);
    if (attack_finds(argc, argv)) {
        int locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        int seen = !locked && errno == EWOULDBLOCK;
        errno = locked ? ENOENT : errno;
        return attack_result(seen);
    }
    if (flock(fd, LOCK_EX) < 0)
        return attack_result(0);
    if (attack_become_daemon())
        sleep(60);
    return 0;
}
