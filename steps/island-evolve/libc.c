// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/libc.h"

void
libc_add(struct libc_sites *list, struct node loop, const char *name, const char *text)
{
    if (list->count < LIBC_SITES_MAX)
        list->items[list->count++] = (struct libc_site){loop, text, name};
}

const char *
libc_start(const struct shape *shape, const struct stride *stride, struct str base, const struct mover *mover)
{
    struct node declarator = node_field(stride->initializer, "declarator");
    struct node value = node_field(declarator, "value");
    int64_t zero;

    if (node_is(stride->initializer, "assignment_expression"))
        value = node_field(stride->initializer, "right");
    bool from_zero = !node_is_null(value) && shape_constant(shape, value, &zero) && zero == 0;
    if (str_eq(base, mover->name) || from_zero)
        return arena_str(shape->arena, base);
    return arena_printf(shape->arena, "%.*s + %.*s", STR_ARG(base), STR_ARG(mover->name));
}

const char *
libc_amount(const struct shape *shape, const struct stride *stride, const char *start, struct str base,
            const struct mover *mover)
{
    struct str left = str_of(stride->left);
    struct str tail = str_of(arena_printf(shape->arena, " - %.*s", STR_ARG(mover->name)));
    bool whole = !str_eq(base, mover->name) && str_is(base, start) && str_ends(left, tail);

    if (whole)
        left = str_head(left, left.len - tail.len);
    if (stride->left_is_size)
        return arena_str(shape->arena, left);
    return arena_printf(shape->arena, whole ? "(size_t)%.*s" : "(size_t)(%.*s)", STR_ARG(left));
}

bool
libc_ends_here(const struct shape *shape, const struct stride *stride)
{
    for (size_t i = 0; i < stride->mover_count; i++) {
        if (stride_used_later(shape, stride->loop, stride->movers[i].name))
            return false;
    }
    return true;
}

bool
libc_is_invariant(const struct shape *shape, struct node loop, struct node expression)
{
    struct uses uses = shape_uses(shape, expression);

    if (shape_find(shape, expression,
                   "call_expression subscript_expression pointer_expression field_expression")
                .count > 0 ||
        !shape_has_no_effect(shape, expression))
        return false;
    for (size_t i = 0; i < uses.count; i++) {
        if (shape_changes(shape, loop, uses.items[i].name))
            return false;
    }
    return true;
}

static void
find_copy(const struct shape *shape, const struct stride *stride, struct libc_sites *list)
{
    struct node only = {0};
    struct nodes statements = shape_statements(shape, stride->body);
    const struct mover *to_by, *from_by;
    struct str to, from;

    // Statements that only move something on do not count.
    for (size_t i = 0; i < statements.count; i++) {
        struct node expression = shape_expression(statements.items[i]);
        bool moves = false;
        for (size_t j = 0; j < stride->mover_count; j++)
            moves = moves || node_same(stride->movers[j].change, expression);
        if (!moves && !node_is_null(only))
            return;
        if (!moves)
            only = expression;
    }
    struct node left = shape_strip(node_field(only, "left"), false);
    struct node right = shape_strip(node_field(only, "right"), true);
    if (!node_is(only, "assignment_expression") || !str_is(shape_operator(shape, only), "=") ||
        !stride_access(shape, stride, left, &to, &to_by) || !libc_ends_here(shape, stride))
        return;
    struct shape_type type = shape_type(shape, left);
    if (!type.known || type.pointers > 0)
        return;
    const char *start = libc_start(shape, stride, to, to_by);
    const char *amount = libc_amount(shape, stride, start, to, to_by);
    const char *size = type.base.size == 1
                           ? amount
                           : arena_printf(shape->arena, "(size_t)(%s) * sizeof *%.*s", amount, STR_ARG(to));
    if (stride_access(shape, stride, right, &from, &from_by)) {
        const char *source = libc_start(shape, stride, from, from_by);
        libc_add(list, stride->loop, "memcpy",
                 arena_printf(shape->arena, "memcpy(%s, %s, %s);", start, source, size));
        libc_add(list, stride->loop, "memmove",
                 arena_printf(shape->arena, "memmove(%s, %s, %s);", start, source, size));
    } else if (type.base.size == 1 && libc_is_invariant(shape, stride->loop, right)) {
        libc_add(list, stride->loop, "memset",
                 arena_printf(shape->arena, "memset(%s, %.*s, %s);", start, STR_ARG(shape_text(shape, right)),
                              size));
    }
}

// What `return` gives: a constant, or `a < b ? -1 : 1` over the two elements.
static const char *
compare_result(const struct shape *shape, struct node value, const char *order)
{
    struct node choice = shape_strip(value, false);
    struct node condition = shape_strip(node_field(choice, "condition"), false);
    struct str op = shape_operator(shape, condition);
    int64_t constant;

    if (shape_constant(shape, choice, &constant) || node_is(choice, "true") || node_is(choice, "false"))
        return arena_str(shape->arena, shape_text(shape, choice));
    if (!node_is(choice, "conditional_expression") || !(str_is(op, "<") || str_is(op, ">")))
        return NULL;
    return arena_printf(shape->arena, "%s %.*s 0 ? %.*s : %.*s", order, STR_ARG(op),
                        STR_ARG(shape_text(shape, node_field(choice, "consequence"))),
                        STR_ARG(shape_text(shape, node_field(choice, "alternative"))));
}

static void
find_compare(const struct shape *shape, const struct stride *stride, struct libc_sites *list)
{
    struct node branch = shape_only_statement(stride->body);
    struct node test = shape_strip(node_field(branch, "condition"), false);
    struct node leave = shape_only_statement(node_field(branch, "consequence"));
    const struct mover *left_by, *right_by;
    struct str left, right;
    const char *indent = shape_indent(shape, node_start(stride->loop));
    const char *unit = shape_indent_unit(shape), *order = shape_fresh(shape, "order");

    if (!node_is(branch, "if_statement") || !node_is(leave, "return_statement") || node_count(leave) != 1 ||
        !str_is(shape_operator(shape, test), "!=") || !libc_ends_here(shape, stride) ||
        !stride_access(shape, stride, shape_strip(node_field(test, "left"), true), &left, &left_by) ||
        !stride_access(shape, stride, shape_strip(node_field(test, "right"), true), &right, &right_by))
        return;
    struct shape_type type = shape_type(shape, shape_strip(node_field(test, "left"), true));
    const char *result = compare_result(shape, node_child(leave, 0), order);
    if (result == NULL || !type.known || type.base.size != 1 ||
        !node_is(node_parent(stride->loop), "compound_statement"))
        return;
    const char *start = libc_start(shape, stride, left, left_by);
    const char *other = libc_start(shape, stride, right, right_by);
    const char *amount = libc_amount(shape, stride, start, left, left_by);
    // In the middle of a line, a body without braces would seem to hold what follows.
    bool alone = shape_starts_line(shape, node_start(stride->loop));
    libc_add(list, stride->loop, "memcmp",
             arena_printf(shape->arena, "int %s = memcmp(%s, %s, %s);\n%sif (%s != 0)%s\n%s%sreturn %s;%s",
                          order, start, other, amount, indent, order, alone ? "" : " {", indent, unit, result,
                          alone ? "" : " }"));
}

void
libc_find_block(const struct shape *shape, const struct stride *stride, struct libc_sites *sites)
{
    find_copy(shape, stride, sites);
    find_compare(shape, stride, sites);
}
