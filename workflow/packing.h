// SPDX-License-Identifier: Apache-2.0
// JSON values as bytes between two processes of one program, several times cheaper to write and to read than
// text. A value is a tag and what follows it, numbers little endian: 'n' null; 't', 'f'; 'i' and i64; 'd' and
// an IEEE 754 double; 's', u32 length, UTF-8; 'a', u32 count, values; 'o', u32 count, and for each member u32
// length, key, value. Never stored: it may change with any version.
#ifndef ATOLL_WORKFLOW_PACKING_H
#define ATOLL_WORKFLOW_PACKING_H

#include "base/buf.h"
#include "base/json.h"

// Appends a value. Borrows it. What is too long shows in buf_check.
void packing_add(struct buf *out, const json_t *json);

// Appends a u32 length and the bytes; a u64 with the bits of a double.
void packing_add_text(struct buf *out, struct str text);
void packing_add_real(struct buf *out, double real);

// Reads exactly one value that nests at most JSON_DEPTH_MAX deep. Returns owned, or NULL: ERR_PARSE.
json_t *packing_read(struct str bytes, struct err *err) MUST_USE;

// What is left to read of bytes that stay the caller's; `ptr` becomes NULL, for good, where too few are left.
struct packing_reader {
    const char *ptr;
    size_t len;
    int depth; // 0 at the start
};

// Takes `len` bytes, NULL when there are fewer; a number of `size` bytes; a length and the bytes behind it; a
// double. 0 or an empty view when there is none.
const char *packing_take(struct packing_reader *reader, size_t len);
uint64_t packing_take_number(struct packing_reader *reader, size_t size);
struct str packing_take_text(struct packing_reader *reader);
double packing_take_real(struct packing_reader *reader);

#endif
