// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct hasher {
    EVP_MD_CTX *context;
};

struct hasher *
hasher_new(void)
{
    struct hasher *hasher = calloc(1, sizeof(*hasher));
    if (!hasher)
        abort();
    hasher->context = EVP_MD_CTX_new();
    if (!hasher->context || EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL) != 1)
        abort();
    return hasher;
}

void
hasher_add(struct hasher *hasher, const void *bytes, size_t size)
{
    if (EVP_DigestUpdate(hasher->context, bytes, size) != 1)
        abort();
}

void
hasher_finish(struct hasher *hasher, struct hash *out)
{
    if (EVP_DigestFinal_ex(hasher->context, out->bytes, NULL) != 1)
        abort();
    hasher_free(hasher);
}

void
hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->context);
    free(hasher);
}

struct hash
hash_of(const void *bytes, size_t size)
{
    struct hash hash;
    if (EVP_Digest(bytes, size, hash.bytes, NULL, EVP_sha256(), NULL) != 1)
        abort();
    return hash;
}

void
hash_hex(const struct hash *hash, char out[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(hash->bytes); i++) {
        out[2 * i] = digits[hash->bytes[i] >> 4];
        out[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    out[64] = '\0';
}

// The finaliser of MurmurHash3 over each word: a bijection, so that no word is lost.
static uint64_t
stir(uint64_t x)
{
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
    return x ^ x >> 33;
}

uint64_t
hash_quick(const void *bytes, size_t size)
{
    const char *from = bytes;
    uint64_t hash = stir(size + 0x9E3779B97F4A7C15);
    for (; size > 0;) {
        size_t part = size < 8 ? size : 8;
        uint64_t word = 0;
        memcpy(&word, from, part);
        hash = stir(hash ^ word);
        from += part;
        size -= part;
    }
    return hash;
}
