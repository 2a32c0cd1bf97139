// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/function.h"

#include "base/vec.h"

#include <ctype.h>
#include <string.h>

struct finder {
    struct arena *arena;
    const struct syntax *syntax;
    struct function *functions;
    size_t count, capacity;
};

// Declarators nest from the outside in: `int *(f)(int)` is pointer > function > parenthesised > identifier.
static struct node
declarator_inner(struct node declarator)
{
    struct node inner = node_field(declarator, "declarator");

    if (node_is_null(inner) && node_is(declarator, "parenthesized_declarator")) {
        size_t last = node_count(declarator);
        if (last > 0)
            inner = node_child(declarator, last - 1);
    }
    return inner;
}

struct node
function_declarator(struct node declarator)
{
    struct node found = {0};

    for (struct node d = declarator; !node_is_null(d); d = declarator_inner(d)) {
        if (node_is(d, "function_declarator"))
            found = d;
    }
    return found;
}

struct node
function_name_node(struct node declarator)
{
    struct node d = function_declarator(declarator);

    while (!node_is_null(d) && !node_is(d, "identifier"))
        d = declarator_inner(d);
    return d;
}

static bool
has_storage(const struct syntax *syntax, struct node definition, const char *storage)
{
    for (size_t i = 0; i < node_count(definition); i++) {
        struct node child = node_child(definition, i);
        if (node_is(child, "storage_class_specifier") && str_is(node_text(syntax, child), storage))
            return true;
    }
    return false;
}

static void
add(struct finder *finder, struct node node, const char *name, bool is_static)
{
    struct node body = node_field(node, "body");

    finder->functions =
        vec_grow(finder->functions, &finder->capacity, finder->count + 1, sizeof *finder->functions);
    finder->functions[finder->count++] = (struct function){
        .name = name,
        .start = node_start(node),
        .end = node_end(node),
        .body_start = node_start(body),
        .body_end = node_end(body),
        .first_line = node_line(node),
        .last_line = node_line(node_token(body, node_token_count(body) - 1)),
        .is_static = is_static,
        .node = node,
    };
}

static bool
collect(void *context, struct node node)
{
    struct finder *finder = context;

    if (!node_is(node, "function_definition"))
        return !node_is(node, "compound_statement");
    struct node name = function_name_node(node_field(node, "declarator"));
    if (node_is_null(name) || node_is_null(node_field(node, "body")))
        return true;
    add(finder, node, arena_str(finder->arena, node_text(finder->syntax, name)),
        has_storage(finder->syntax, node, "static"));
    return false;
}

static bool
find_type(void *context, struct node node)
{
    struct node *found = context;

    if (node_is_null(*found) && node_is(node, "type_identifier"))
        *found = node;
    return node_is_null(*found);
}

static bool
collect_go(void *context, struct node node)
{
    struct finder *finder = context;
    bool is_method = node_is(node, "method_declaration");

    if (!is_method && !node_is(node, "function_declaration"))
        return node_is(node, "source_file");
    struct str name = node_text(finder->syntax, node_field(node, "name"));
    struct node type = {0};
    node_walk(node_field(node, "receiver"), find_type, &type);
    if (node_is_null(node_field(node, "body")) || name.len == 0 || (is_method && node_is_null(type)))
        return false;
    struct str receiver = is_method ? node_text(finder->syntax, type) : STR("");
    add(finder, node,
        arena_printf(finder->arena, "%.*s%s%.*s", STR_ARG(receiver), is_method ? "." : "", STR_ARG(name)),
        islower((unsigned char)name.ptr[0]) || name.ptr[0] == '_');
    return false;
}

struct function *
function_list(struct arena *arena, const struct syntax *syntax, size_t *count)
{
    struct finder finder = {.arena = arena, .syntax = syntax};

    bool is_go = syntax_language(syntax) == LANGUAGE_GO;
    node_walk(syntax_root(syntax), is_go ? collect_go : collect, &finder);
    struct function *list = ARENA_ARRAY(arena, struct function, finder.count + 1);
    if (finder.count > 0)
        memcpy(list, finder.functions, finder.count * sizeof *list);
    vec_free(finder.functions);
    *count = finder.count;
    return list;
}

static bool
first_error(void *context, struct node node)
{
    struct node *found = context;

    if (node_is_null(*found) && node_is(node, "ERROR"))
        *found = node;
    return node_is_null(*found) && node_broken(node);
}

static int
not_found(struct arena *arena, const struct function *list, size_t count, const char *name, struct err *err)
{
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = list[i].name;
    const char *near = str_nearest(str_of(name), names, count);
    if (near != NULL)
        return err_set(err, ERR_NOT_FOUND, "no function '%s'; did you mean '%s'?", name, near);
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no function '%s': the file defines none", name);
    return err_set(err, ERR_NOT_FOUND, "no function '%s'; the file defines %zu, the first is '%s'", name,
                   count, list[0].name);
}

int
function_find(struct arena *arena, const struct syntax *syntax, const char *name, struct function *function,
              struct err *err)
{
    size_t count;
    const struct function *list = function_list(arena, syntax, &count);
    const struct function *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) != 0)
            continue;
        if (found != NULL)
            return err_set(err, ERR_TARGET,
                           "function '%s' is defined twice (lines %u and %u): keep one definition, with the "
                           "preprocessor branches inside its body",
                           name, found->first_line, list[i].first_line);
        found = &list[i];
    }
    if (found == NULL)
        return not_found(arena, list, count, name, err);
    if (node_broken(found->node)) {
        struct node error = {0};
        node_walk(found->node, first_error, &error);
        return err_set(
            err, ERR_TARGET,
            "function '%s' can't be parsed near line %u: write out macros that stand for types or syntax "
            "there",
            name, node_is_null(error) ? found->first_line : node_line(error));
    }
    *function = *found;
    return 0;
}
