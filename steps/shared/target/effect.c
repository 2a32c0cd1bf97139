// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/effect.h"

#include "steps/shared/target/names.h"

#include <string.h>

enum { CALL_DEPTH = 4 };

// Functions of libc that are called for what they leave behind.
static const char *const effectful[] = {
    "printf", "fprintf", "vfprintf", "vprintf", "puts",   "putchar", "fputs",  "fputc",
    "fwrite", "putc",    "write",    "send",    "perror", "syslog",  "fflush", "rand",
    "srand",  "strtok",  "remove",   "unlink",  "rename", "setenv",
};

struct search {
    struct arena *arena;
    const struct scope *scope;
    struct scope_node definition;
    unsigned depth;
    const char *found;
};

static const char *effect_of(struct search *search);

static struct str
text_of(const struct search *search, struct node node)
{
    return node_text(search->definition.syntax, node);
}

// ---- what is declared in a function
// ----------------------------------------------------------------------------

enum storage { STORAGE_ELSEWHERE, STORAGE_LOCAL, STORAGE_STATIC };

struct lookup {
    const struct search *search;
    struct str name;
    enum storage storage;
};

static bool
is_static(const struct search *search, struct node declaration)
{
    for (size_t i = 0; i < node_count(declaration); i++)
        if (str_is(text_of(search, node_child(declaration, i)), "static"))
            return true;
    return false;
}

static bool
visit_declaration(void *context, struct node node)
{
    struct lookup *lookup = context;
    bool is_variable = node_is(node, "declaration");

    if (!is_variable && !node_is(node, "parameter_declaration"))
        return true;
    for (size_t i = 0; i < node_count(node); i++) {
        struct node name = node_declared(node_child(node, i));
        if (!node_is_null(name) && str_eq(text_of(lookup->search, name), lookup->name))
            lookup->storage = is_variable && is_static(lookup->search, node) ? STORAGE_STATIC : STORAGE_LOCAL;
    }
    return true;
}

static enum storage
storage_of(const struct search *search, struct node identifier)
{
    struct lookup lookup = {search, text_of(search, identifier), STORAGE_ELSEWHERE};

    node_walk(search->definition.node, visit_declaration, &lookup);
    return lookup.storage;
}

// ---- writes
// ----------------------------------------------------------------------------------------------------

// The variable that an lvalue is a part of, or is reached through; no node when that can't be seen.
static struct node
written_variable(struct node lvalue)
{
    struct node node = lvalue;

    while (!node_is_null(node) && !node_is(node, "identifier")) {
        if (node_is(node, "parenthesized_expression"))
            node = node_child(node, 0);
        else if (node_is(node, "cast_expression"))
            node = node_field(node, "value");
        else if (node_is(node, "binary_expression"))
            node = node_field(node, "left");
        else
            node = node_field(node, "argument"); // of [], ., ->, * and ++
    }
    return node;
}

static void
note_write(struct search *search, struct node lvalue)
{
    struct node variable = written_variable(lvalue);

    if (node_is_null(variable))
        return;
    struct str name = text_of(search, variable);
    enum storage storage = storage_of(search, variable);
    if (storage != STORAGE_LOCAL)
        search->found =
            arena_printf(search->arena, "writes '%" STR_FMT "', which outlives the call", STR_ARG(name));
}

// ---- calls
// -----------------------------------------------------------------------------------------------------

static void
note_call(struct search *search, struct node call)
{
    struct node function = node_field(call, "function");
    struct str name = text_of(search, function);

    if (!node_is(function, "identifier"))
        return;
    struct scope_node callee = scope_function(search->scope, name);
    if (node_is(callee.node, "function_definition") && search->depth < CALL_DEPTH) {
        struct search inner = {search->arena, search->scope, callee, search->depth + 1, NULL};
        if (!node_same(callee.node, search->definition.node))
            search->found = effect_of(&inner);
        return;
    }
    for (size_t i = 0; i < sizeof effectful / sizeof *effectful; i++)
        if (str_is(name, effectful[i]))
            search->found = arena_printf(search->arena, "calls '%s'", effectful[i]);
}

static bool
visit(void *context, struct node node)
{
    struct search *search = context;

    if (search->found != NULL)
        return false;
    if (node_is(node, "assignment_expression"))
        note_write(search, node_field(node, "left"));
    else if (node_is(node, "update_expression"))
        note_write(search, node_field(node, "argument"));
    else if (node_is(node, "call_expression"))
        note_call(search, node);
    return search->found == NULL;
}

static const char *
effect_of(struct search *search)
{
    node_walk(node_field(search->definition.node, "body"), visit, search);
    return search->found;
}

const char *
effect_find(struct arena *arena, const struct scope *scope, struct scope_node definition)
{
    struct search search = {arena, scope, definition, 0, NULL};

    return effect_of(&search);
}
