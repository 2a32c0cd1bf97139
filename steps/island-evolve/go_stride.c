// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_stride.h"

#include <string.h>

static bool
is_blank(struct str name)
{
    return name.len == 0 || str_is(name, "_");
}

static bool
read_range(const struct shape *shape, struct node clause, struct go_stride *stride)
{
    struct node left = node_field(clause, "left"), over = go_strip(node_field(clause, "right"));

    if (go_is_call(shape, over, "len"))
        over = go_strip(go_argument(over, 0));
    if (!node_is(over, "identifier") || node_is_null(left) ||
        !str_is(shape_text(shape, node_token(clause, 1)), ":="))
        return false;
    stride->base = shape_text(shape, over);
    stride->type = go_type_text(shape, over);
    struct str first = shape_text(shape, node_child(left, 0));
    stride->index = is_blank(first) ? (struct str){0} : first;
    if (node_count(left) > 1)
        stride->element = shape_text(shape, node_child(left, 1));
    if (is_blank(stride->element))
        stride->element = (struct str){0};
    // Ranging over a string gives characters, not bytes.
    return strcmp(stride->type, "string") != 0 || !node_same(over, go_strip(node_field(clause, "right")));
}

// for i := 0; i < len(data); i++
static bool
read_clause(const struct shape *shape, struct node clause, struct go_stride *stride)
{
    struct node first = node_field(clause, "initializer"), update = node_field(clause, "update");
    struct node condition = go_strip(node_field(clause, "condition"));
    struct node left = node_field(first, "left"), right = node_field(first, "right");
    struct node limit = go_strip(node_field(condition, "right"));

    if (!node_is(first, "short_var_declaration") || node_count(left) != 1 || node_count(right) != 1 ||
        !str_is(shape_text(shape, node_child(right, 0)), "0") || !node_is(update, "inc_statement"))
        return false;
    stride->index = shape_text(shape, node_child(left, 0));
    stride->base = shape_text(shape, go_strip(go_argument(limit, 0)));
    if (!go_is_call(shape, limit, "len") || !node_is(go_strip(go_argument(limit, 0)), "identifier"))
        return false;
    stride->type = go_type_text(shape, go_argument(limit, 0));
    return str_is(shape_operator(shape, condition), "<") &&
           go_is_name(shape, go_strip(node_field(condition, "left")), stride->index) &&
           go_is_name(shape, node_child(update, 0), stride->index);
}

bool
go_stride_read(const struct shape *shape, struct node loop, struct go_stride *stride)
{
    struct node head = node_child(loop, 0);

    *stride = (struct go_stride){.loop = loop, .body = node_field(loop, "body"), .type = ""};
    if (!node_is(loop, "for_statement"))
        return false;
    bool known = node_is(head, "range_clause") ? read_range(shape, head, stride)
                 : node_is(head, "for_clause") ? read_clause(shape, head, stride)
                                               : false;
    return known && *stride->type != '\0' && !go_changes(shape, stride->body, stride->base) &&
           (stride->index.len == 0 || !go_changes(shape, stride->body, stride->index));
}

bool
go_stride_leaves(const struct shape *shape, const struct go_stride *stride)
{
    struct nodes leaves = shape_find(shape, stride->body,
                                     "break_statement continue_statement goto_statement return_statement "
                                     "defer_statement labeled_statement fallthrough_statement");

    for (size_t i = 0; i < leaves.count; i++) {
        struct node leave = leaves.items[i];
        bool is_loop_word = node_is(leave, "break_statement") || node_is(leave, "continue_statement");
        if (!is_loop_word || node_count(leave) > 0)
            return true;
        // One that belongs to a loop or switch inside of the body does not leave.
        struct node above = node_parent(leave);
        while (!node_same(above, stride->loop) && !node_is(above, "for_statement") &&
               !(node_is(leave, "break_statement") && strstr(node_kind(above), "_switch_statement") != NULL))
            above = node_parent(above);
        if (node_same(above, stride->loop))
            return true;
    }
    return false;
}

bool
go_stride_uses_index(const struct shape *shape, const struct go_stride *stride)
{
    struct nodes all = shape_find(shape, stride->body, "identifier");

    for (size_t i = 0; stride->index.len > 0 && i < all.count; i++) {
        struct node parent = node_parent(all.items[i]);
        if (!str_eq(shape_text(shape, all.items[i]), stride->index))
            continue;
        if (!node_is(parent, "index_expression") || !node_same(node_field(parent, "index"), all.items[i]) ||
            !go_is_name(shape, node_field(parent, "operand"), stride->base))
            return true;
    }
    return false;
}
