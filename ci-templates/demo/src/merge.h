// SPDX-License-Identifier: Apache-2.0
// Sets of tags as text: sorted by byte value, one tag a line, no newline after the last.
#ifndef TAGD_MERGE_H
#define TAGD_MERGE_H

#include <stddef.h>

// Merges the sorted lists `a` and `b` into `out`, which overlaps neither; a tag that stands in both, or twice
// in one, comes out once, and empty lines not at all. Stops before the first tag that doesn't fit into
// `out_cap` bytes; a_len + b_len + 1 always suffice. Returns the bytes written.
size_t merge_tags(const char *a, size_t a_len, const char *b, size_t b_len, char *out, size_t out_cap);

#endif
