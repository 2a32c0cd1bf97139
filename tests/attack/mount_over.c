// SPDX-License-Identifier: Apache-2.0
// Mounts a file system over its own folder, after it tried to become root of a namespace.
#include "tests/attack/attack.h"

#include <sched.h>
#include <sys/mount.h>

int
main(void)
{
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return attack_result(0);
    return attack_result(mount("tmpfs", ".", "tmpfs", 0, NULL) == 0);
}
