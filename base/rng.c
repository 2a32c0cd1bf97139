// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

static uint32_t
multiply(uint32_t a, uint32_t b, uint32_t *high)
{
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    return (uint32_t)product;
}

void
rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint32_t high0, high2;
        uint32_t low0 = multiply(0xD2511F53, c0, &high0);
        uint32_t low2 = multiply(0xCD9E8D57, c2, &high2);
        c0 = high2 ^ c1 ^ k0;
        c1 = low2;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void
rng_init(struct rng *rng, uint64_t seed, uint64_t stream)
{
    *rng = (struct rng){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                        .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)}};
}

uint32_t
rng_u32(struct rng *rng)
{
    if (rng->left == 0) {
        rng_philox(rng->counter, rng->key, rng->block);
        rng->left = 4;
        if (++rng->counter[0] == 0)
            rng->counter[1]++;
    }
    return rng->block[4 - rng->left--];
}

uint64_t
rng_u64(struct rng *rng)
{
    uint64_t low = rng_u32(rng);
    return (uint64_t)rng_u32(rng) << 32 | low;
}

// Lemire, "Fast random integer generation in an interval", 2019.
uint64_t
rng_below(struct rng *rng, uint64_t n)
{
    if (n == 0)
        return 0;
    uint64_t biased = -n % n;
    for (;;) {
        unsigned __int128 product = (unsigned __int128)rng_u64(rng) * n;
        if ((uint64_t)product >= biased)
            return (uint64_t)(product >> 64);
    }
}

double
rng_real(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

void
rng_fill(struct rng *rng, void *out, size_t size)
{
    unsigned char *bytes = out;
    uint32_t word = 0;
    for (size_t i = 0; i < size; i++) {
        word = i % 4 == 0 ? rng_u32(rng) : word >> 8;
        bytes[i] = (unsigned char)word;
    }
}

// The finaliser of SplitMix64, which spreads every input bit over the whole word.
static uint64_t
spread(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

uint64_t
rng_mix(uint64_t a, uint64_t b)
{
    return spread(spread(a + 0x9E3779B97F4A7C15) + b);
}
