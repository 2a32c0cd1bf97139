// SPDX-License-Identifier: Apache-2.0
// C text as lexemes, without white space and comments: enough to tell whether two texts are the same program
// text, and to look for words. A preprocessor directive is one lexeme, continuation lines included.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_LEXEME_H
#define ATOLL_STEPS_ISLAND_EVOLVE_LEXEME_H

#include "base/buf.h"
#include "base/str.h"

enum lexeme_kind { LEXEME_END, LEXEME_WORD, LEXEME_NUMBER, LEXEME_TEXT, LEXEME_DIRECTIVE, LEXEME_SIGN };

struct lexeme {
    enum lexeme_kind kind;
    struct str text;
};

// Takes the next lexeme off the front of `*rest`; LEXEME_END at the end.
struct lexeme lexeme_next(struct str *rest);

// Whether a character may stand in a word: letters, digits and _.
bool lexeme_in_word(char c);

// Appends the lexemes of `text`, a space between them: equal for texts that differ in layout and comments
// only.
void lexeme_normal(struct str text, struct buf *out);

// The same without what only gives the compiler a hint: restrict, const, inline, register, static,
// __attribute__((..)) and pragmas.
void lexeme_plain(struct str text, struct buf *out);

#endif
