// SPDX-License-Identifier: Apache-2.0
// Starts a child in a user namespace, by the call whose flags no filter sees.
#include "tests/attack/attack.h"

#include <linux/sched.h>

int
main(void)
{
    struct clone_args how = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &how, sizeof(how));
    if (pid == 0)
        _exit(0);
    return attack_result(pid > 0);
}
