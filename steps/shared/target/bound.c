// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/bound.h"

#include "steps/shared/target/cursor.h"
#include "steps/shared/target/function.h"

enum { ALIAS_ROUNDS = 4 };

struct walk {
    struct names names;
    struct names buffer;
    struct integer_usage *usage;
    size_t found;
};

// Steps up through arithmetic from an occurrence; the result's parent is none.
static struct node
whole_sum(const struct names *names, struct node occurrence)
{
    struct node node = node_out_of_parentheses(occurrence);
    struct node parent = node_parent(node);

    for (;;) {
        struct str op = names_operator(names, parent);
        bool sum =
            node_is(parent, "binary_expression") && op.len == 1 && str_find_byte(STR("+-*/"), op.ptr[0]) >= 0;
        bool choice =
            node_is(parent, "conditional_expression") && !node_same(node_field(parent, "condition"), node);
        if (!sum && !choice && !node_is(parent, "cast_expression"))
            return node;
        node = node_out_of_parentheses(parent);
        parent = node_parent(node);
    }
}

static bool
is_comparison(const struct names *names, struct node node)
{
    struct str op = names_operator(names, node);

    return node_is(node, "binary_expression") &&
           (str_is(op, "<") || str_is(op, "<=") || str_is(op, ">") || str_is(op, ">=") || str_is(op, "!="));
}

static bool
in_loop_condition(struct node node)
{
    struct node child = node;

    for (struct node p = node_parent(node); !node_is_null(p); child = p, p = node_parent(p)) {
        if (node_is(p, "for_statement") || node_is(p, "while_statement") || node_is(p, "do_statement"))
            return node_same(node_field(p, "condition"), child);
        if (node_is(p, "compound_statement"))
            return false;
    }
    return false;
}

// What stands in memory is compared by value: `p[i] != n`.
static bool
is_content(const struct names *names, struct node node)
{
    return node_is(node, "subscript_expression") ||
           (node_is(node, "pointer_expression") && str_is(names_operator(names, node), "*"));
}

static void
note_comparison(struct walk *walk, struct node node, struct node comparison)
{
    bool is_left = node_same(node_field(comparison, "left"), node);
    struct node other = node_field(comparison, is_left ? "right" : "left");
    uint64_t value;

    if (scope_number(walk->names.scope, names_text(&walk->names, other), &value) ||
        node_is(other, "char_literal") || is_content(&walk->names, other))
        return;
    walk->usage->bound = true;
    if (in_loop_condition(comparison))
        walk->usage->loop = true;
}

// `f(buffer, n)`: the argument before this one is the buffer.
static bool
follows_buffer(const struct walk *walk, struct node list, struct node argument)
{
    for (size_t i = 1; i < node_count(list); i++) {
        if (node_same(node_child(list, i), argument))
            return names_mention(&walk->buffer, node_child(list, i - 1));
    }
    return false;
}

// `p + n` with the buffer p somewhere in the sum.
static bool
added_to_buffer(const struct walk *walk, struct node occurrence)
{
    struct node sum = whole_sum(&walk->names, occurrence);

    return node_is(sum, "binary_expression") && names_mention(&walk->buffer, sum);
}

static void
note_occurrence(struct walk *walk, struct node occurrence)
{
    struct node node = whole_sum(&walk->names, occurrence);
    struct node parent = node_parent(node);
    struct integer_usage *usage = walk->usage;

    if (is_comparison(&walk->names, parent)) {
        note_comparison(walk, node, parent);
    } else if (node_is(parent, "update_expression")) {
        bool down = str_is(names_operator(&walk->names, parent), "--");
        usage->bound = usage->bound || down;
        usage->loop = usage->loop || (down && in_loop_condition(parent));
    } else if (node_is(parent, "assignment_expression") && node_same(node_field(parent, "left"), node)) {
        usage->bound = usage->bound || str_is(names_operator(&walk->names, parent), "-=");
    } else if (node_is(parent, "subscript_expression") && node_same(node_field(parent, "index"), node)) {
        usage->index = usage->index || node_same(node, node_out_of_parentheses(occurrence));
    } else if (node_is(parent, "argument_list")) {
        usage->bound = usage->bound || follows_buffer(walk, parent, node);
    }
    if (added_to_buffer(walk, occurrence))
        usage->bound = true;
}

// The variable that takes the value of a sum, or no node.
static struct node
alias_of(const struct names *names, struct node sum)
{
    struct node parent = node_parent(sum);

    if (node_is(parent, "init_declarator"))
        return node_declared(node_field(parent, "declarator"));
    if (node_is(parent, "assignment_expression") && node_same(node_field(parent, "right"), sum) &&
        str_is(names_operator(names, parent), "="))
        return node_field(parent, "left");
    return (struct node){0};
}

static bool
visit_alias(void *context, struct node node)
{
    struct names *names = context;

    if (names_has(names, node)) {
        struct node alias = alias_of(names, whole_sum(names, node));
        if (node_is(alias, "identifier") && !names_has(names, alias))
            names_add(names, names_text(names, alias));
    }
    return true;
}

static bool
visit_integer(void *context, struct node node)
{
    struct walk *walk = context;

    if (names_has(&walk->names, node))
        note_occurrence(walk, node);
    return true;
}

struct integer_usage
usage_of_integer(const struct scope *scope, struct scope_node definition, struct str name, struct str buffer)
{
    struct integer_usage usage = {0};
    struct walk walk = {.names = names_of(scope, definition, name),
                        .buffer = names_of(scope, definition, buffer),
                        .usage = &usage};
    size_t before = 0;

    for (int i = 0; i < ALIAS_ROUNDS && before < walk.names.count; i++) {
        before = walk.names.count;
        node_walk(walk.names.body, visit_alias, &walk.names);
    }
    node_walk(walk.names.body, visit_integer, &walk);
    return usage;
}

static bool
visit_self_call(void *context, struct node node)
{
    struct walk *walk = context;

    if (node_is(node, "call_expression") && names_has(&walk->names, node_field(node, "function")))
        walk->found++;
    return true;
}

size_t
usage_self_calls(struct scope_node definition, struct str name)
{
    struct walk walk = {.names = names_of(NULL, definition, name)};

    node_walk(walk.names.body, visit_self_call, &walk);
    return walk.found;
}

// Names in capitals are taken for constants of headers that nobody read.
static bool
is_constant_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] >= 'a' && name.ptr[i] <= 'z')
            return false;
    }
    return true;
}

// Whether an expression only chooses between constants; comparisons do.
static bool
is_constant_choice(const struct names *names, struct node node)
{
    struct str op = names_operator(names, node);
    uint64_t value;

    if (node_is(node, "parenthesized_expression"))
        return is_constant_choice(names, node_child(node, 0));
    if (node_is(node, "cast_expression"))
        return is_constant_choice(names, node_field(node, "value"));
    if (node_is(node, "conditional_expression"))
        return is_constant_choice(names, node_field(node, "consequence")) &&
               is_constant_choice(names, node_field(node, "alternative"));
    if (node_is(node, "unary_expression"))
        return str_is(op, "!") || is_constant_choice(names, node_field(node, "argument"));
    if (node_is(node, "binary_expression"))
        return is_comparison(names, node) || str_is(op, "==") || str_is(op, "&&") || str_is(op, "||");
    if (node_is(node, "identifier"))
        return is_constant_name(names_text(names, node)) ||
               scope_number(names->scope, names_text(names, node), &value);
    return node_is(node, "number_literal") || node_is(node, "char_literal") || node_is(node, "true") ||
           node_is(node, "false");
}

struct returns {
    struct names names;
    bool length, other;
};

static bool
visit_return(void *context, struct node node)
{
    struct returns *returns = context;

    if (!node_is(node, "return_statement") || node_count(node) == 0)
        return true;
    struct node value = node_child(node, 0);
    if (cursor_is_length(&returns->names, value))
        returns->length = true;
    else if (!is_constant_choice(&returns->names, value))
        returns->other = true;
    return true;
}

bool
usage_returns_length(const struct scope *scope, struct scope_node definition, struct str buffer)
{
    struct returns returns = {.names = names_of(scope, definition, buffer)};

    node_walk(returns.names.body, visit_return, &returns);
    return returns.length && !returns.other;
}

struct index_search {
    struct names bounds, buffer;
    bool found;
};

static bool
visit_bounded(void *context, struct node node)
{
    struct index_search *search = context;
    struct node left = node_field(node, "left");
    struct node right = node_field(node, "right");

    if (!is_comparison(&search->bounds, node))
        return true;
    if (names_mention(&search->bounds, right) && node_is(left, "identifier"))
        names_add(&search->buffer, names_text(&search->bounds, left));
    if (names_mention(&search->bounds, left) && node_is(right, "identifier"))
        names_add(&search->buffer, names_text(&search->bounds, right));
    return true;
}

static bool
visit_indexed(void *context, struct node node)
{
    struct index_search *search = context;
    struct node argument = node_field(node, "argument");

    if (node_is(node, "subscript_expression") &&
        str_eq(names_text(&search->buffer, argument), search->buffer.items[0]))
        search->found = search->found || names_has(&search->buffer, node_field(node, "index"));
    return true;
}

bool
usage_bounds_index(const struct scope *scope, struct scope_node definition, struct str name,
                   struct str buffer)
{
    struct index_search search = {.bounds = names_of(scope, definition, name),
                                  .buffer = names_of(scope, definition, buffer)};

    node_walk(search.bounds.body, visit_bounded, &search);
    node_walk(search.bounds.body, visit_indexed, &search);
    return search.found;
}
