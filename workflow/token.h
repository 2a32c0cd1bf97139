// SPDX-License-Identifier: Apache-2.0
// The words of an expression, each with its place in the file.
#ifndef ATOLL_WORKFLOW_TOKEN_H
#define ATOLL_WORKFLOW_TOKEN_H

#include "workflow/place.h"

// Operators of two characters are named by letters, the others by themselves.
enum token_kind {
    TOKEN_END = 0,
    TOKEN_NAME = 'a',
    TOKEN_NUMBER = '1',
    TOKEN_TEXT = '\'',
    TOKEN_CLOSE = '}',
    TOKEN_AND = 'A',
    TOKEN_OR = 'O',
    TOKEN_EQUAL = 'E',
    TOKEN_UNEQUAL = 'N',
    TOKEN_AT_MOST = 'L',
    TOKEN_AT_LEAST = 'G',
    TOKEN_BAD = '?',
};

// One word; `text` views the scalar.
struct token {
    int kind; // enum token_kind, or the character itself for one of < > ! ( ) [ ] . ,
    struct yaml_mark mark;
    struct str text;
};

// A walk over a scalar's value.
struct token_reader {
    struct str text;
    size_t at; // only grows
    struct place place;
};

// Takes the next word; at the end and ever after TOKEN_END.
struct token expression_token_next(struct token_reader *reader);

// Whether the next character but for blanks is `c`; takes nothing.
bool token_follows(const struct token_reader *reader, char c);

#endif
