// SPDX-License-Identifier: Apache-2.0
// `atoll-cell enter`: from here into a program of a managed language, which hosts its variant itself. The
// seal comes before any of its code; the one exec that is left takes its path from an address drawn at
// random.
#include "sandbox/cell/cell.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

// A page anywhere in the lower half of user space.
enum { PAGE_BYTES = 4096, ADDRESS_BITS = 46 };

int
enter_main(const char *program)
{
    uint64_t drawn;
    size_t bytes = strlen(program) + 1;
    if (bytes > PAGE_BYTES || getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
        return 2;
    uintptr_t hint = drawn >> (64 - ADDRESS_BITS) & ~((uintptr_t)PAGE_BYTES - 1);
    char *page = mmap((void *)hint, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 2;
    char *path = page + drawn % (PAGE_BYTES - bytes + 1);
    memcpy(path, program, bytes);
    char *argv[] = {path, NULL};
    if (policy_seal(path) == 0)
        execve(path, argv, environ);
    return 2;
}
