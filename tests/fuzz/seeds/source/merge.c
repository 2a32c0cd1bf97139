// SPDX-License-Identifier: Apache-2.0
#include "merge.h"

#include <stdbool.h>

// The bytes up to the next newline, or to the end.
static size_t
tag_length(const char *list, size_t len)
{
    size_t n = 0;

    while (n < len && list[n] != '\n')
        n++;
    return n;
}

static int
compare_tags(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t shorter = a_len < b_len ? a_len : b_len;

    for (size_t i = 0; i < shorter; i++) {
        if (a[i] != b[i])
            return (unsigned char)a[i] < (unsigned char)b[i] ? -1 : 1;
    }
    if (a_len == b_len)
        return 0;
    return a_len < b_len ? -1 : 1;
}

static void
copy_tag(char *to, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = from[i];
}

size_t
merge_tags(const char *a, size_t a_len, const char *b, size_t b_len, char *out, size_t out_cap)
{
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;
    size_t last = 0;

    while (i < a_len || j < b_len) {
        size_t a_tag = i < a_len ? tag_length(a + i, a_len - i) : 0;
        size_t b_tag = j < b_len ? tag_length(b + j, b_len - j) : 0;
        bool from_a = j >= b_len || (i < a_len && compare_tags(a + i, a_tag, b + j, b_tag) <= 0);
        const char *tag = from_a ? a + i : b + j;
        size_t len = from_a ? a_tag : b_tag;

        if (from_a)
            i += a_tag + 1;
        else
            j += b_tag + 1;
        if (len == 0 || (n > 0 && compare_tags(tag, len, out + last, n - last) == 0))
            continue;
        if (n + (n > 0) + len > out_cap)
            break;
        if (n > 0)
            out[n++] = '\n';
        copy_tag(out + n, tag, len);
        last = n;
        n += len;
    }
    return n;
}
