// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/cursor.h"

struct cursor_search {
    const struct names *names;
    struct str name;
    bool in_write, offset, bumped, other_value, from_cursor;
};

static bool
in_for_update(struct node node)
{
    struct node child = node;

    for (struct node p = node_parent(node); !node_is_null(p); child = p, p = node_parent(p)) {
        if (node_is(p, "for_statement"))
            return node_same(node_field(p, "update"), child);
        if (node_is(p, "compound_statement"))
            return false;
    }
    return false;
}

// The element or argument of the buffer that `node` is an index or offset of, if any.
static struct node
indexed_by(const struct names *names, struct node node)
{
    struct node child = node;

    for (struct node p = node_parent(node); !node_is_null(p); child = p, p = node_parent(p)) {
        if (node_is(p, "subscript_expression") && node_same(node_field(p, "index"), child))
            return names_has(names, node_field(p, "argument")) ? p : (struct node){0};
        if (node_is(p, "binary_expression") && names_mention(names, p))
            return p;
        if (!node_is(p, "binary_expression") && !node_is(p, "update_expression") &&
            !node_is(p, "parenthesized_expression") && !node_is(p, "cast_expression"))
            return (struct node){0};
    }
    return (struct node){0};
}

static bool
visit_cursor(void *context, struct node node)
{
    struct cursor_search *search = context;
    const struct names *names = search->names;

    if (!node_is(node, "identifier") || !str_eq(names_text(names, node), search->name))
        return true;
    struct node parent = node_parent(node);
    struct node element = indexed_by(names, node);
    struct node assignment;
    bool written = !node_is_null(element) && names_written(names, element, &assignment);
    if (node_is(parent, "update_expression")) {
        search->in_write = search->in_write || written;
        search->bumped = search->bumped || !in_for_update(node);
    } else if (node_is(parent, "assignment_expression") && str_is(names_operator(names, parent), "+=") &&
               node_same(node_field(parent, "left"), node)) {
        search->bumped = search->bumped || !in_for_update(node);
    } else if (written || (!node_is_null(element) && node_is(element, "binary_expression"))) {
        search->offset = true;
    }
    return true;
}

static bool
is_cursor(const struct names *names, struct node name)
{
    struct cursor_search search = {.names = names, .name = names_text(names, name)};

    if (!node_is(name, "identifier"))
        return false;
    node_walk(names->body, visit_cursor, &search);
    return search.in_write || (search.bumped && search.offset);
}

static bool
visit_source(void *context, struct node node)
{
    struct cursor_search *search = context;
    const struct names *names = search->names;
    bool is_init = node_is(node, "init_declarator");
    struct node left = node_declared(node_field(node, is_init ? "declarator" : "left"));
    uint64_t zero;

    if (!is_init && !node_is(node, "assignment_expression"))
        return true;
    if (node_is_null(left) || !str_eq(names_text(names, left), search->name))
        return true;
    struct node value = node_field(node, is_init ? "value" : "right");
    if (is_cursor(names, value))
        search->from_cursor = true;
    else if (!scope_number(names->scope, names_text(names, value), &zero))
        search->other_value = true;
    return true;
}

bool
cursor_behind(const struct names *names, struct node index)
{
    struct str text = names_text(names, index);

    if (text.len > 0 && text.ptr[0] == '-')
        return true;
    if (node_is(index, "binary_expression"))
        return str_is(names_operator(names, index), "-") && is_cursor(names, node_field(index, "left"));
    if (!node_is(index, "identifier"))
        return false;
    struct cursor_search search = {.names = names, .name = text};
    node_walk(names->body, visit_source, &search);
    return search.from_cursor && !search.other_value;
}

bool
cursor_is_length(const struct names *names, struct node expression)
{
    struct node node = expression;

    while (node_is(node, "parenthesized_expression") || node_is(node, "cast_expression"))
        node = node_is(node, "cast_expression") ? node_field(node, "value") : node_child(node, 0);
    if (!node_is(node, "binary_expression"))
        return is_cursor(names, node);
    struct str op = names_operator(names, node);
    bool minus = str_is(op, "-");
    return (minus && names_mention(names, node_field(node, "right"))) ||
           ((minus || str_is(op, "+")) && cursor_is_length(names, node_field(node, "left")));
}
