// SPDX-License-Identifier: Apache-2.0
// Fills memory with many processes, each below the limit of one (argv[1] processes of argv[2] MiB).
#include "tests/attack/attack.h"

int
main(int argc, char **argv)
{
    long processes = attack_number(argc, argv, 1);
    size_t bytes = (size_t)attack_number(argc, argv, 2) << 20;
    int status, bad = 0;
    for (long i = 0; i < processes; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return attack_result(0);
        if (pid == 0) {
            char *chunk = malloc(bytes);
            if (!chunk)
                _exit(ENOMEM);
            memset(chunk, 1, bytes);
            sleep(2);
            _exit(chunk[bytes / 2] == 1 ? 0 : 1);
        }
    }
    while (wait(&status) > 0)
        bad = bad ? bad : WIFEXITED(status) ? WEXITSTATUS(status) : ENOMEM;
    errno = bad;
    return attack_result(bad == 0);
}
