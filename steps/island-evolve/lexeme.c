// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/lexeme.h"

#include <ctype.h>
#include <string.h>

bool
lexeme_in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t
comment_length(struct str s)
{
    if (str_starts(s, STR("//"))) {
        ptrdiff_t end = str_find_byte(s, '\n');
        return end < 0 ? s.len : (size_t)end;
    }
    if (str_starts(s, STR("/*"))) {
        ptrdiff_t end = str_find(str_from(s, 2), STR("*/"));
        return end < 0 ? s.len : (size_t)end + 4;
    }
    return 0;
}

static void
skip_blanks(struct str *rest)
{
    while (rest->len > 0) {
        size_t comment = comment_length(*rest);
        if (comment > 0)
            *rest = str_from(*rest, comment);
        else if (isspace((unsigned char)rest->ptr[0]) || str_starts(*rest, STR("\\\n")))
            *rest = str_from(*rest, 1);
        else
            return;
    }
}

static size_t
directive_length(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\n' && (i == 0 || s.ptr[i - 1] != '\\'))
            return i;
    return s.len;
}

static size_t
quoted_length(struct str s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '\\')
            i++;
        else if (s.ptr[i] == s.ptr[0])
            return i + 1;
    }
    return s.len;
}

// Numbers as the preprocessor sees them: 0x1p-3, 1.5e+10, 42ull.
static size_t
number_length(struct str s)
{
    size_t i = 1;
    while (i < s.len && (lexeme_in_word(s.ptr[i]) || s.ptr[i] == '.' ||
                         ((s.ptr[i] == '+' || s.ptr[i] == '-') && strchr("eEpP", s.ptr[i - 1]) != NULL &&
                          !str_starts(s, STR("0x")) && !str_starts(s, STR("0X")))))
        i++;
    return i;
}

static size_t
sign_length(struct str s)
{
    static const struct str signs[] = {STR("<<="), STR(">>="), STR("..."), STR("->"), STR("++"), STR("--"),
                                       STR("<<"),  STR(">>"),  STR("<="),  STR(">="), STR("=="), STR("!="),
                                       STR("&&"),  STR("||"),  STR("+="),  STR("-="), STR("*="), STR("/="),
                                       STR("%="),  STR("&="),  STR("|="),  STR("^=")};
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (str_starts(s, signs[i]))
            return signs[i].len;
    return 1;
}

static size_t
word_length(struct str s)
{
    size_t i = 0;
    while (i < s.len && lexeme_in_word(s.ptr[i]))
        i++;
    return i;
}

static struct lexeme
measure(struct str s)
{
    char c = s.ptr[0];
    if (c == '#')
        return (struct lexeme){LEXEME_DIRECTIVE, str_head(s, directive_length(s))};
    if (c == '"' || c == '\'')
        return (struct lexeme){LEXEME_TEXT, str_head(s, quoted_length(s))};
    if (isdigit((unsigned char)c) || (c == '.' && s.len > 1 && isdigit((unsigned char)s.ptr[1])))
        return (struct lexeme){LEXEME_NUMBER, str_head(s, number_length(s))};
    if (lexeme_in_word(c))
        return (struct lexeme){LEXEME_WORD, str_head(s, word_length(s))};
    return (struct lexeme){LEXEME_SIGN, str_head(s, sign_length(s))};
}

struct lexeme
lexeme_next(struct str *rest)
{
    skip_blanks(rest);
    if (rest->len == 0)
        return (struct lexeme){LEXEME_END, {NULL, 0}};
    struct lexeme lexeme = measure(*rest);
    *rest = str_from(*rest, lexeme.text.len);
    lexeme.text = str_trim(lexeme.text);
    return lexeme;
}

static void
add(struct buf *out, struct lexeme lexeme)
{
    if (lexeme.kind == LEXEME_DIRECTIVE && out->len > 0)
        buf_putc(out, '\n');
    buf_add_str(out, lexeme.text);
    buf_putc(out, lexeme.kind == LEXEME_DIRECTIVE ? '\n' : ' ');
}

void
lexeme_normal(struct str text, struct buf *out)
{
    for (struct lexeme lexeme = lexeme_next(&text); lexeme.kind != LEXEME_END; lexeme = lexeme_next(&text))
        add(out, lexeme);
}

static bool
is_hint_word(struct str word)
{
    static const char *const words[] = {"restrict", "__restrict", "__restrict__",  "const",  "inline",
                                        "__inline", "__inline__", "register",      "static", "_Noreturn",
                                        "volatile", "noreturn",   "__extension__", NULL};
    for (const char *const *name = words; *name != NULL; name++)
        if (str_is(word, *name))
            return true;
    return false;
}

// Skips "( ... )" if that is what comes next.
static void
skip_parentheses(struct str *rest)
{
    struct str ahead = *rest;
    size_t depth = 0;
    do {
        struct lexeme lexeme = lexeme_next(&ahead);
        if (lexeme.kind == LEXEME_END)
            return;
        if (str_is(lexeme.text, "("))
            depth++;
        else if (str_is(lexeme.text, ")"))
            depth--;
        if (depth == 0 && !str_is(lexeme.text, ")"))
            return;
    } while (depth > 0);
    *rest = ahead;
}

static bool
is_hint(struct lexeme lexeme, struct str *rest)
{
    if (lexeme.kind == LEXEME_DIRECTIVE)
        return str_find(lexeme.text, STR("pragma")) >= 0;
    if (lexeme.kind != LEXEME_WORD)
        return false;
    if (str_is(lexeme.text, "__attribute__") || str_is(lexeme.text, "__attribute") ||
        str_is(lexeme.text, "_Pragma")) {
        skip_parentheses(rest);
        return true;
    }
    return is_hint_word(lexeme.text);
}

void
lexeme_plain(struct str text, struct buf *out)
{
    for (struct lexeme lexeme = lexeme_next(&text); lexeme.kind != LEXEME_END; lexeme = lexeme_next(&text)) {
        if (!is_hint(lexeme, &text))
            add(out, lexeme);
    }
}
