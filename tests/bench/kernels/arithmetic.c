// SPDX-License-Identifier: Apache-2.0
// A dependent chain of multiplications and shifts.
#include <stdint.h>

__attribute__((noinline)) static uint32_t
work(uint32_t seed, unsigned rounds)
{
    uint32_t hash = seed;
    for (unsigned i = 0; i < rounds; i++) {
        hash = (hash ^ hash >> 15) * 0x85ebca6bu;
        hash = (hash ^ hash >> 13) + i;
    }
    return hash;
}

uint32_t
kernel(uint32_t seed, unsigned rounds)
{
    return work(seed, rounds);
}
