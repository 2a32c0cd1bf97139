// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/shape.h"

#include "base/vec.h"

#include <string.h>

enum { PURE_DEPTH = 8 };

struct shape
shape_of(const struct mutation *mutation)
{
    struct shape shape = {.mutation = mutation, .arena = mutation->arena, .syntax = mutation->syntax};

    shape.scope.file = mutation->syntax;
    shape.scope.headers = oracle_headers(mutation->oracle, &shape.scope.header_count);
    shape.functions = function_list(mutation->arena, mutation->syntax, &shape.function_count);
    return shape;
}

struct str
shape_text(const struct shape *shape, struct node node)
{
    return node_is_null(node) ? (struct str){0} : node_text(shape->syntax, node);
}

struct str
shape_operator(const struct shape *shape, struct node node)
{
    return shape_text(shape, node_field(node, "operator"));
}

struct str
shape_between(const struct shape *shape, size_t start, size_t end)
{
    return str_n(syntax_text(shape->syntax).ptr + start, end > start ? end - start : 0);
}

bool
shape_in_variant(const struct shape *shape, struct node node)
{
    return node_start(node) >= shape->mutation->variant_start &&
           node_end(node) <= shape->mutation->variant_end;
}

const struct function *
shape_function(const struct shape *shape, struct str name)
{
    for (size_t i = 0; i < shape->function_count; i++) {
        if (str_is(name, shape->functions[i].name))
            return &shape->functions[i];
    }
    return NULL;
}

const struct function *
shape_enclosing(const struct shape *shape, struct node node)
{
    for (size_t i = 0; i < shape->function_count; i++) {
        if (shape->functions[i].start <= node_start(node) && node_end(node) <= shape->functions[i].end)
            return &shape->functions[i];
    }
    return NULL;
}

typedef VEC(struct node) node_vec;

static struct nodes
nodes_kept(struct arena *arena, node_vec *found)
{
    struct nodes nodes = {ARENA_ARRAY(arena, struct node, found->count + 1), found->count};

    if (found->count > 0)
        memcpy(nodes.items, found->items, found->count * sizeof(struct node));
    vec_release(found);
    return nodes;
}

struct finder {
    const char *kinds;
    node_vec found;
};

static bool
is_one_of(struct node node, const char *kinds)
{
    struct str rest = str_of(kinds);

    while (rest.ptr != NULL) {
        if (str_is(str_cut(&rest, ' '), node_kind(node)))
            return true;
    }
    return false;
}

static bool
visit_kind(void *context, struct node node)
{
    struct finder *finder = context;

    if (is_one_of(node, finder->kinds))
        *vec_push(&finder->found) = node;
    return true;
}

struct nodes
shape_find(const struct shape *shape, struct node root, const char *kinds)
{
    struct finder finder = {.kinds = kinds};

    if (!node_is_null(root))
        node_walk(root, visit_kind, &finder);
    return nodes_kept(shape->arena, &finder.found);
}

struct nodes
shape_find_all(const struct shape *shape, const char *kinds)
{
    struct finder finder = {.kinds = kinds};

    for (size_t i = 0; i < shape->function_count; i++) {
        if (shape_in_variant(shape, shape->functions[i].node))
            node_walk(shape->functions[i].node, visit_kind, &finder);
    }
    return nodes_kept(shape->arena, &finder.found);
}

static void
mark(const struct shape *shape, struct use *use, struct node lvalue, bool element)
{
    struct node node = node_out_of_parentheses(lvalue);
    struct node parent = node_parent(node);
    bool *read = element ? &use->element_read : &use->read;
    bool *write = element ? &use->element_write : &use->write;

    if (node_is(parent, "assignment_expression") && node_same(node_field(parent, "left"), node)) {
        *write = true;
        *read = *read || !str_is(shape_operator(shape, parent), "=");
    } else if (node_is(parent, "update_expression")) {
        *read = *write = true;
    } else if (node_is(parent, "pointer_expression") && str_is(shape_operator(shape, parent), "&")) {
        use->address = true;
    } else {
        *read = true;
    }
}

static bool
is_declared_here(struct node node)
{
    struct node declarator = node;
    struct node parent = node_parent(node);

    while (strstr(node_kind(parent), "_declarator") != NULL) {
        if (!node_same(node_field(parent, "declarator"), declarator) &&
            !node_is(parent, "parenthesized_declarator"))
            return false;
        declarator = parent;
        parent = node_parent(parent);
    }
    if (!node_is(parent, "declaration") && !node_is(parent, "parameter_declaration") &&
        !node_is(parent, "function_definition"))
        return false;
    return !node_same(node_field(parent, "type"), declarator);
}

static struct use
use_of(const struct shape *shape, struct node node)
{
    struct use use = {.node = node, .name = shape_text(shape, node)};
    struct node outer = node_out_of_parentheses(node);
    struct node parent = node_parent(outer);

    if (is_declared_here(node)) {
        use.declares = true;
    } else if (node_is(parent, "call_expression") && node_same(node_field(parent, "function"), outer)) {
        use.called = true;
    } else if ((node_is(parent, "subscript_expression") &&
                node_same(node_field(parent, "argument"), outer)) ||
               (node_is(parent, "pointer_expression") && str_is(shape_operator(shape, parent), "*"))) {
        use.read = true;
        mark(shape, &use, parent, true);
    } else {
        mark(shape, &use, node, false);
        struct node above = node_parent(node_out_of_parentheses(parent));
        bool stepped = node_is(parent, "update_expression") && node_is(above, "pointer_expression");
        if (stepped && str_is(shape_operator(shape, above), "*"))
            mark(shape, &use, node_out_of_parentheses(parent).id != NULL ? above : parent, true);
    }
    return use;
}

bool
shape_is_cast(const struct shape *shape, struct node node, struct str *type)
{
    struct node function = node_field(node, "function");
    struct ctype resolved;

    if (!node_is(node, "call_expression") || !node_is(function, "parenthesized_expression") ||
        node_count(function) != 1 || !node_is(node_child(function, 0), "identifier"))
        return false;
    *type = shape_text(shape, node_child(function, 0));
    return ctype_resolve(&shape->scope, *type, &resolved);
}

struct uses
shape_uses(const struct shape *shape, struct node node)
{
    struct nodes found = shape_find(shape, node, "identifier");
    struct uses uses = {ARENA_ARRAY(shape->arena, struct use, found.count + 1), 0};
    struct str type;

    for (size_t i = 0; i < found.count; i++) {
        if (!shape_is_cast(shape, node_parent(node_parent(found.items[i])), &type) ||
            !str_eq(type, shape_text(shape, found.items[i])))
            uses.items[uses.count++] = use_of(shape, found.items[i]);
    }
    return uses;
}

size_t
shape_count(const struct shape *shape, struct node node, struct str name)
{
    struct nodes found = shape_find(shape, node, "identifier");
    size_t count = 0;

    for (size_t i = 0; i < found.count; i++)
        count += str_eq(shape_text(shape, found.items[i]), name);
    return count;
}

bool
shape_changes(const struct shape *shape, struct node node, struct str name)
{
    struct uses uses = shape_uses(shape, node);

    for (size_t i = 0; i < uses.count; i++) {
        const struct use *use = &uses.items[i];
        if (str_eq(use->name, name) && (use->write || use->address))
            return true;
    }
    return false;
}

static bool
is_free(struct str name, const struct str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

static bool pure(const struct shape *shape, struct str name, unsigned depth);

struct closure {
    struct node code;
    const struct str *free;
    size_t free_count;
    unsigned depth;
};

static bool
use_is_closed(const struct shape *shape, const struct closure *closure, const struct use *use)
{
    struct variable variable;

    if (use->declares || is_free(use->name, closure->free, closure->free_count))
        return true;
    if (use->called)
        return pure(shape, use->name, closure->depth + 1);
    if (!shape_variable(shape, use->node, use->name, &variable))
        return !use->write && !use->address && shape_function(shape, use->name) == NULL;
    if (node_start(variable.declaration) >= node_start(closure->code) &&
        node_end(variable.declaration) <= node_end(closure->code))
        return !variable.is_static || variable.type.is_const;
    return variable.is_global && variable.type.is_const &&
           (variable.type.pointers == 0 || variable.is_array) && !use->write && !use->element_write &&
           !use->address;
}

static bool
closed(const struct shape *shape, const struct closure *closure, bool whole_body)
{
    const char *never = whole_body ? "gnu_asm_expression asm_statement goto_statement ERROR field_expression"
                                   : "gnu_asm_expression asm_statement goto_statement return_statement ERROR "
                                     "field_expression";
    if (shape_find(shape, closure->code, never).count > 0)
        return false;
    struct uses uses = shape_uses(shape, closure->code);
    for (size_t i = 0; i < uses.count; i++) {
        if (!use_is_closed(shape, closure, &uses.items[i]))
            return false;
    }
    return true;
}

bool
shape_closed(const struct shape *shape, struct node code, const struct str *free, size_t free_count,
             bool whole_body)
{
    return closed(shape, &(struct closure){code, free, free_count, 0}, whole_body);
}

static bool
pure(const struct shape *shape, struct str name, unsigned depth)
{
    const struct function *function = shape_function(shape, name);
    size_t count;

    if (function == NULL || depth > PURE_DEPTH || node_broken(function->node))
        return false;
    const struct variable *parameters = shape_parameters(shape, function->node, &count);
    struct str *free = ARENA_ARRAY(shape->arena, struct str, count + 2);
    for (size_t i = 0; i < count; i++) {
        // A called function may be handed pointers: they can only lead to what its pure caller owns.
        if (!parameters[i].type.known || (depth == 0 && parameters[i].type.pointers > 0))
            return false;
        free[i] = parameters[i].name;
    }
    free[count] = name;
    return closed(shape, &(struct closure){node_field(function->node, "body"), free, count + 1, depth}, true);
}

bool
shape_pure(const struct shape *shape, struct str name)
{
    return pure(shape, name, 0);
}

bool
shape_has_no_effect(const struct shape *shape, struct node expression)
{
    struct nodes calls = shape_find(shape, expression, "call_expression");

    if (shape_find(shape, expression, "assignment_expression update_expression").count > 0)
        return false;
    for (size_t i = 0; i < calls.count; i++) {
        struct str type;
        if (!shape_is_cast(shape, calls.items[i], &type) &&
            !shape_pure(shape, shape_text(shape, node_field(calls.items[i], "function"))))
            return false;
    }
    return true;
}

struct node
shape_strip(struct node expression, bool casts)
{
    struct node node = expression;

    for (;;) {
        if (node_is(node, "parenthesized_expression") && node_count(node) > 0)
            node = node_child(node, 0);
        else if (casts && node_is(node, "cast_expression"))
            node = node_field(node, "value");
        else
            return node;
    }
}

struct nodes
shape_statements(const struct shape *shape, struct node body)
{
    node_vec found = {0};

    if (!node_is(body, "compound_statement"))
        *vec_push(&found) = body;
    for (size_t i = 0; node_is(body, "compound_statement") && i < node_count(body); i++)
        *vec_push(&found) = node_child(body, i);
    return nodes_kept(shape->arena, &found);
}

struct node
shape_only_statement(struct node body)
{
    struct node only = {0};

    if (!node_is(body, "compound_statement"))
        return body;
    for (size_t i = 0; i < node_count(body); i++) {
        if (!node_is_null(only))
            return (struct node){0};
        only = node_child(body, i);
    }
    return node_is(only, "compound_statement") ? shape_only_statement(only) : only;
}

struct node
shape_expression(struct node statement)
{
    if (!node_is(statement, "expression_statement") || node_count(statement) == 0)
        return (struct node){0};
    return shape_strip(node_child(statement, 0), false);
}
