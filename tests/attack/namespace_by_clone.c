// SPDX-License-Identifier: Apache-2.0
// Starts a child in a user namespace, by the call that fork is made of.
#include "tests/attack/attack.h"

#include <sched.h>

int
main(void)
{
    long pid = syscall(SYS_clone, (unsigned long)(CLONE_NEWUSER | SIGCHLD), NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return attack_result(pid > 0);
}
