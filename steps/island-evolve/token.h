// SPDX-License-Identifier: Apache-2.0
// C text as tokens, without white space and comments: enough to tell whether two texts are the same program
// text, and to look for words. A preprocessor directive is one token, continuation lines included.
#ifndef ATOLL_STEPS_ISLAND_EVOLVE_TOKEN_H
#define ATOLL_STEPS_ISLAND_EVOLVE_TOKEN_H

#include "base/buf.h"
#include "base/str.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_DIRECTIVE, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    struct str text;
};

// Takes the next token off the front of `*rest`; TOKEN_END at the end.
struct token token_next(struct str *rest);

// Appends the tokens of `text`, a space between them: equal for texts that differ in layout and comments
// only.
void token_normal(struct str text, struct buf *out);

// The same without what only gives the compiler a hint: restrict, const, inline, register, static,
// __attribute__((..)) and pragmas.
void token_plain(struct str text, struct buf *out);

#endif
