// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PARSE_MAX_US = 20 * 1000 * 1000, MACRO_PASSES = 4 };

const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_go(void);

static const struct grammar {
    const char *name;
    const TSLanguage *(*grammar)(void);
} grammars[] = {
    [LANGUAGE_C] = {"C", tree_sitter_c},
    [LANGUAGE_GO] = {"Go", tree_sitter_go},
};

const char *
tree_language_name(enum language language)
{
    return grammars[language].name;
}

TSTree *
tree_parse(enum language language, const TSTree *before, const char *text, size_t len, struct err *err)
{
    const struct grammar *grammar = &grammars[language];
    TSParser *parser = ts_parser_new();
    TSTree *tree = NULL;

    if (!ts_parser_set_language(parser, grammar->grammar())) {
        err_set(err, ERR_ENVIRONMENT, "the %s grammar does not fit the tree-sitter runtime", grammar->name);
        goto out;
    }
    ts_parser_set_timeout_micros(parser, PARSE_MAX_US);
    tree = ts_parser_parse_string(parser, before, text, (uint32_t)len);
    if (tree == NULL)
        err_set(err, ERR_LIMIT, "parsing took longer than %d s", PARSE_MAX_US / 1000000);
out:
    ts_parser_delete(parser);
    return tree;
}

bool
tree_has_errors(const TSTree *tree)
{
    return ts_node_has_error(ts_tree_root_node(tree));
}

bool
tree_next_beside(TSTreeCursor *cursor)
{
    while (!ts_tree_cursor_goto_next_sibling(cursor)) {
        if (!ts_tree_cursor_goto_parent(cursor))
            return false;
    }
    return true;
}

// ---- macros in the place of qualifiers
// ------------------------------------------------------------------------------

// The text that is parsed, and how many errors the tree of it has.
struct draft {
    char *text; // as long as the source
    size_t errors, hidden;
};

static bool
is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// Whether a word is spelt as macros are.
static bool
is_shouted(struct str word)
{
    bool capitals = false;

    for (size_t i = 0; i < word.len; i++) {
        if (!is_word_char(word.ptr[i]) || islower((unsigned char)word.ptr[i]))
            return false;
        capitals |= isupper((unsigned char)word.ptr[i]) != 0;
    }
    return capitals && word.len > 1;
}

// The word that ends before `end`, with blanks and asterisks between; empty when there is something else.
static struct str
word_before(const char *text, size_t end)
{
    while (end > 0 && (isspace((unsigned char)text[end - 1]) || text[end - 1] == '*'))
        end--;
    size_t start = end;
    while (start > 0 && is_word_char(text[start - 1]))
        start--;
    return str_n(text + start, end - start);
}

// The word that comes after `start`, with blanks between.
static struct str
word_after(const char *text, size_t start)
{
    while (isspace((unsigned char)text[start]))
        start++;
    size_t end = start;
    while (is_word_char(text[end]))
        end++;
    return str_n(text + start, end - start);
}

// Hides the macro that makes an error of itself ("uLong EXPORT f(int a)"), of what comes behind it
// ("API int f(int a)") or before it ("int a UNUSED").
static void
hide_macro(struct draft *draft, size_t start, size_t end)
{
    struct str word = str_n(draft->text + start, end - start);

    while (word.len > 0 && !is_shouted(word))
        word = word_before(draft->text, (size_t)(word.ptr - draft->text));
    if (word.len == 0)
        word = word_after(draft->text, end);
    if (!is_shouted(word))
        return;
    memset(draft->text + (word.ptr - draft->text), ' ', word.len);
    draft->hidden++;
}

// Counts the errors of a tree and, when asked to, hides macros in front of them.
static void
visit_errors(TSTree *tree, struct draft *draft, bool hide)
{
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    bool more = true;

    while (more) {
        TSNode here = ts_tree_cursor_current_node(&cursor);
        bool wrong = strcmp(ts_node_type(here), "ERROR") == 0 || ts_node_is_missing(here);
        draft->errors += wrong;
        if (wrong && hide)
            hide_macro(draft, ts_node_start_byte(here), ts_node_end_byte(here));
        more = (!wrong && ts_node_has_error(here) && ts_tree_cursor_goto_first_child(&cursor)) ||
               tree_next_beside(&cursor);
    }
    ts_tree_cursor_delete(&cursor);
}

TSTree *
tree_without_macros(TSTree *tree, struct str text, struct err *err)
{
    struct draft draft = {.text = malloc(text.len + 1)};

    if (draft.text == NULL)
        abort();
    memcpy(draft.text, text.ptr, text.len);
    draft.text[text.len] = '\0';
    for (int pass = 0; pass < MACRO_PASSES; pass++) {
        draft.errors = draft.hidden = 0;
        visit_errors(tree, &draft, true);
        struct draft after = {.text = draft.text};
        TSTree *next = draft.hidden > 0 ? tree_parse(LANGUAGE_C, NULL, draft.text, text.len, err) : NULL;
        if (next == NULL)
            break;
        visit_errors(next, &after, false);
        ts_tree_delete(after.errors < draft.errors ? tree : next);
        if (after.errors >= draft.errors)
            break;
        tree = next;
    }
    free(draft.text);
    return tree;
}
