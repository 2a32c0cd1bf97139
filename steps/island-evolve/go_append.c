// SPDX-License-Identifier: Apache-2.0
// go-append: a loop that appends or copies one element after another becomes one append or copy.
#include "steps/island-evolve/go_mutate.h"

#include "steps/island-evolve/go_stride.h"

#include <stdio.h>
#include <string.h>

struct site {
    struct node loop;
    const char *text; // what stands in its place
};

// The only statement of a block; no node when there are more or none.
static struct node
only_statement(struct node block)
{
    struct node only = {0};

    for (size_t i = 0; i < node_count(block); i++) {
        if (!node_is_null(only))
            return (struct node){0};
        only = node_child(block, i);
    }
    return only;
}

// `x = append(x, v)`: x and v.
static bool
read_append(const struct shape *shape, struct node statement, struct str *to, struct node *value)
{
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");
    struct node call = node_child(right, 0);

    if (!node_is(statement, "assignment_statement") || node_count(left) != 1 || node_count(right) != 1 ||
        !str_is(shape_operator(shape, statement), "=") || !go_is_call(shape, call, "append") ||
        node_count(node_field(call, "arguments")) != 2)
        return false;
    *to = shape_text(shape, node_child(left, 0));
    *value = go_strip(go_argument(call, 1));
    return node_is(node_child(left, 0), "identifier") && go_is_name(shape, go_argument(call, 0), *to) &&
           !node_is(*value, "variadic_argument");
}

static bool
is_element(const struct shape *shape, struct node value, struct str base, struct str index)
{
    return node_is(value, "index_expression") && go_is_name(shape, node_field(value, "operand"), base) &&
           go_is_name(shape, node_field(value, "index"), index);
}

// for _, v := range y { x = append(x, v) }, also over y[i:]; for i := range y { x = append(x, y[i]) }
static bool
read_range(const struct shape *shape, struct node loop, struct site *site)
{
    struct node head = node_child(loop, 0), left = node_field(head, "left"), over = node_field(head, "right");
    struct node statement = only_statement(node_field(loop, "body")), value;
    struct str to;

    if (!node_is(head, "range_clause") || !read_append(shape, statement, &to, &value) ||
        strncmp(go_type_text(shape, over), "[]", 2) != 0)
        return false;
    struct str key = shape_text(shape, node_child(left, 0));
    bool by_value = node_count(left) == 2 && str_is(key, "_") &&
                    go_is_name(shape, value, shape_text(shape, node_child(left, 1)));
    bool by_index = node_count(left) == 1 && node_is(over, "identifier") &&
                    is_element(shape, value, shape_text(shape, over), key);
    site->text = arena_printf(shape->arena, "%.*s = append(%.*s, %.*s...)", STR_ARG(to), STR_ARG(to),
                              STR_ARG(shape_text(shape, over)));
    return by_value || by_index;
}

// for i < len(y) { x = append(x, y[i]); i++ } and for ; i < len(y); i++ { x = append(x, y[i]) }
static bool
read_rest(const struct shape *shape, struct node loop, struct site *site)
{
    struct node head = node_child(loop, 0), body = node_field(loop, "body");
    bool has_clause = node_is(head, "for_clause");
    struct node condition = go_strip(has_clause ? node_field(head, "condition") : head), value;
    struct node step = has_clause ? node_field(head, "update") : node_child(body, 1);
    struct node first = node_field(head, "initializer"), limit = go_strip(node_field(condition, "right"));
    struct node index = go_strip(node_field(condition, "left"));
    struct str to;

    if (!node_is(condition, "binary_expression") || !str_is(shape_operator(shape, condition), "<") ||
        (has_clause && !node_is_null(first)) || node_count(body) != (has_clause ? 1 : 2) ||
        !node_is(step, "inc_statement") || !node_is(index, "identifier") || !go_is_call(shape, limit, "len"))
        return false;
    struct str i = shape_text(shape, index), base = shape_text(shape, go_argument(limit, 0));
    const char *type = go_type_text(shape, go_argument(limit, 0));
    if (!go_is_name(shape, node_child(step, 0), i) || !node_is(go_argument(limit, 0), "identifier") ||
        !read_append(shape, node_child(body, 0), &to, &value) || !is_element(shape, value, base, i) ||
        str_eq(to, base) || (strcmp(type, "string") != 0 && strncmp(type, "[]", 2) != 0))
        return false;
    const char *indent = shape_indent(shape, node_start(loop));
    site->text = arena_printf(
        shape->arena,
        "if %.*s < len(%.*s) {\n%s\t%.*s = append(%.*s, %.*s[%.*s:]...)\n%s\t%.*s = len(%.*s)\n%s}",
        STR_ARG(i), STR_ARG(base), indent, STR_ARG(to), STR_ARG(to), STR_ARG(base), STR_ARG(i), indent,
        STR_ARG(i), STR_ARG(base), indent);
    return true;
}

// for i := range y { x[i] = y[i] }, also by value.
static bool
read_copy(const struct shape *shape, struct node loop, struct site *site)
{
    struct node statement = only_statement(node_field(loop, "body"));
    struct node left = node_field(statement, "left"), right = node_field(statement, "right");
    struct node to = node_child(left, 0), from = go_strip(node_child(right, 0));
    struct go_stride stride;

    if (!go_stride_read(shape, loop, &stride) || !node_is(statement, "assignment_statement") ||
        node_count(left) != 1 || node_count(right) != 1 || !str_is(shape_operator(shape, statement), "=") ||
        stride.index.len == 0 || !node_is(to, "index_expression") ||
        !go_is_name(shape, node_field(to, "index"), stride.index) ||
        !node_is(node_field(to, "operand"), "identifier"))
        return false;
    bool same = is_element(shape, from, stride.base, stride.index) ||
                (stride.element.len > 0 && go_is_name(shape, from, stride.element));
    struct str name = shape_text(shape, node_field(to, "operand"));
    site->text = arena_printf(shape->arena, "copy(%.*s[:len(%.*s)], %.*s)", STR_ARG(name),
                              STR_ARG(stride.base), STR_ARG(stride.base));
    return same && !str_eq(name, stride.base);
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *last)
{
    struct nodes loops = shape_find_all(shape, "for_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count && count < limit; i++) {
        struct site site = {.loop = loops.items[i]};
        if (!read_range(shape, site.loop, &site) && !read_rest(shape, site.loop, &site) &&
            !read_copy(shape, site.loop, &site))
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

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    snprintf(note, 160, "copy all at once instead of one by one (line %u)", node_line(site.loop));
    struct edit edit = {node_start(site.loop), node_end(site.loop), site.text};
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_go_append = {
    .name = "go-append",
    .summary = "loops that copy become one append or copy",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
