// SPDX-License-Identifier: Apache-2.0
// Normal forms of metric tags. Text goes in as bytes with a length and comes out without a terminator; the
// output never overlaps the input.
#ifndef TAGD_TAG_H
#define TAGD_TAG_H

#include <stddef.h>

// No normalised tag is longer than this.
#define TAG_MAX_BYTES 200

// Writes the normal form of the tag `in` to `out`: ASCII letters in lower case, digits and - . / : kept, a
// run of anything else as one underscore. It begins with a letter or a colon (what stands before is skipped)
// and ends in no underscore. Stops at TAG_MAX_BYTES or `out_cap`. Returns the bytes of the normal form, 0
// when nothing is left.
size_t normalize_tag(const char *in, size_t in_len, char *out, size_t out_cap);

// As normalize_tag(), for the value of a tag, which may begin with a digit too.
size_t normalize_tag_value(const char *in, size_t in_len, char *out, size_t out_cap);

#endif
