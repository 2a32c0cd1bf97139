// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_literal.h"

#include <ctype.h>
#include <string.h>

static int
digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool
read_digits(struct str text, int base, __int128 *number)
{
    __int128 sum = 0;
    bool any = false;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '_')
            continue;
        int digit = digit_of(text.ptr[i]);
        if (digit >= base)
            return false;
        sum = sum * base + digit;
        any = true;
        if (sum >= (__int128)1 << 64)
            return false;
    }
    *number = sum;
    return any;
}

static bool
read_integer(struct str text, __int128 *number)
{
    if (text.len > 2 && text.ptr[0] == '0' && isalpha((unsigned char)text.ptr[1])) {
        char mark = (char)tolower((unsigned char)text.ptr[1]);
        int base = mark == 'x' ? 16 : mark == 'b' ? 2 : mark == 'o' ? 8 : 0;
        return base > 0 && read_digits(str_from(text, 2), base, number);
    }
    bool octal = text.len > 1 && text.ptr[0] == '0';
    return read_digits(text, octal ? 8 : 10, number);
}

// The escape that `*at` stands on, after the backslash. Values of \x and octal escapes are bytes.
static bool
read_escape(struct str text, size_t *at, uint32_t *value, bool *is_byte)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    const char *simple = *at < text.len && text.ptr[*at] != '\0' ? strchr(names, text.ptr[*at]) : NULL;
    __int128 number;

    *is_byte = false;
    if (*at >= text.len)
        return false;
    if (simple != NULL) {
        *value = (unsigned char)values[simple - names];
        ++*at;
        return true;
    }
    char kind = text.ptr[*at];
    size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 3;
    size_t start = *at + (isdigit((unsigned char)kind) ? 0 : 1);
    if ((digits == 3) != (isdigit((unsigned char)kind) != 0) || start + digits > text.len ||
        !read_digits(str_n(text.ptr + start, digits), digits == 3 ? 8 : 16, &number))
        return false;
    *value = (uint32_t)number;
    *is_byte = digits < 4;
    *at = start + digits;
    return digits >= 4 || number < 256;
}

// The character that `*at` stands on.
static bool
read_utf8(struct str text, size_t *at, uint32_t *value)
{
    unsigned char first = (unsigned char)text.ptr[*at];
    size_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t sum = more == 0 ? first : first & (0x3fu >> more);

    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || *at + more >= text.len)
        return false;
    for (size_t i = 1; i <= more; i++) {
        if ((text.ptr[*at + i] & 0xc0) != 0x80)
            return false;
        sum = sum << 6 | (text.ptr[*at + i] & 0x3f);
    }
    *at += more + 1;
    *value = sum;
    return true;
}

static bool
read_rune(struct str text, __int128 *number)
{
    size_t at = 1;
    uint32_t value = 0;
    bool is_byte, known;

    if (text.len < 3)
        return false;
    if (text.ptr[at] == '\\') {
        at++;
        known = read_escape(text, &at, &value, &is_byte);
    } else {
        known = read_utf8(text, &at, &value);
    }
    *number = value;
    return known && at + 1 == text.len && text.ptr[at] == '\'';
}

bool
go_literal(struct str text, __int128 *number)
{
    if (text.len == 0)
        return false;
    return text.ptr[0] == '\'' ? read_rune(text, number) : read_integer(text, number);
}

static void
put_utf8(uint32_t c, struct buf *out)
{
    static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    buf_putc(out, (char)(marks[more] | c >> (6 * more)));
    while (more-- > 0)
        buf_putc(out, (char)(0x80 | (c >> (6 * more) & 0x3f)));
}

bool
go_literal_text(struct str text, struct buf *out)
{
    if (text.len < 2 || text.ptr[0] != text.ptr[text.len - 1])
        return false;
    struct str inner = str_n(text.ptr + 1, text.len - 2);
    if (text.ptr[0] == '`') {
        buf_add_str(out, inner);
        return !out->full;
    }
    for (size_t at = 0; at < inner.len;) {
        uint32_t value;
        bool is_byte;
        if (inner.ptr[at] != '\\') {
            buf_putc(out, inner.ptr[at++]);
            continue;
        }
        at++;
        if (!read_escape(inner, &at, &value, &is_byte))
            return false;
        if (is_byte || value < 0x80)
            buf_putc(out, (char)value);
        else
            put_utf8(value, out);
    }
    return text.ptr[0] == '"' && !out->full;
}
