// SPDX-License-Identifier: Apache-2.0
// CRC-32 of blocks, and of everything that came so far. A CRC here is the finished one (inverted before and
// after), so 0 is the CRC of nothing, and crc32_update(crc32_update(0, a), b) is the CRC of a followed by b.
#ifndef TAGD_CHECKSUM_H
#define TAGD_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// Goes on from `crc` with `len` bytes of `data`. Returns the new CRC.
uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t len);

// The CRC of two pieces in a row, from the CRC of each and the bytes of the second, without their data: the
// effect of len2 zero bytes is a 32 x 32 matrix over GF(2), raised by repeated squaring.
uint32_t crc32_combine(uint32_t crc1, uint32_t crc2, size_t len2);

// Returns the CRC of one block and moves `*total` on, from the CRC of all blocks before it to that of all
// with it.
uint32_t checksum_block(const uint8_t *data, size_t len, uint32_t *total);

#endif
