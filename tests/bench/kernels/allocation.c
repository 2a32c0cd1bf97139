// SPDX-License-Identifier: Apache-2.0
// Small allocations of different sizes, freed 32 later.
#include <stdint.h>
#include <stdlib.h>

__attribute__((noinline)) static uint32_t
work(uint32_t seed, unsigned rounds)
{
    uint32_t state = seed, sum = 0;
    unsigned char *kept[32] = {0};
    for (unsigned i = 0; i < rounds; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned char **place = &kept[i % 32];
        if (*place != NULL)
            sum += **place;
        free(*place);
        *place = malloc(16 + (state >> 25));
        if (*place != NULL)
            **place = (unsigned char)(state >> 16);
    }
    for (unsigned i = 0; i < 32; i++)
        free(kept[i]);
    return sum;
}

uint32_t
kernel(uint32_t seed, unsigned rounds)
{
    return work(seed, rounds);
}
