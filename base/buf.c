// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
buf_init(struct buf *buf, size_t max)
{
    *buf = BUF(max);
}

void
buf_release(struct buf *buf)
{
    free(buf->ptr);
    *buf = BUF(buf->max);
}

void
buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->full = false;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

void
buf_cut(struct buf *buf, size_t len)
{
    if (len < buf->len) {
        buf->len = len;
        buf->ptr[len] = '\0';
    }
    buf->full = false;
}

// Makes room for `len` more bytes and the NUL behind them.
static bool
reserve(struct buf *buf, size_t len)
{
    if (buf->full || len > buf->max - buf->len) {
        buf->full = true;
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity < 32 ? 64 : buf->capacity * 2;
    if (capacity < need)
        capacity = need;
    buf->ptr = realloc(buf->ptr, capacity);
    if (!buf->ptr)
        abort();
    buf->capacity = capacity;
    return true;
}

void *
buf_extend(struct buf *buf, size_t len)
{
    if (!reserve(buf, len))
        return NULL;
    char *start = buf->ptr + buf->len;
    memset(start, 0, len + 1);
    buf->len += len;
    return start;
}

void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(buf, len))
        return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void
buf_add_str(struct buf *buf, struct str text)
{
    buf_add(buf, text.ptr, text.len);
}

void
buf_puts(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void
buf_putc(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        abort();
    char *text = buf_extend(buf, (size_t)len);
    if (!text)
        return;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
}

static void
add_little_endian(struct buf *buf, uint64_t value, unsigned size)
{
    char bytes[8];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (char)(value >> (8 * i));
    buf_add(buf, bytes, size);
}

void
buf_add_u32(struct buf *buf, uint32_t value)
{
    add_little_endian(buf, value, 4);
}

void
buf_add_u64(struct buf *buf, uint64_t value)
{
    add_little_endian(buf, value, 8);
}

struct str
buf_str(const struct buf *buf)
{
    return str_n(buf->ptr, buf->len);
}

const char *
buf_text(const struct buf *buf)
{
    return buf->ptr ? buf->ptr : "";
}

char *
buf_take(struct buf *buf)
{
    char *text = buf->ptr ? buf->ptr : calloc(1, 1);
    if (!text)
        abort();
    *buf = BUF(buf->max);
    return text;
}

int
buf_check(const struct buf *buf, const char *what, struct err *err)
{
    if (!buf->full)
        return 0;
    return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what, buf->max);
}

void
buf_add_base64(struct buf *buf, const void *bytes, size_t len)
{
    const unsigned char *in = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned group =
            (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        char out[4];
        for (unsigned k = 0; k < 4; k++)
            out[k] = k <= left ? base64_digits[group >> (18 - 6 * k) & 63] : '=';
        buf_add(buf, out, sizeof(out));
    }
}

// Decodes four digits, the last `padding` of them '='; bits that no byte takes must be zero.
static bool
add_group(struct buf *buf, const char *in, unsigned padding)
{
    unsigned group = 0;
    for (unsigned k = 0; k < 4; k++) {
        char c = k < 4 - padding ? in[k] : 'A';
        const char *digit = memchr(base64_digits, c, 64);
        if (!digit)
            return false;
        group = group << 6 | (unsigned)(digit - base64_digits);
    }
    if (group & ((1U << (8 * padding)) - 1))
        return false;
    char out[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
    buf_add(buf, out, 3 - padding);
    return true;
}

bool
buf_add_unbase64(struct buf *buf, struct str text)
{
    size_t before = buf->len;
    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        const char *in = text.ptr + i;
        bool last = i + 4 == text.len;
        unsigned padding = last && in[3] == '=' ? 1 + (in[2] == '=') : 0;
        if (!add_group(buf, in, padding)) {
            buf->len = before;
            if (buf->ptr)
                buf->ptr[before] = '\0';
            return false;
        }
    }
    return true;
}
