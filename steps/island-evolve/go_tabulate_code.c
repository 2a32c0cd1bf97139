// SPDX-License-Identifier: Apache-2.0
// go-tabulate-code: a condition over one byte or character, or an if or switch that changes nothing but it,
// becomes a look-up in a table; characters beyond ASCII take the old way.
#include "steps/island-evolve/go_mutate.h"
#include "steps/island-evolve/go_table.h"

#include <stdio.h>
#include <string.h>

enum { PIECES_MAX = 16, STEPS_A_VALUE = 4000 };

// A piece of code whose outcome depends on one variable, or on `base[index]` of two.
struct piece {
    struct node node;
    bool is_statement;
    struct str name;        // the variable, empty for an element
    struct str base, index; // of the element
    const char *type;       // "byte", "rune"
    struct go_table table;
};

struct pieces {
    struct piece *items;
    size_t count;
};

static bool
outcome(const struct shape *shape, const struct piece *piece, __int128 number, struct pure_value *value)
{
    unsigned steps = STEPS_A_VALUE;
    struct pure_frame frame = pure_frame_of(shape, &steps);
    struct pure_value own = {0};

    if (!pure_type_of(shape, str_of(piece->type), &own.type))
        return false;
    own.number = number;
    if (piece->name.len > 0 && !pure_bind(&frame, piece->name, own))
        return false;
    frame.element_base = piece->base;
    frame.element_index = piece->index;
    frame.element = own;
    if (!piece->is_statement)
        return pure_eval(&frame, piece->node, value) && !value->type.is_untyped;
    if (pure_run(&frame, piece->node) != PURE_NEXT)
        return false;
    *value = *pure_find(&frame, piece->name);
    return true;
}

// The one variable that the code mentions beside constants, types and functions.
static bool
find_variable(const struct shape *shape, struct piece *piece)
{
    struct nodes all = shape_find(shape, piece->node, "identifier");
    struct node first = {0};

    for (size_t i = 0; i < all.count; i++) {
        struct str name = shape_text(shape, all.items[i]);
        struct go_variable variable;
        if (!go_variable(shape, all.items[i], name, &variable) || variable.origin == GO_GLOBAL ||
            node_start(variable.declaration) >= node_start(piece->node))
            continue;
        struct node parent = node_parent(all.items[i]);
        bool in_element = node_is(parent, "index_expression") &&
                          node_is(node_field(parent, "operand"), "identifier") &&
                          node_is(node_field(parent, "index"), "identifier");
        struct node subject = in_element ? parent : all.items[i];
        if (node_is_null(first))
            first = subject;
        else if (!str_eq(shape_text(shape, first), shape_text(shape, subject)))
            return false;
    }
    if (node_is_null(first))
        return false;
    piece->type = go_type_text(shape, first);
    if (node_is(first, "index_expression")) {
        piece->base = shape_text(shape, node_field(first, "operand"));
        piece->index = shape_text(shape, node_field(first, "index"));
        return !piece->is_statement;
    }
    piece->name = shape_text(shape, first);
    return !piece->is_statement || go_changes(shape, piece->node, piece->name);
}

static bool
read_piece(const struct shape *shape, struct node node, struct piece *piece)
{
    struct pure_value value;

    *piece = (struct piece){.node = node, .is_statement = strstr(node_kind(node), "_statement") != NULL};
    if (!piece->is_statement && shape_find(shape, node, "binary_expression call_expression").count < 2)
        return false;
    // `else if` can't be replaced by an assignment.
    if (piece->is_statement && node_is(node_parent(node), "if_statement"))
        return false;
    if (!find_variable(shape, piece))
        return false;
    piece->table.count = go_table_size(shape, piece->type);
    for (size_t i = 0; i < piece->table.count; i++) {
        if (!outcome(shape, piece, (__int128)i, &value))
            return false;
        piece->table.values[i] = value.number;
        piece->table.element = value.type;
    }
    if (!piece->is_statement && !piece->table.element.is_bool)
        return false;
    piece->table.type = piece->is_statement ? piece->type : "bool";
    return piece->table.count > 0;
}

static struct pieces
find_pieces(const struct shape *shape)
{
    struct nodes all =
        shape_find_all(shape, "binary_expression unary_expression if_statement expression_switch_statement");
    struct pieces pieces = {ARENA_ARRAY(shape->arena, struct piece, PIECES_MAX), 0};
    size_t covered = 0;

    for (size_t i = 0; i < all.count && pieces.count < PIECES_MAX; i++) {
        if (node_start(all.items[i]) < covered ||
            !read_piece(shape, all.items[i], &pieces.items[pieces.count]))
            continue;
        pieces.count++;
        covered = node_end(all.items[i]);
    }
    return pieces;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    size_t count = find_pieces(&shape).count;

    return count > 1 ? count + 1 : count;
}

static const char *
replacement(const struct shape *shape, const struct piece *piece)
{
    struct arena *arena = shape->arena;
    const char *table = piece->table.name;
    const char *subject =
        piece->name.len > 0 ? arena_str(arena, piece->name)
                            : arena_printf(arena, "%.*s[%.*s]", STR_ARG(piece->base), STR_ARG(piece->index));
    bool ascii = piece->table.count == GO_TABLE_ASCII;
    struct str old = shape_text(shape, piece->node);
    const char *indent = shape_indent(shape, node_start(piece->node));

    if (!piece->is_statement && ascii) {
        const char *either =
            arena_printf(arena, "uint32(%s) < %d && %s[uint32(%s)] || uint32(%s) >= %d && (%.*s)", subject,
                         GO_TABLE_ASCII, table, subject, subject, GO_TABLE_ASCII, STR_ARG(old));
        struct node parent = node_parent(piece->node);
        bool in_operator = node_is(parent, "binary_expression") || node_is(parent, "unary_expression");
        return in_operator ? arena_printf(arena, "(%s)", either) : either;
    }
    if (!piece->is_statement || !ascii)
        return piece->is_statement ? arena_printf(arena, "%s = %s[%s]", subject, table, subject)
                                   : arena_printf(arena, "%s[%s]", table, subject);
    return arena_printf(arena, "if u := uint32(%s); u < %d {\n%s\t%s = %s[u]\n%s} else {\n%s\t%s\n%s}",
                        subject, GO_TABLE_ASCII, indent, subject, table, indent, indent,
                        shape_moved(shape, piece->node, arena_printf(arena, "%s\t", indent)), indent);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct pieces pieces = find_pieces(&shape);
    struct edit edits[PIECES_MAX];
    AUTO_BUF prologue = BUF(1 << 18);
    bool all = pieces.count > 1 && index == 0;
    size_t chosen = pieces.count > 1 && !all ? index - 1 : index, count = 0;

    (void)err;
    for (size_t i = 0; i < pieces.count; i++) {
        struct piece *piece = &pieces.items[i];
        if (!all && i != chosen)
            continue;
        piece->table.name = go_fresh(&shape, go_own_name(&mutation->function),
                                     piece->is_statement ? "map" : "set", buf_str(&prologue));
        piece->table.comment = arena_printf(
            shape.arena, "%s %s.", piece->is_statement ? "is what becomes of every" : "tells of every",
            piece->table.count == GO_TABLE_BYTES ? "byte" : "ASCII character");
        go_table_write(&piece->table, &prologue);
        edits[count++] =
            (struct edit){node_start(piece->node), node_end(piece->node), replacement(&shape, piece)};
    }
    if (count == 0)
        return 0;
    if (all)
        snprintf(note, 160, "look up all conditions over one byte or character in tables");
    else
        snprintf(note, 160, "look up a %s over one byte or character in a table (line %u)",
                 pieces.items[chosen].is_statement ? "change" : "condition",
                 node_line(pieces.items[chosen].node));
    return mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_go_tabulate_code = {
    .name = "go-tabulate-code",
    .summary = "conditions over one byte or character become look-ups in tables",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
