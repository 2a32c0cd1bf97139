// SPDX-License-Identifier: Apache-2.0
#include "base64.h"

// The value of one digit, or -1.
static int
digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool
base64_decode(const char *text, size_t len, uint8_t *out, size_t *out_len)
{
    size_t digits = len;
    size_t n = 0;
    uint32_t bits = 0;
    unsigned held = 0;

    if (len % 4 != 0)
        return false;
    while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6) | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (uint8_t)(bits >> held);
        }
    }
    *out_len = n;
    return (bits & ((1u << held) - 1)) == 0;
}

size_t
base64_encode(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t bits = (uint32_t)data[i] << 16;
        if (left > 1)
            bits |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            bits |= data[i + 2];
        out[n++] = digits[bits >> 18];
        out[n++] = digits[(bits >> 12) & 63];
        out[n++] = left > 1 ? digits[(bits >> 6) & 63] : '=';
        out[n++] = left > 2 ? digits[bits & 63] : '=';
    }
    return n;
}
