// SPDX-License-Identifier: Apache-2.0
// A growable byte buffer with a mandatory maximum. What does not fit sets `full` and is dropped, so that
// callers may add many pieces and check once with buf_check. The content is always followed by a NUL that
// `len` does not count.
#ifndef ATOLL_BASE_BUF_H
#define ATOLL_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
    char *ptr; // NULL until something was added
    size_t len;
    size_t capacity;
    size_t max;
    bool full;
};

// A local buffer that is released at the end of its scope: AUTO_BUF b = BUF(1 << 20);
#define AUTO_BUF __attribute__((cleanup(buf_release))) struct buf
#define BUF(max_bytes) ((struct buf){.max = (max_bytes)})

// Makes an empty buffer that holds at most `max` bytes.
void buf_init(struct buf *buf, size_t max);

// Frees the content; the buffer is empty and usable again with the same maximum.
void buf_release(struct buf *buf);

// Empties the buffer and keeps its memory.
void buf_clear(struct buf *buf);

// Drops what stands behind the first `len` bytes; what did not fit is forgotten.
void buf_cut(struct buf *buf, size_t len);

// Append bytes / a view / a terminated string / one byte / formatted text.
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, struct str text);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

// Append a 32 or 64 bit number, little endian.
void buf_add_u32(struct buf *buf, uint32_t value);
void buf_add_u64(struct buf *buf, uint64_t value);

// `len` writable bytes at the end, zeroed and counted, or NULL when they do not fit.
void *buf_extend(struct buf *buf, size_t len);

// View of the content; valid until the next change.
struct str buf_str(const struct buf *buf);

// The content as a terminated string, "" when empty; valid until the next change.
const char *buf_text(const struct buf *buf);

// Hands the content (terminated, malloc'ed, never NULL) to the caller; the buffer is empty after.
char *buf_take(struct buf *buf);

// 0, or ERR_LIMIT "WHAT is larger than N bytes" when something was dropped.
int buf_check(const struct buf *buf, const char *what, struct err *err) MUST_USE;

// Base64 (RFC 4648, with padding): append the encoding; append the decoding (false on bad input).
void buf_add_base64(struct buf *buf, const void *bytes, size_t len);
bool buf_add_unbase64(struct buf *buf, struct str text);

#endif
