// SPDX-License-Identifier: Apache-2.0
// go-bounds: one check of a length before a loop, or before a row of constant indices, lets the compiler
// leave out the check of each index. What the loop indexes is cut to the loop's limit under a name of its
// own.
#include "steps/island-evolve/go_literal.h"
#include "steps/island-evolve/go_mutate.h"

#include <stdio.h>
#include <string.h>

enum { SITES_MAX = 24, EDITS_MAX = 128 };

struct site {
    struct node place; // the statement that the check goes before
    struct node loop;  // with a limit, else no node
    const char *limit; // "len(a)", "n"
    struct str base;   // what is indexed
    __int128 last;     // rows: the largest constant index
};

struct found {
    struct site *items;
    size_t count;
};

static bool
has_base(const struct found *found, struct node place, struct str base)
{
    for (size_t i = 0; i < found->count; i++)
        if (node_same(found->items[i].place, place) && str_eq(found->items[i].base, base))
            return true;
    return false;
}

// The index and the limit of a loop that counts up from anywhere to below a name or a length.
static bool
read_loop(const struct shape *shape, struct node loop, struct str *index, const char **limit,
          struct str *bounded)
{
    struct node head = node_child(loop, 0);
    struct node over = go_strip(node_field(head, "right"));

    *bounded = (struct str){0};
    if (node_is(head, "range_clause")) {
        const char *type = go_type_text(shape, over);
        if (node_is_null(over) || node_count(node_field(head, "left")) == 0)
            return false;
        *index = shape_text(shape, node_child(node_field(head, "left"), 0));
        bool is_list = type[0] == '[' || strcmp(type, "string") == 0;
        if (is_list && node_is(over, "identifier"))
            *bounded = shape_text(shape, over);
        *limit = arena_printf(shape->arena, is_list ? "len(%.*s)" : "%.*s", STR_ARG(shape_text(shape, over)));
        return (is_list || strcmp(type, "int") == 0) && !str_is(*index, "_");
    }
    struct node condition = go_strip(node_field(head, "condition"));
    struct node right = go_strip(node_field(condition, "right"));
    if (!node_is(head, "for_clause") || !str_is(shape_operator(shape, condition), "<") ||
        !node_is(go_strip(node_field(condition, "left")), "identifier"))
        return false;
    *index = shape_text(shape, go_strip(node_field(condition, "left")));
    *limit = arena_str(shape->arena, shape_text(shape, right));
    if (go_is_call(shape, right, "len"))
        *bounded = shape_text(shape, go_argument(right, 0));
    return node_is(right, "identifier") || go_is_call(shape, right, "len");
}

static void
find_in_loop(const struct shape *shape, struct node loop, struct found *found)
{
    struct node body = node_field(loop, "body");
    struct nodes all = shape_find(shape, body, "index_expression");
    struct str index, bounded;
    const char *limit;

    if (!read_loop(shape, loop, &index, &limit, &bounded))
        return;
    for (size_t i = 0; i < all.count && found->count < SITES_MAX; i++) {
        struct node operand = node_field(all.items[i], "operand");
        struct str base = shape_text(shape, operand);
        const char *type = go_type_text(shape, operand);
        bool is_list = strcmp(type, "string") == 0 || strncmp(type, "[]", 2) == 0;
        struct go_variable variable;
        if (!node_is(operand, "identifier") || !is_list || str_eq(base, bounded) ||
            !go_is_name(shape, go_strip(node_field(all.items[i], "index")), index) ||
            go_changes(shape, loop, base) || !go_variable(shape, loop, base, &variable) ||
            has_base(found, loop, base))
            continue;
        found->items[found->count++] = (struct site){loop, loop, limit, base, 0};
    }
}

// The statement of a block that a node stands in.
static struct node
statement_of(struct node node)
{
    struct node above = node_parent(node);

    while (!node_is_null(above) && !node_is(above, "block")) {
        node = above;
        above = node_parent(above);
    }
    return node_is_null(above) ? above : node;
}

// x[0], x[1], x[3]: several constant indices of one name within a block's statements.
static void
find_rows(const struct shape *shape, struct found *found)
{
    struct nodes all = shape_find_all(shape, "index_expression");

    for (size_t i = 0; i < all.count && found->count < SITES_MAX; i++) {
        struct node operand = node_field(all.items[i], "operand"), place = statement_of(all.items[i]);
        struct str base = shape_text(shape, operand);
        const char *type = go_type_text(shape, operand);
        __int128 last = 0, number;
        size_t count = 0;
        if (!node_is(operand, "identifier") || has_base(found, place, base) || node_is_null(place) ||
            (strcmp(type, "string") != 0 && strncmp(type, "[]", 2) != 0))
            continue;
        struct nodes row = shape_find(shape, place, "index_expression");
        for (size_t k = 0; k < row.count; k++) {
            struct node index = node_field(row.items[k], "index");
            if (!go_is_name(shape, node_field(row.items[k], "operand"), base) ||
                !node_is(index, "int_literal") || !go_literal(shape_text(shape, index), &number))
                continue;
            last = number > last ? number : last;
            count++;
        }
        if (count > 1 && last > 0 &&
            node_same(node_parent(node_parent(place)), node_parent(node_parent(place))))
            found->items[found->count++] = (struct site){place, {{0}, NULL, NULL}, NULL, base, last};
    }
}

static struct found
find(const struct shape *shape)
{
    struct found found = {ARENA_ARRAY(shape->arena, struct site, SITES_MAX), 0};
    struct nodes loops = shape_find_all(shape, "for_statement");

    for (size_t i = 0; i < loops.count; i++)
        find_in_loop(shape, loops.items[i], &found);
    find_rows(shape, &found);
    return found;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);

    return find(&shape).count;
}

// Every mention inside of the loop gets the new name.
static size_t
rename_in(const struct shape *shape, struct node node, struct str base, const char *name, struct edit *edits,
          size_t count)
{
    struct nodes all = shape_find(shape, node, "identifier");

    for (size_t i = 0; i < all.count && count < EDITS_MAX; i++)
        if (str_eq(shape_text(shape, all.items[i]), base))
            edits[count++] = (struct edit){node_start(all.items[i]), node_end(all.items[i]), name};
    return count;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct found found = find(&shape);
    struct edit edits[EDITS_MAX + 1];
    size_t count = 0;

    (void)err;
    if (index >= found.count)
        return 0;
    const struct site *site = &found.items[index];
    size_t at = node_start(site->place);
    const char *indent = shape_indent(&shape, at);
    if (node_is_null(site->loop)) {
        snprintf(note, 160, "check the last index of %.*s first (line %u)", STR_ARG(str_head(site->base, 40)),
                 node_line(site->place));
        edits[count++] = (struct edit){
            at, at,
            arena_printf(shape.arena, "_ = %.*s[%u]\n%s", STR_ARG(site->base), (unsigned)site->last, indent)};
        return mutation_write(mutation, edits, count, NULL, variant);
    }
    const char *name = go_fresh(&shape, arena_str(shape.arena, site->base), "cut", (struct str){0});
    edits[count++] = (struct edit){
        at, at,
        arena_printf(shape.arena, "%s := %.*s[:%s]\n%s", name, STR_ARG(site->base), site->limit, indent)};
    count = rename_in(&shape, node_field(site->loop, "body"), site->base, name, edits, count);
    snprintf(note, 160, "cut %.*s to the loop's limit first (line %u)", STR_ARG(str_head(site->base, 40)),
             node_line(site->loop));
    return mutation_write(mutation, edits, count, NULL, variant);
}

const struct mutator_ops mutate_go_bounds = {
    .name = "go-bounds",
    .summary = "one check of a length instead of one for each index",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
