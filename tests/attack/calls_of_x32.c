// SPDX-License-Identifier: Apache-2.0
// Asks for its process id by the system calls of the x32 kind, whose numbers stand high above the others.
#include "tests/attack/attack.h"

int
main(void)
{
#if defined(__x86_64__)
    return attack_result(syscall(0x40000000L | SYS_getpid) == getpid());
#else
    return ENOSYS;
#endif
}
