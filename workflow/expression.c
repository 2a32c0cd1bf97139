// SPDX-License-Identifier: Apache-2.0
// A scalar's text as pieces: plain text and the expressions in it.
#include "workflow/expression.h"

#include "workflow/grammar.h"

#include <string.h>

#define OPEN STR("${{")

typedef VEC(struct expression_piece) pieces;

bool
expression_in(struct str text)
{
    return str_find(text, OPEN) >= 0;
}

// Reads the pieces of the whole text. False after a problem.
static bool
read_pieces(struct grammar *grammar, pieces *list)
{
    struct str text = grammar->reader.text;
    while (grammar->reader.at < text.len) {
        struct str rest = str_from(text, grammar->reader.at);
        ptrdiff_t open = str_find(rest, OPEN);
        struct str plain = open < 0 ? rest : str_head(rest, (size_t)open);
        if (plain.len > 0)
            *vec_push(list) = (struct expression_piece){.text = str_of(arena_str(grammar->arena, plain))};
        if (open < 0)
            return true;
        grammar->reader.at += (size_t)open + OPEN.len;
        const struct expression_node *node = grammar_read(grammar, false);
        if (!node)
            return false;
        *vec_push(list) = (struct expression_piece){.node = node};
    }
    return true;
}

static void *
copied(struct arena *arena, const void *items, size_t count, size_t size)
{
    void *copy = arena_array(arena, count ? count : 1, size);
    if (count)
        memcpy(copy, items, count * size);
    return copy;
}

// Whether the expression is alone but for white space.
static const struct expression_node *
lone(const pieces *list)
{
    const struct expression_node *node = NULL;
    VEC_EACH (const struct expression_piece, piece, list) {
        if (piece->node && node)
            return NULL;
        if (!piece->node && str_trim(piece->text).len > 0)
            return NULL;
        node = piece->node ? piece->node : node;
    }
    return node;
}

struct expression *
expression_read(struct arena *arena, const struct expression_source *source, bool bare,
                struct problems *problems)
{
    struct grammar grammar = {
        .arena = arena, .problems = problems, .key = source->key, .reader = {.text = source->node->text}};
    place_start(&grammar.reader.place, source->file, source->node);
    pieces list = {0};
    bool good = true;
    if (bare && !expression_in(grammar.reader.text)) {
        struct expression_piece piece = {.node = grammar_read(&grammar, true)};
        *vec_push(&list) = piece;
        good = piece.node != NULL;
    } else {
        good = read_pieces(&grammar, &list);
    }
    struct expression *expression = NULL;
    if (good) {
        expression = ARENA_NEW(arena, struct expression);
        *expression = (struct expression){
            .text = grammar.reader.text,
            .whole = lone(&list),
            .pieces = copied(arena, list.items, list.count, sizeof(*list.items)),
            .piece_count = list.count,
            .references =
                copied(arena, grammar.references.items, grammar.references.count, sizeof(struct reference)),
            .reference_count = grammar.references.count,
            .asks_status = grammar.asks_status,
            .mark = source->node->mark,
        };
    }
    vec_release(&grammar.references);
    vec_release(&list);
    return expression;
}
