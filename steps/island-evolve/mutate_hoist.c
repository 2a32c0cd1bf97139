// SPDX-License-Identifier: Apache-2.0
// hoist: a call in a loop's condition whose arguments the loop does not change is made once, before the loop.
#include "steps/island-evolve/mutate.h"

#include <stdio.h>

struct site {
    struct node loop, call;
    const char *type;
};

// Type of a call's result as C text; lengths of the C library's functions count as known.
static const char *
result_text(const struct shape *shape, struct node call)
{
    static const char *const lengths[] = {"strlen", "strnlen", "strspn", "strcspn"};
    struct str name = shape_text(shape, node_field(call, "function"));
    struct shape_type type = shape_type(shape, call);

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        if (str_is(name, lengths[i]))
            return "size_t";
    }
    return type.known && type.pointers == 0 && type.base.size > 0 ? shape_type_name(shape, &type) : NULL;
}

static bool
read_site(const struct shape *shape, struct node loop, struct node call, struct site *site)
{
    struct node arguments = node_field(call, "arguments");
    struct uses uses = shape_uses(shape, arguments);

    if (!node_is(node_parent(loop), "compound_statement") ||
        shape_find(shape, arguments, "assignment_expression update_expression call_expression").count > 0)
        return false;
    for (size_t i = 0; i < uses.count; i++) {
        if (shape_changes(shape, loop, uses.items[i].name))
            return false;
    }
    *site = (struct site){loop, call, result_text(shape, call)};
    return site->type != NULL;
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site)
{
    struct nodes loops = shape_find_all(shape, "for_statement while_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count; i++) {
        struct nodes calls = shape_find(shape, node_field(loops.items[i], "condition"), "call_expression");
        for (size_t j = 0; j < calls.count && count < limit; j++) {
            struct site candidate;
            if (!read_site(shape, loops.items[i], calls.items[j], &candidate))
                continue;
            *site = candidate;
            count++;
        }
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
    struct site site = {0};

    (void)err;
    if (find_sites(&shape, index + 1, &site) != index + 1)
        return 0;
    struct str call = shape_text(&shape, site.call);
    const char *name = shape_fresh(&shape, "fixed");
    const char *indent = shape_indent(&shape, node_start(site.loop));
    const char *before =
        arena_printf(shape.arena, "const %s %s = %.*s;\n\n%s", site.type, name, STR_ARG(call), indent);
    struct edit edits[] = {
        {node_start(site.loop), node_start(site.loop), before},
        {node_start(site.call), node_end(site.call), name},
    };
    snprintf(note, 160, "call %.*s once, before the loop", STR_ARG(str_head(call, 100)));
    for (char *c = note; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    return mutation_write(mutation, edits, 2, NULL, variant);
}

const struct mutator_ops mutate_hoist = {
    .name = "hoist",
    .summary = "a call in a loop's condition is made once, before the loop",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
