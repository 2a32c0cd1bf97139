// SPDX-License-Identifier: Apache-2.0
// Base 64 of RFC 4648, section 4.
#ifndef TAGD_BASE64_H
#define TAGD_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decodes `len` characters, padded with = to a multiple of four. `out` has room for len / 4 * 3 bytes. Sets
// `*out_len`; false when the text is no base 64.
bool base64_decode(const char *text, size_t len, uint8_t *out, size_t *out_len);

// Encodes `len` bytes. `out` has room for (len + 2) / 3 * 4 characters, no terminator. Returns the characters
// written.
size_t base64_encode(const uint8_t *data, size_t len, char *out);

#endif
