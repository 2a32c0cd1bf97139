// SPDX-License-Identifier: Apache-2.0
// Dependent loads all over 8 MiB.
#include <stdint.h>

enum { ENTRIES = 1 << 21 };

static const uint32_t table[ENTRIES] = {[0 ... ENTRIES - 1] = 12345};

__attribute__((noinline)) static uint32_t
work(uint32_t seed, unsigned rounds)
{
    uint32_t at = seed;
    for (unsigned i = 0; i < rounds; i++)
        at = at * 1664525u + 1013904223u + table[at >> 11];
    return at;
}

uint32_t
kernel(uint32_t seed, unsigned rounds)
{
    return work(seed, rounds);
}
