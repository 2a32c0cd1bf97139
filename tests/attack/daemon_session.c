// SPDX-License-Identifier: Apache-2.0
// Leaves a child in a session of its own.
#include "tests/attack/attack.h"

int
main(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        sleep(60);
        _exit(0);
    }
    return attack_result(pid > 0);
}
