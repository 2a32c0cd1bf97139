// SPDX-License-Identifier: Apache-2.0
// Asks for its process id by the system calls of 32-bit programs, whose numbers mean something else.
#include "tests/attack/attack.h"

int
main(void)
{
#if defined(__x86_64__)
    long answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L /* getpid */) : "memory");
    errno = answer < 0 && answer > -135 ? (int)-answer : 0;
    return attack_result(answer == getpid());
#else
    return ENOSYS;
#endif
}
