// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/scope.h"

#include "steps/shared/target/function.h"

#include <string.h>

enum { MACRO_DEPTH = 8 };

struct search {
    const struct syntax *syntax;
    struct str name;
    struct node found, declarator;
};

static struct scope_node
search_all(const struct scope *scope, struct search *search, bool (*visit)(void *, struct node))
{
    for (size_t i = 0; i <= scope->header_count; i++) {
        search->syntax = i == 0 ? scope->file : scope->headers[i - 1];
        node_walk(syntax_root(search->syntax), visit, search);
        if (!node_is_null(search->found))
            return (struct scope_node){search->syntax, search->found};
    }
    return (struct scope_node){0};
}

static struct node
typedef_name(struct node declarator)
{
    struct node d = declarator;

    while (!node_is_null(d) && !node_is(d, "type_identifier") && !node_is(d, "primitive_type"))
        d = node_field(d, "declarator");
    return d;
}

static bool
visit_typedef(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "function_definition") || !node_is_null(search->found))
        return false;
    if (!node_is(node, "type_definition"))
        return true;
    for (size_t i = 0; i < node_count(node); i++) {
        struct node child = node_child(node, i);
        struct node name = typedef_name(child);
        bool is_type = node_same(child, node_field(node, "type"));
        if (!is_type && str_eq(node_text(search->syntax, name), search->name)) {
            search->found = node;
            search->declarator = child;
        }
    }
    return false;
}

struct scope_node
scope_typedef(const struct scope *scope, struct str name, struct node *declarator)
{
    struct search search = {.name = name};
    struct scope_node found = search_all(scope, &search, visit_typedef);

    if (declarator != NULL)
        *declarator = search.declarator;
    return found;
}

static bool
visit_macro(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "preproc_def") &&
        str_eq(node_text(search->syntax, node_field(node, "name")), search->name))
        search->found = node;
    return node_is_null(search->found);
}

struct str
scope_macro(const struct scope *scope, struct str name)
{
    struct search search = {.name = name};
    struct scope_node found = search_all(scope, &search, visit_macro);

    if (found.syntax == NULL)
        return (struct str){0};
    struct str value = node_text(found.syntax, node_field(found.node, "value"));
    ptrdiff_t comment = str_find(value, STR("//"));
    if (comment < 0)
        comment = str_find(value, STR("/*"));
    return str_trim(comment < 0 ? value : str_head(value, (size_t)comment));
}

static bool
visit_enum(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "enum_specifier") && !node_is_null(node_field(node, "body")) &&
        str_eq(node_text(search->syntax, node_field(node, "name")), search->name))
        search->found = node;
    return node_is_null(search->found);
}

struct scope_node
scope_enum(const struct scope *scope, struct str tag)
{
    struct search search = {.name = tag};

    return search_all(scope, &search, visit_enum);
}

static bool
visit_struct(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "struct_specifier") && !node_is_null(node_field(node, "body")) &&
        str_eq(node_text(search->syntax, node_field(node, "name")), search->name))
        search->found = node;
    return node_is_null(search->found);
}

struct scope_node
scope_struct(const struct scope *scope, struct str tag)
{
    struct search search = {.name = tag};

    return search_all(scope, &search, visit_struct);
}

static bool
declares(const struct search *search, struct node node)
{
    for (size_t i = 0; i < node_count(node); i++) {
        struct node name = function_name_node(node_child(node, i));
        if (!node_is_null(name) && str_eq(node_text(search->syntax, name), search->name))
            return true;
    }
    return false;
}

static bool
visit_definition(void *context, struct node node)
{
    struct search *search = context;

    if (!node_is(node, "function_definition"))
        return node_is_null(search->found) && !node_is(node, "compound_statement");
    if (declares(search, node))
        search->found = node;
    return false;
}

static bool
visit_prototype(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "function_definition"))
        return false;
    if (node_is(node, "declaration") && declares(search, node))
        search->found = node;
    return node_is_null(search->found);
}

struct scope_node
scope_function(const struct scope *scope, struct str name)
{
    struct search search = {.name = name};
    struct scope_node found = search_all(scope, &search, visit_definition);

    return found.syntax != NULL ? found : search_all(scope, &search, visit_prototype);
}

// A C integer literal without its suffix, and without parentheses around it.
static struct str
bare_number(struct str text)
{
    struct str s = str_trim(text);

    while (s.len >= 2 && s.ptr[0] == '(' && s.ptr[s.len - 1] == ')')
        s = str_trim(str_n(s.ptr + 1, s.len - 2));
    while (s.len > 1 && memchr("uUlL", s.ptr[s.len - 1], 4) != NULL)
        s.len--;
    return s;
}

static bool
visit_enumerator(void *context, struct node node)
{
    struct search *search = context;

    if (node_is(node, "enumerator") &&
        str_eq(node_text(search->syntax, node_field(node, "name")), search->name))
        search->found = node;
    return node_is_null(search->found);
}

// Counts on from the last enumerator with a value.
static bool
enumerator_value(const struct scope *scope, struct str name, uint64_t *value)
{
    struct search search = {.name = name};
    struct scope_node found = search_all(scope, &search, visit_enumerator);
    struct node list = node_parent(found.node);
    uint64_t next = 0;

    for (size_t i = 0; found.syntax != NULL && i < node_count(list); i++) {
        struct node item = node_child(list, i);
        struct node given = node_field(item, "value");
        if (!node_is(item, "enumerator"))
            continue;
        if (!node_is_null(given) && !str_to_u64(bare_number(node_text(found.syntax, given)), &next))
            return false;
        *value = next++;
        if (node_same(item, found.node))
            return true;
    }
    return false;
}

bool
scope_number(const struct scope *scope, struct str text, uint64_t *value)
{
    struct str s = text;

    for (int depth = 0; depth < MACRO_DEPTH && s.len > 0; depth++) {
        s = bare_number(s);
        if (str_to_u64(s, value))
            return true;
        struct str macro = scope_macro(scope, s);
        if (macro.ptr == NULL)
            return enumerator_value(scope, s, value);
        s = macro;
    }
    return false;
}
