// SPDX-License-Identifier: Apache-2.0
// go-convert: copies between string, []byte and []rune that nobody needs: ranging over []rune(s), appending
// []byte(s), a variable that only reads from a copy of a string, and a result that is what came in.
#include "steps/island-evolve/go_mutate.h"

#include "steps/shared/target/go/function.h"

#include <stdio.h>
#include <string.h>

enum { EDITS_MAX = 64 };

struct site {
    struct node conversion; // []byte(s)
    struct str variable;    // that holds it, empty when nothing does
    struct node leave;      // `return string(x)`, where the parameter may be given back instead
    const char *parameter;
    const char *what;
};

// The operand of `[]T(s)` where s is a string.
static struct node
converted(const struct shape *shape, struct node node, const char *type)
{
    struct node operand = node_field(node, "operand");

    if (!node_is(node, "type_conversion_expression") ||
        strcmp(go_plain(shape, shape_text(shape, node_field(node, "type"))), type) != 0 ||
        strcmp(go_type_text(shape, operand), "string") != 0)
        return (struct node){0};
    return operand;
}

// Whether a mention of a []byte would read the same from the string it was made of.
static bool
only_reads(const struct shape *shape, struct node name)
{
    struct node parent = node_parent(name), above = node_parent(parent);

    if (node_is(parent, "index_expression"))
        return node_same(node_field(parent, "operand"), name);
    if (node_is(parent, "range_clause"))
        return node_same(node_field(parent, "right"), name);
    return go_is_call(shape, above, "len") || go_is_call(shape, above, "string");
}

static bool
read_variable(const struct shape *shape, struct node conversion, struct site *site)
{
    struct node list = node_parent(conversion), statement = node_parent(list);
    struct node left = node_field(statement, "left");

    if (!node_is(statement, "short_var_declaration") || node_count(list) != 1 || node_count(left) != 1 ||
        !node_is(go_strip(node_field(conversion, "operand")), "identifier"))
        return false;
    const struct function *function = shape_enclosing(shape, statement);
    struct nodes all = shape_find(shape, function->node, "identifier");
    site->variable = shape_text(shape, node_child(left, 0));
    for (size_t i = 0; i < all.count; i++)
        if (str_eq(shape_text(shape, all.items[i]), site->variable) &&
            !node_same(all.items[i], node_child(left, 0)) && !only_reads(shape, all.items[i]))
            return false;
    site->what = "read the string itself";
    return !go_changes_elements(shape, function->node, site->variable) &&
           !go_changes(shape, function->node, shape_text(shape, go_strip(node_field(conversion, "operand"))));
}

static bool
read_site(const struct shape *shape, struct node node, struct site *site)
{
    struct node parent = node_parent(node);

    *site = (struct site){.conversion = node};
    if (!node_is_null(converted(shape, node, "[]rune"))) {
        struct node left = node_field(parent, "left");
        site->what = "range over the string itself";
        return node_is(parent, "range_clause") &&
               (node_count(left) == 0 || str_is(shape_text(shape, node_child(left, 0)), "_"));
    }
    if (node_is_null(converted(shape, node, "[]byte")))
        return false;
    site->what = "append the string itself";
    if (node_is(parent, "variadic_argument"))
        return go_is_call(shape, node_parent(node_parent(parent)), "append");
    return read_variable(shape, node, site);
}

// `return string(x)` with x a []byte, in a function with one parameter that is a string.
static bool
read_return(const struct shape *shape, struct node leave, struct site *site)
{
    const struct function *function = shape_enclosing(shape, leave);
    struct node values = node_child(leave, 0);
    struct node call = go_strip(node_child(values, 0));
    struct go_function head;
    struct err ignored;

    *site = (struct site){
        .conversion = call, .leave = leave, .what = "give back what came in when it is the same"};
    if (node_count(values) != 1 || !go_is_call(shape, call, "string") ||
        !node_is(go_strip(go_argument(call, 0)), "identifier") ||
        strcmp(go_type_text(shape, go_argument(call, 0)), "[]byte") != 0 ||
        go_function_read(shape->arena, shape->syntax, function, &head, &ignored) != 0)
        return false;
    for (size_t i = 0; i < head.parameter_count; i++) {
        if (strcmp(head.parameters[i].type, "string") != 0 || head.parameters[i].is_variadic)
            continue;
        if (site->parameter != NULL)
            return false;
        site->parameter = head.parameters[i].name;
    }
    // Once is enough.
    return site->parameter != NULL && !go_changes(shape, function->node, str_of(site->parameter)) &&
           shape_find(shape, function->node, "return_statement").count == 1;
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *last)
{
    struct nodes all = shape_find_all(shape, "type_conversion_expression return_statement");
    size_t count = 0;

    for (size_t i = 0; i < all.count && count < limit; i++) {
        struct site site;
        bool leaves = node_is(all.items[i], "return_statement");
        if (leaves ? !read_return(shape, all.items[i], &site) : !read_site(shape, all.items[i], &site))
            continue;
        *last = site;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct site site;

    return find_sites(&shape, SIZE_MAX, &site);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site;
    struct edit edits[EDITS_MAX];
    size_t count = 0;

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    if (site.parameter != NULL) {
        size_t at = node_start(site.leave);
        const char *indent = shape_indent(&shape, at);
        snprintf(note, 160, "%s (line %u)", site.what, node_line(site.leave));
        edits[count++] = (struct edit){at, at,
                                       arena_printf(shape.arena, "if %.*s == %s {\n%s\treturn %s\n%s}\n%s",
                                                    STR_ARG(shape_text(&shape, site.conversion)),
                                                    site.parameter, indent, site.parameter, indent, indent)};
        return mutation_write(mutation, edits, count, NULL, variant);
    }
    const char *operand = arena_str(shape.arena, shape_text(&shape, node_field(site.conversion, "operand")));
    edits[count++] = (struct edit){node_start(site.conversion), node_end(site.conversion), operand};
    // Ranging over a string would give characters; over a conversion in place it gives bytes, without a copy.
    struct nodes clauses = shape_find(&shape, shape_enclosing(&shape, site.conversion)->node, "range_clause");
    for (size_t i = 0; site.variable.len > 0 && i < clauses.count && count < EDITS_MAX; i++) {
        struct node over = node_field(clauses.items[i], "right");
        if (go_is_name(&shape, over, site.variable))
            edits[count++] = (struct edit){node_start(over), node_end(over),
                                           arena_printf(shape.arena, "[]byte(%.*s)", STR_ARG(site.variable))};
    }
    snprintf(note, 160, "%s (line %u)", site.what, node_line(site.conversion));
    return mutation_write(mutation, edits, count, NULL, variant);
}

const struct mutator_ops mutate_go_convert = {
    .name = "go-convert",
    .summary = "copies between string and []byte that nobody needs are left out",
    .technique = TECHNIQUE_ALGORITHM,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
