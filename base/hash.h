// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of content that is stored or compared by it, and a quick 64-bit hash for tables in
// memory.
#ifndef ATOLL_BASE_HASH_H
#define ATOLL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash {
    uint8_t bytes[32];
};

// Hashes piece by piece.
struct hasher;

// SHA-256 of `size` bytes.
struct hash hash_of(const void *bytes, size_t size);

// 64 lower-case hexadecimal digits and a NUL.
void hash_hex(const struct hash *hash, char out[65]);

// Starts an empty hash. Returns owned: end it with hasher_finish or hasher_free.
struct hasher *hasher_new(void);

// Adds `size` bytes.
void hasher_add(struct hasher *hasher, const void *bytes, size_t size);

// Gives the SHA-256 of everything added and frees the hasher.
void hasher_finish(struct hasher *hasher, struct hash *out);

// Frees a hasher without a result; NULL is allowed.
void hasher_free(struct hasher *hasher);

// A quick hash, the same in every process of one machine; not safe against chosen input.
uint64_t hash_quick(const void *bytes, size_t size);

#endif
