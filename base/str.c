// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DISTANCE_MAX = 64 };

struct str
str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

struct str
str_n(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

bool
str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
str_is(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}

int
str_compare(struct str a, struct str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool
str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_head(s, prefix.len), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

ptrdiff_t
str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    const char *found = s.len > 0 ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
    return found ? found - s.ptr : -1;
}

ptrdiff_t
str_find_byte(struct str s, char c)
{
    const char *found = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return found ? found - s.ptr : -1;
}

ptrdiff_t
str_rfind_byte(struct str s, char c)
{
    const char *found = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;
    return found ? found - s.ptr : -1;
}

struct str
str_from(struct str s, size_t start)
{
    if (start > s.len)
        start = s.len;
    return start > 0 ? str_n(s.ptr + start, s.len - start) : s;
}

struct str
str_head(struct str s, size_t len)
{
    return str_n(s.ptr, len < s.len ? len : s.len);
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = str_from(s, 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str
str_last_line(struct str s)
{
    struct str text = str_trim(s);
    return str_from(text, (size_t)(str_rfind_byte(text, '\n') + 1));
}

struct str
str_cut(struct str *rest, char separator)
{
    struct str whole = *rest;
    ptrdiff_t at = str_find_byte(whole, separator);
    if (at < 0) {
        *rest = str_n(NULL, 0);
        return whole;
    }
    *rest = str_from(whole, (size_t)at + 1);
    return str_head(whole, (size_t)at);
}

static unsigned
digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

bool
str_to_u64(struct str s, uint64_t *out)
{
    unsigned base = 10;
    if (str_starts(s, STR("0x")) || str_starts(s, STR("0X"))) {
        base = 16;
        s = str_from(s, 2);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = digit_value(s.ptr[i]);
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (s.len == 0)
        return false;
    *out = value;
    return true;
}

bool
str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    bool sign = negative || (s.len > 0 && s.ptr[0] == '+');
    uint64_t size;
    if (!str_to_u64(str_from(s, sign), &size) || size > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? -size : size);
    return true;
}

bool
str_to_size(struct str s, int64_t *out)
{
    static const char units[] = "KMGT";
    int64_t scale = 1;
    if (s.len > 1)
        for (int i = 0; units[i]; i++)
            if (s.ptr[s.len - 1] == units[i])
                scale = (int64_t)1 << (10 * (i + 1));
    struct str digits = scale == 1 ? s : str_head(s, s.len - 1);
    return str_to_i64(digits, out) && *out >= 0 && !__builtin_mul_overflow(*out, scale, out);
}

bool
str_to_double(struct str s, double *out)
{
    char text[400];
    if (s.len == 0 || s.len >= sizeof(text))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!memchr("0123456789+-.eE", s.ptr[i], 15))
            return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    char *end;
    double value = strtod(text, &end);
    if (*end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned
str_distance(struct str a, struct str b)
{
    a = str_head(a, DISTANCE_MAX);
    b = str_head(b, DISTANCE_MAX);
    unsigned rows[3][DISTANCE_MAX + 1];
    for (unsigned j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned change = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

const char *
str_nearest(struct str word, const char *const *words, size_t count)
{
    unsigned limit = word.len < 6 ? 1 : (unsigned)word.len / 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(word, str_of(words[i]));
        if (distance > limit || (nearest && distance == limit))
            continue;
        nearest = words[i];
        limit = distance;
    }
    return nearest;
}
