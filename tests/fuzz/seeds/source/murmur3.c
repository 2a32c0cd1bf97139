// SPDX-License-Identifier: Apache-2.0
#include "murmur3.h"

static uint32_t
rotate_left(uint32_t x, int bits)
{
    return (x << bits) | (x >> (32 - bits));
}

static uint32_t
scramble(uint32_t k)
{
    k *= 0xcc9e2d51u;
    k = rotate_left(k, 15);
    return k * 0x1b873593u;
}

// The first `len` bytes (at most 4) as a little-endian number.
static uint32_t
load_bytes(const uint8_t *from, size_t len)
{
    uint32_t k = 0;

    for (size_t i = 0; i < len; i++)
        k |= (uint32_t)from[i] << (8 * i);
    return k;
}

uint32_t
murmur3_32(const uint8_t *key, size_t len, uint32_t seed)
{
    uint32_t h = seed;
    size_t i = 0;

    for (; i + 4 <= len; i += 4) {
        h ^= scramble(load_bytes(key + i, 4));
        h = rotate_left(h, 13);
        h = h * 5 + 0xe6546b64u;
    }
    if (i < len)
        h ^= scramble(load_bytes(key + i, len - i));
    h ^= (uint32_t)len;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    h ^= h >> 16;
    return h;
}
