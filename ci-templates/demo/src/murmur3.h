// SPDX-License-Identifier: Apache-2.0
// MurmurHash3, the 32-bit variant for x86 (Austin Appleby, public domain description): spreads keys over
// shards.
#ifndef TAGD_MURMUR3_H
#define TAGD_MURMUR3_H

#include <stddef.h>
#include <stdint.h>

// The hash of `len` bytes of `key`, the same on every machine.
uint32_t murmur3_32(const uint8_t *key, size_t len, uint32_t seed);

#endif
