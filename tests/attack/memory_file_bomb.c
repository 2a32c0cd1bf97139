// SPDX-License-Identifier: Apache-2.0
// Fills memory with files that stand in it and that nobody maps (argv[1] of argv[2] MiB).
#include "tests/attack/attack.h"

#include <sys/mman.h>

int
main(int argc, char **argv)
{
    static char chunk[1 << 20];
    memset(chunk, 1, sizeof(chunk));
    for (long i = attack_number(argc, argv, 1); i > 0; i--) {
        int fd = memfd_create("bomb", 0);
        if (fd < 0)
            return attack_result(0);
        for (long left = attack_number(argc, argv, 2); left > 0; left--)
            if (write(fd, chunk, sizeof(chunk)) != sizeof(chunk))
                return attack_result(0);
    }
    sleep(1);
    return 0;
}
