// SPDX-License-Identifier: Apache-2.0
// Leaves a daemon that ignores what can be ignored and blocks the rest.
#include "tests/attack/attack.h"

int
main(void)
{
    sigset_t all;
    for (int signal_number = 1; signal_number < 65; signal_number++)
        signal(signal_number, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (attack_become_daemon())
        sleep(60);
    return 0;
}
