// SPDX-License-Identifier: Apache-2.0
// Leaves a daemon that is another process all the time: each forks the next and ends.
#include "tests/attack/attack.h"

#include <time.h>

int
main(void)
{
    if (!attack_become_daemon())
        return 0;
    for (time_t until = time(NULL) + 10; time(NULL) < until;) {
        pid_t pid = fork();
        if (pid > 0)
            _exit(0);
        if (pid == 0)
            setsid();
    }
    return 0;
}
