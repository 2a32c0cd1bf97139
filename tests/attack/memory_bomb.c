// SPDX-License-Identifier: Apache-2.0
// Fills memory (argv[1] MiB).
#include "tests/attack/attack.h"

#include <sys/mman.h>

int
main(int argc, char **argv)
{
    for (long i = attack_number(argc, argv, 1); i > 0; i--) {
        char *chunk = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED)
            return attack_result(0);
        memset(chunk, 1, 1 << 20);
    }
    sleep(1);
    return 0;
}
