// SPDX-License-Identifier: Apache-2.0
// Unpredictable branches: classes of pseudo-random bytes.
#include <stdint.h>

__attribute__((noinline)) static uint32_t
work(uint32_t seed, unsigned rounds)
{
    uint32_t state = seed, found = 0;
    for (unsigned i = 0; i < rounds; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned char c = (unsigned char)(state >> 24);
        if (c >= 'a' && c <= 'z')
            found += 1;
        else if (c >= '0' && c <= '9')
            found += 3;
        else if (c == '_' || c == '-' || c == '.')
            found ^= state;
        else if (c < ' ')
            found = found * 5 + 1;
        else
            found += 7;
    }
    return found;
}

uint32_t
kernel(uint32_t seed, unsigned rounds)
{
    return work(seed, rounds);
}
