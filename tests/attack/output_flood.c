// SPDX-License-Identifier: Apache-2.0
// Writes more than anybody wants to keep (argv[1] MiB).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    static char chunk[1 << 20];
    memset(chunk, 'x', sizeof(chunk));
    for (long i = attack_number(argc, argv, 1); i > 0; i--)
        for (size_t written = 0; written < sizeof(chunk);) {
            ssize_t got = write(STDOUT_FILENO, chunk + written, sizeof(chunk) - written);
            if (got < 0)
                return attack_result(0);
            written += (size_t)got;
        }
    return 0;
}
