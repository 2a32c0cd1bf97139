// SPDX-License-Identifier: Apache-2.0
// Takes memory that no debugger and no dump can see.
#include "tests/attack/attack.h"

int
main(void)
{
    return attack_result(syscall(SYS_memfd_secret, 0L) >= 0);
}
