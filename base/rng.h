// SPDX-License-Identifier: Apache-2.0
// Random numbers from a counter: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). A seed and a stream fix the whole sequence on every machine; different streams are independent.
// Not for secrets.
#ifndef ATOLL_BASE_RNG_H
#define ATOLL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint32_t key[2];     // seed, low word first
    uint32_t counter[4]; // block number (2 words), stream (2 words)
    uint32_t block[4];   // output of the last counter
    unsigned left;       // words of `block` not handed out yet
};

// Starts the sequence of a seed and a stream.
void rng_init(struct rng *rng, uint64_t seed, uint64_t stream);

// The next 32 / 64 bits.
uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);

// Uniform in 0 .. n-1 without bias; 0 when n is 0.
uint64_t rng_below(struct rng *rng, uint64_t n);

// Uniform in [0, 1), a multiple of 2^-53.
double rng_real(struct rng *rng);

// Fills `size` bytes.
void rng_fill(struct rng *rng, void *out, size_t size);

// Combines two numbers (run, island, generation ...) into one well-spread stream number; not symmetric.
uint64_t rng_mix(uint64_t a, uint64_t b);

// The bare function: ten rounds over a counter under a key.
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
