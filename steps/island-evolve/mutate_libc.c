// SPDX-License-Identifier: Apache-2.0
// libc: loops that search, copy, fill or compare bytes become memchr, strlen, memcpy, memmove, memset and
// memcmp.
#include "steps/island-evolve/libc.h"
#include "steps/island-evolve/mutate.h"

#include <stdio.h>
#include <string.h>

static bool
is_walk_only(const struct shape *shape, const struct stride *stride, const struct mover *mover)
{
    struct nodes statements = shape_statements(shape, stride->body);

    for (size_t i = 0; i < statements.count; i++) {
        struct node statement = statements.items[i];
        bool empty = node_is(statement, "expression_statement") && node_count(statement) == 0;
        if (!empty && !node_same(shape_expression(statement), mover->change))
            return false;
    }
    return stride->mover_count == 1;
}

static struct node
statement_before(const struct shape *shape, struct node loop)
{
    struct nodes siblings = shape_statements(shape, node_parent(loop));

    for (size_t i = 1; i < siblings.count; i++) {
        if (node_same(siblings.items[i], loop))
            return siblings.items[i - 1];
    }
    return (struct node){0};
}

// Whether the index is an unsigned number that was just set to 0.
static bool
starts_at_zero(const struct shape *shape, struct node loop, struct str name)
{
    struct node before = statement_before(shape, loop);
    struct node declarator = node_field(before, "declarator");
    struct variable variable;
    int64_t value;

    return node_is(declarator, "init_declarator") &&
           str_eq(shape_text(shape, node_field(declarator, "declarator")), name) &&
           shape_constant(shape, node_field(declarator, "value"), &value) && value == 0 &&
           shape_variable(shape, loop, name, &variable) && shape_is_unsigned(&variable.type);
}

static const char *
search_text(const struct shape *shape, const struct stride *stride, struct str base,
            const struct mover *mover, struct node wanted, const struct shape_type *element)
{
    struct arena *arena = shape->arena;
    const char *indent = shape_indent(shape, node_start(stride->loop)), *unit = shape_indent_unit(shape);
    const char *found = shape_fresh(shape, "found");
    const char *i = arena_str(arena, mover->name), *p = arena_str(arena, base);
    const char *what = arena_str(arena, shape_text(shape, wanted));
    const char *type = shape_type_name(shape, element);
    struct str left = str_of(stride->left);
    const char *bound = arena_str(arena, str_head(left, left.len - mover->name.len - 3));
    struct variable index;

    if (str_eq(base, mover->name))
        return arena_printf(arena,
                            "if (%s < %s) {\n%s%sconst %s *%s = memchr(%s, %s, (size_t)(%s));\n\n"
                            "%s%s%s = %s != NULL ? %s : %s;\n%s}",
                            i, bound, indent, unit, type, found, i, what, stride->left, indent, unit, i,
                            found, found, bound, indent);
    if (!shape_variable(shape, stride->loop, mover->name, &index))
        return NULL;
    const char *index_type = shape_type_name(shape, &index.type);
    if (starts_at_zero(shape, stride->loop, mover->name))
        return arena_printf(arena,
                            "const %s *%s = memchr(%s, %s, %s);\n%s%s = %s != NULL ? (%s)(%s - %s) : %s;",
                            type, found, p, what, bound, indent, i, found, index_type, found, p, bound);
    return arena_printf(arena,
                        "if (%s < %s) {\n%s%sconst %s *%s = memchr(%s + %s, %s, (size_t)(%s));\n\n"
                        "%s%s%s = %s != NULL ? (%s)(%s - %s) : %s;\n%s}",
                        i, bound, indent, unit, type, found, p, i, what, stride->left, indent, unit, i, found,
                        index_type, found, p, bound, indent);
}

// `i < n && p[i] != x`, walking up.
static void
find_search(const struct shape *shape, const struct stride *stride, struct node extra,
            struct libc_sites *list)
{
    struct node condition = shape_strip(extra, false);
    struct node element = shape_strip(node_field(condition, "left"), true);
    struct node wanted = shape_strip(node_field(condition, "right"), false);
    const struct mover *mover;
    struct str base;

    if (!node_is(condition, "binary_expression") || !str_is(shape_operator(shape, condition), "!=") ||
        !node_is_null(stride->initializer))
        return;
    if (!stride_access(shape, stride, element, &base, &mover)) {
        struct node swap = element;
        element = shape_strip(wanted, true);
        wanted = swap;
        if (!stride_access(shape, stride, element, &base, &mover))
            return;
    }
    struct shape_type type = shape_type(shape, element);
    if (!type.known || type.base.size != 1 || !is_walk_only(shape, stride, mover) ||
        !libc_is_invariant(shape, stride->loop, wanted) ||
        !node_is(node_parent(stride->loop), "compound_statement"))
        return;
    const char *text = search_text(shape, stride, base, mover, wanted, &type);
    if (text != NULL)
        libc_add(list, stride->loop, "memchr", text);
}

// `if (p[i] == x) return i;` in every round.
static void
find_search_return(const struct shape *shape, const struct stride *stride, struct libc_sites *list)
{
    struct node branch = shape_only_statement(stride->body);
    struct node test = shape_strip(node_field(branch, "condition"), false);
    struct node leave = shape_only_statement(node_field(branch, "consequence"));
    struct node element = shape_strip(node_field(test, "left"), true);
    struct node wanted = shape_strip(node_field(test, "right"), false);
    const char *indent = shape_indent(shape, node_start(stride->loop)), *unit = shape_indent_unit(shape);
    const char *found = shape_fresh(shape, "found");
    const struct mover *mover;
    struct variable index;
    struct str base;

    if (!node_is(branch, "if_statement") || !node_is(leave, "return_statement") || node_count(leave) != 1 ||
        !str_is(shape_operator(shape, test), "==") || stride->mover_count != 1 ||
        !stride_access(shape, stride, element, &base, &mover) || str_eq(base, mover->name) ||
        !str_eq(shape_text(shape, shape_strip(node_child(leave, 0), true)), mover->name))
        return;
    struct shape_type type = shape_type(shape, element);
    const char *start = libc_start(shape, stride, base, mover);
    if (!type.known || type.base.size != 1 || !libc_is_invariant(shape, stride->loop, wanted) ||
        !str_is(base, start) || !libc_ends_here(shape, stride) ||
        !node_is(node_parent(stride->loop), "compound_statement") ||
        !shape_starts_line(shape, node_start(stride->loop)) ||
        !shape_variable(shape, branch, mover->name, &index))
        return;
    libc_add(
        list, stride->loop, "memchr",
        arena_printf(shape->arena,
                     "const %s *%s = memchr(%s, %.*s, %s);\n%sif (%s != NULL)\n%s%sreturn (%s)(%s - %s);",
                     shape_type_name(shape, &type), found, start, STR_ARG(shape_text(shape, wanted)),
                     libc_amount(shape, stride, start, base, mover), indent, found, indent, unit,
                     shape_type_name(shape, &index.type), found, start));
}

// A search written as `for (..; n < len; n++) if (p[n] == x) break;` is the same as one in the condition.
static void
find_search_break(const struct shape *shape, const struct stride *stride, struct libc_sites *list)
{
    struct node branch = shape_only_statement(stride->body);
    struct node test = shape_strip(node_field(branch, "condition"), false);
    struct node element = shape_strip(node_field(test, "left"), true);
    struct node wanted = shape_strip(node_field(test, "right"), false);
    struct node update = node_field(stride->loop, "update");
    const struct mover *mover;
    struct str base;

    if (!node_is(branch, "if_statement") ||
        !node_is(shape_only_statement(node_field(branch, "consequence")), "break_statement") ||
        !node_is_null(node_field(branch, "alternative")) || !str_is(shape_operator(shape, test), "==") ||
        !stride_access(shape, stride, element, &base, &mover) || stride->mover_count != 1 ||
        !node_same(mover->change, update) || node_is(stride->initializer, "declaration"))
        return;
    struct shape_type type = shape_type(shape, element);
    if (!type.known || type.base.size != 1 || !libc_is_invariant(shape, stride->loop, wanted) ||
        !node_is(node_parent(stride->loop), "compound_statement"))
        return;
    const char *text = search_text(shape, stride, base, mover, wanted, &type);
    if (text == NULL)
        return;
    const char *indent = shape_indent(shape, node_start(stride->loop));
    struct str set = shape_text(shape, stride->initializer);
    if (set.len > 0)
        text = arena_printf(shape->arena, "%.*s;\n%s%s", STR_ARG(set), indent, text);
    libc_add(list, stride->loop, "memchr", text);
}

// `while (*s) s++;` and `while (s[n] != 0) n++;`.
static void
find_length(const struct shape *shape, struct node loop, struct libc_sites *list)
{
    struct node condition = shape_strip(node_field(loop, "condition"), false);
    struct nodes statements = shape_statements(shape, node_field(loop, "body"));
    struct node update = node_field(loop, "update");
    int64_t zero = 0;

    if (str_is(shape_operator(shape, condition), "!=") &&
        shape_constant(shape, node_field(condition, "right"), &zero) && zero == 0)
        condition = shape_strip(node_field(condition, "left"), false);
    if (statements.count != 1 || (!node_is(loop, "while_statement") && !node_is(loop, "for_statement")))
        return;
    if (!node_is_null(shape_expression(statements.items[0])))
        update = shape_expression(statements.items[0]);
    struct shape_type type = shape_type(shape, condition);
    struct node pointer = shape_strip(node_field(condition, "argument"), false);
    struct node index = node_field(condition, "index");
    bool steps = node_is(update, "update_expression") && str_is(shape_operator(shape, update), "++");
    if (!steps || !type.known || type.pointers > 0 || strcmp(type.base.element, "char") != 0 ||
        !node_is(pointer, "identifier") || !node_is_null(node_field(loop, "initializer")))
        return;
    struct str moved = shape_text(shape, shape_strip(node_field(update, "argument"), false));
    struct str p = shape_text(shape, pointer);
    if (node_is(condition, "pointer_expression") && str_eq(moved, p))
        libc_add(list, loop, "strlen",
                 arena_printf(shape->arena, "%.*s += strlen(%.*s);", STR_ARG(p), STR_ARG(p)));
    else if (node_is(condition, "subscript_expression") && str_eq(moved, shape_text(shape, index)))
        libc_add(list, loop, "strlen",
                 starts_at_zero(shape, loop, moved)
                     ? arena_printf(shape->arena, "%.*s = strlen(%.*s);", STR_ARG(moved), STR_ARG(p))
                     : arena_printf(shape->arena, "%.*s += strlen(%.*s + %.*s);", STR_ARG(moved), STR_ARG(p),
                                    STR_ARG(moved)));
}

static struct libc_sites *
find_sites(const struct shape *shape)
{
    struct nodes loops = shape_find_all(shape, "for_statement while_statement");
    struct libc_sites *list = ARENA_NEW(shape->arena, struct libc_sites);

    for (size_t i = 0; i < loops.count; i++) {
        struct stride stride;
        struct node extra;
        bool counted = stride_frame(shape, loops.items[i], &stride, &extra);
        if (counted && node_is_null(extra)) {
            libc_find_block(shape, &stride, list);
            find_search_return(shape, &stride, list);
            find_search_break(shape, &stride, list);
        } else if (counted) {
            find_search(shape, &stride, extra, list);
        } else {
            find_length(shape, loops.items[i], list);
        }
    }
    return list;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return find_sites(&shape)->count;
}

static bool
includes_string(const struct shape *shape)
{
    struct nodes includes = shape_find(shape, syntax_root(shape->syntax), "system_lib_string");

    for (size_t i = 0; i < includes.count; i++) {
        if (str_is(shape_text(shape, includes.items[i]), "<string.h>"))
            return true;
    }
    return false;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct libc_sites *list = find_sites(&shape);

    (void)err;
    if (index >= list->count)
        return 0;
    const struct libc_site *site = &list->items[index];
    struct edit edit = {node_start(site->loop), node_end(site->loop), site->text};
    snprintf(note, 160, "%s instead of a loop in %s", site->name, shape_enclosing(&shape, site->loop)->name);
    return mutation_write(mutation, &edit, 1, includes_string(&shape) ? NULL : "#include <string.h>\n\n",
                          variant);
}

const struct mutator_ops mutate_libc = {
    .name = "libc",
    .summary = "loops over bytes become memchr, strlen, memcpy, memmove, memset or memcmp",
    .technique = TECHNIQUE_LIBC,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
