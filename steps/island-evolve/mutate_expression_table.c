// SPDX-License-Identifier: Apache-2.0
// tabulate-expression: an expression of some size whose only input is one byte becomes a look-up in a table.
#include "steps/island-evolve/byte_table.h"
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

enum { OPERATORS_MIN = 3, SITES_MAX = 64 };

struct site {
    struct node expression;
    struct node byte; // the first of the places that read the byte
    struct shape_type type;
};

struct site_list {
    struct site items[SITES_MAX];
    size_t count;
};

static bool
contains(struct node outer, struct node inner)
{
    return node_start(outer) <= node_start(inner) && node_end(inner) <= node_end(outer);
}

// Whether a node is the byte itself: a variable or an element, but not a look-up in a constant table.
static bool
is_byte(const struct shape *shape, struct node node)
{
    struct shape_type type = shape_type(shape, node);
    struct variable variable;

    if (!byte_type(&type) || !shape_has_no_effect(shape, node))
        return false;
    struct nodes names = shape_find(shape, node, "identifier");
    for (size_t i = 0; i < names.count; i++) {
        if (shape_variable(shape, names.items[i], shape_text(shape, names.items[i]), &variable) &&
            variable.is_global)
            return false;
    }
    return names.count > 0 &&
           shape_variable(shape, names.items[0], shape_text(shape, names.items[0]), &variable);
}

static bool
find_byte(const struct shape *shape, struct node expression, struct node *byte)
{
    struct nodes found = shape_find(shape, expression, "identifier subscript_expression pointer_expression");

    for (size_t i = 0; i < found.count; i++) {
        if (is_byte(shape, found.items[i])) {
            *byte = found.items[i];
            return true;
        }
    }
    return false;
}

static bool
read_site(const struct shape *shape, struct node expression, struct site *site)
{
    struct uses uses = shape_uses(shape, expression);
    struct str free[8];
    size_t free_count = 0;

    *site = (struct site){.expression = expression, .type = shape_type(shape, expression)};
    if (shape_find(shape, expression,
                   "binary_expression conditional_expression unary_expression call_expression "
                   "subscript_expression")
                .count < OPERATORS_MIN ||
        !site->type.known || !shape_has_no_effect(shape, expression) ||
        !find_byte(shape, expression, &site->byte))
        return false;
    struct str byte = shape_text(shape, site->byte);
    struct nodes same = shape_find(shape, expression, node_kind(site->byte));
    for (size_t i = 0; i < uses.count; i++) {
        bool inside = false;
        for (size_t j = 0; j < same.count; j++)
            inside = inside || (str_eq(shape_text(shape, same.items[j]), byte) &&
                                contains(same.items[j], uses.items[i].node));
        struct variable variable;
        if (!inside && shape_variable(shape, uses.items[i].node, uses.items[i].name, &variable) &&
            !(variable.is_global && variable.type.is_const))
            return false;
        if (inside && free_count < 8)
            free[free_count++] = uses.items[i].name;
    }
    return shape_closed(shape, expression, free, free_count, false);
}

static bool
overlaps(const struct site_list *list, struct node node)
{
    for (size_t i = 0; i < list->count; i++) {
        if (contains(list->items[i].expression, node))
            return true;
    }
    return false;
}

// What it is assigned to says which type it comes to, where that is narrower.
static struct shape_type
result_type(const struct shape *shape, const struct site *site)
{
    struct node outer = node_out_of_parentheses(site->expression);
    struct node parent = node_parent(outer);

    if (node_is(parent, "assignment_expression") && str_is(shape_operator(shape, parent), "=") &&
        node_same(node_field(parent, "right"), outer)) {
        struct shape_type left = shape_type(shape, node_field(parent, "left"));
        if (left.known && left.pointers == 0 && left.base.size > 0 && left.base.size < 4)
            return left;
    }
    return site->type;
}

static struct site_list *
find_sites(const struct shape *shape)
{
    struct nodes found = shape_find_all(shape, "binary_expression conditional_expression");
    struct site_list *list = ARENA_NEW(shape->arena, struct site_list);

    for (size_t i = 0; i < found.count && list->count < SITES_MAX; i++) {
        if (!overlaps(list, found.items[i]) && read_site(shape, found.items[i], &list->items[list->count]))
            list->count++;
    }
    return list;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    size_t count = find_sites(&shape)->count;

    return count > 1 ? count + 1 : count;
}

static const char *
over_byte(const struct shape *shape, const struct site *site)
{
    struct nodes same = shape_find(shape, site->expression, node_kind(site->byte));
    struct edit *edits = ARENA_ARRAY(shape->arena, struct edit, same.count + 1);
    struct str byte = shape_text(shape, site->byte);
    size_t count = 0;

    for (size_t i = 0; i < same.count; i++) {
        if (str_eq(shape_text(shape, same.items[i]), byte))
            edits[count++] = (struct edit){node_start(same.items[i]), node_end(same.items[i]), "atoll_byte"};
    }
    return shape_edited(shape, site->expression, edits, count);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site_list *list = find_sites(&shape);
    struct edit edits[SITES_MAX];
    AUTO_BUF prologue = BUF(1 << 17);
    size_t count = 0;
    bool all = list->count > 1 && index == 0;
    size_t chosen = list->count > 1 && !all ? index - 1 : index;

    for (size_t i = 0; i < list->count; i++) {
        const struct site *site = &list->items[i];
        if (!all && i != chosen)
            continue;
        const char *user = shape_enclosing(&shape, site->expression)->name;
        const char *table =
            shape_fresh_beside(&shape, arena_printf(shape.arena, "%s_bytes", user), buf_str(&prologue));
        struct shape_type byte = shape_type(&shape, site->byte);
        struct shape_type result = result_type(&shape, site);
        const char *comment = arena_printf(shape.arena, "What %s() makes of every byte.", user);
        int written = byte_table_write(&shape, shape_prelude(&shape, site->expression), &byte,
                                       over_byte(&shape, site), &result, table, comment, &prologue, err);
        if (written < 0)
            return -1;
        if (written > 0)
            edits[count++] =
                (struct edit){node_start(site->expression), node_end(site->expression),
                              arena_printf(shape.arena, "%s[%s]", table, byte_index(&shape, site->byte))};
    }
    snprintf(note, 160, "look up %s in a table",
             all ? "all expressions of one byte" : "an expression of one byte");
    return count > 0 && mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_tabulate_expression = {
    .name = "tabulate-expression",
    .summary = "expressions of one byte become look-ups in tables",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
