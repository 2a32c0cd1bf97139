// SPDX-License-Identifier: Apache-2.0
#include "tag.h"

#include <stdbool.h>

static int
is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static int
is_tag_start(unsigned char c)
{
    return is_letter(c) || c == ':';
}

static int
is_value_start(unsigned char c)
{
    return is_letter(c) || is_digit(c) || c == ':';
}

static int
is_tag_char(unsigned char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '/' || c == ':';
}

static unsigned char
lower(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    return c;
}

size_t
normalize_tag(const char *in, size_t in_len, char *out, size_t out_cap)
{
    size_t limit = out_cap < TAG_MAX_BYTES ? out_cap : TAG_MAX_BYTES;
    size_t n = 0;

    for (size_t i = 0; i < in_len && n < limit; i++) {
        unsigned char c = (unsigned char)in[i];
        if (n == 0) {
            if (is_tag_start(c))
                out[n++] = (char)lower(c);
        } else if (is_tag_char(c)) {
            out[n++] = (char)lower(c);
        } else if (out[n - 1] != '_') {
            out[n++] = '_';
        }
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    return n;
}

size_t
normalize_tag_value(const char *in, size_t in_len, char *out, size_t out_cap)
{
    size_t limit = out_cap < TAG_MAX_BYTES ? out_cap : TAG_MAX_BYTES;
    size_t n = 0;
    size_t i = 0;
    bool gap = false;

    while (i < in_len && !is_value_start((unsigned char)in[i]))
        i++;
    for (; i < in_len && n < limit; i++) {
        unsigned char c = (unsigned char)in[i];
        if (!is_tag_char(c)) {
            gap = true;
            continue;
        }
        if (gap) {
            if (n + 2 > limit)
                break;
            out[n++] = '_';
            gap = false;
        }
        out[n++] = (char)lower(c);
    }
    return n;
}
