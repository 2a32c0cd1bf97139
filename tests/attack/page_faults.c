// SPDX-License-Identifier: Apache-2.0
// Serves page faults, with which kernel code can be held up.
#include "tests/attack/attack.h"

int
main(void)
{
    return attack_result(syscall(SYS_userfaultfd, 1L /* UFFD_USER_MODE_ONLY */) >= 0);
}
