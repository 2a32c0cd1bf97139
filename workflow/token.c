// SPDX-License-Identifier: Apache-2.0
#include "workflow/token.h"

#include <string.h>

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char
peek(const struct token_reader *r, size_t ahead)
{
    return r->at + ahead < r->text.len ? r->text.ptr[r->at + ahead] : '\0';
}

static size_t
name_length(const struct token_reader *r)
{
    size_t length = 0;
    while (is_letter(peek(r, length)) ||
           (length > 0 && (is_digit(peek(r, length)) || peek(r, length) == '-')))
        length++;
    return length;
}

static size_t
number_length(const struct token_reader *r)
{
    size_t length = peek(r, 0) == '-' ? 1 : 0;
    while (is_digit(peek(r, length)) || peek(r, length) == '.')
        length++;
    if (peek(r, length) == 'e' || peek(r, length) == 'E') {
        length++;
        if (peek(r, length) == '-' || peek(r, length) == '+')
            length++;
        while (is_digit(peek(r, length)))
            length++;
    }
    return length;
}

// Length of a quoted text with its quotes, or 0 when it does not end.
static size_t
text_length(const struct token_reader *r)
{
    for (size_t length = 1; r->at + length < r->text.len; length++) {
        if (peek(r, length) != '\'')
            continue;
        if (peek(r, length + 1) != '\'')
            return length + 1;
        length++;
    }
    return 0;
}

static int
operator_kind(char first, char second)
{
    static const struct {
        char text[3];
        enum token_kind kind;
    } pairs[] = {{"&&", TOKEN_AND},     {"||", TOKEN_OR},       {"==", TOKEN_EQUAL}, {"!=", TOKEN_UNEQUAL},
                 {"<=", TOKEN_AT_MOST}, {">=", TOKEN_AT_LEAST}, {"}}", TOKEN_CLOSE}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].text[0] == first && pairs[i].text[1] == second)
            return (int)pairs[i].kind;
    return TOKEN_BAD;
}

struct token
expression_token_next(struct token_reader *r)
{
    struct token token = {.kind = TOKEN_BAD};
    while (peek(r, 0) == ' ' || peek(r, 0) == '\t' || peek(r, 0) == '\n')
        r->at++;
    token.mark = place_at(&r->place, r->at);
    char c = peek(r, 0);
    size_t length = 1;
    if (r->at >= r->text.len) {
        token.kind = TOKEN_END;
        length = 0;
    } else if (is_letter(c)) {
        token.kind = TOKEN_NAME;
        length = name_length(r);
    } else if (is_digit(c) || (c == '-' && is_digit(peek(r, 1)))) {
        token.kind = TOKEN_NUMBER;
        length = number_length(r);
    } else if (c == '\'') {
        length = text_length(r);
        token.kind = length ? TOKEN_TEXT : TOKEN_BAD;
        length = length ? length : r->text.len - r->at;
    } else if ((token.kind = operator_kind(c, peek(r, 1))) != TOKEN_BAD) {
        length = 2;
    } else if (c && strchr("<>!()[].,", c)) {
        token.kind = (unsigned char)c;
    }
    while (token.kind == TOKEN_BAD && ((unsigned char)peek(r, length) & 0xC0U) == 0x80U)
        length++; // the whole character
    token.text = (struct str){r->text.ptr + r->at, length};
    r->at += length;
    return token;
}

bool
token_follows(const struct token_reader *reader, char c)
{
    size_t ahead = 0;
    while (peek(reader, ahead) == ' ')
        ahead++;
    return peek(reader, ahead) == c;
}
