// SPDX-License-Identifier: Apache-2.0
// unroll: a counted loop does two, four or eight rounds at once, with a loop for what is left; or it is
// written out for the count of 4 or 8 and stays for all others, which pays where callers hand over that
// count.
#include "steps/island-evolve/mutate.h"
#include "steps/island-evolve/stride.h"

#include <stdio.h>
#include <string.h>

enum { STATEMENTS_MAX = 8 };

static const struct choice {
    bool guarded; // written out when the count is `rounds`
    int rounds;
} choices[MUTATE_UNROLL_CHOICES] = {{true, 4}, {true, 8}, {false, 4}, {false, 2}, {false, 8}};

struct site {
    struct stride stride;
    struct nodes statements; // of the body
    const char *counter, *bound;
    bool from_zero; // the header sets the counter to 0
};

// The statement before the loop in its block, or no node.
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

// Whether the header, or the statement before a loop without one, sets the counter to 0.
static bool
starts_at_zero(const struct shape *shape, const struct stride *stride)
{
    struct node start = stride->initializer;
    int64_t zero = 1;

    if (node_is_null(start)) {
        start = statement_before(shape, stride->loop);
        if (node_is(start, "expression_statement"))
            start = shape_expression(start);
    }
    struct node declarator = node_field(start, "declarator");
    bool assigns = node_is(start, "assignment_expression") && str_is(shape_operator(shape, start), "=");
    struct node value = assigns ? node_field(start, "right") : node_field(declarator, "value");
    struct node name = assigns ? node_field(start, "left") : node_field(declarator, "declarator");
    return !node_is_null(value) && str_eq(shape_text(shape, name), stride->movers[0].name) &&
           shape_constant(shape, value, &zero) && zero == 0;
}

// The counter moves in the header, or in the last statement, which then counts no more as part of a round.
static bool
moves_at_the_end(struct site *site)
{
    const struct stride *stride = &site->stride;
    struct node change = stride->movers[0].change;

    if (node_same(change, node_field(stride->loop, "update")))
        return true;
    if (site->statements.count < 2 ||
        !node_same(shape_expression(site->statements.items[site->statements.count - 1]), change))
        return false;
    site->statements.count--;
    return true;
}

static bool
read_site(const struct shape *shape, struct node loop, struct site *site)
{
    struct stride *stride = &site->stride;
    struct node extra;

    *site = (struct site){0};
    if (!stride_frame(shape, loop, stride, &extra) || !node_is_null(extra) || stride->mover_count != 1 ||
        stride->movers[0].step != 1 || !node_is(node_parent(loop), "compound_statement"))
        return false;
    site->statements = shape_statements(shape, stride->body);
    if (site->statements.count == 0 || site->statements.count > STATEMENTS_MAX || !moves_at_the_end(site) ||
        shape_find(
            shape, stride->body,
            "break_statement continue_statement goto_statement for_statement while_statement do_statement "
            "labeled_statement")
                .count > 0)
        return false;
    struct str left = str_of(stride->left);
    struct str name = stride->movers[0].name;
    site->counter = arena_str(shape->arena, name);
    if (left.len <= name.len + 3)
        return false;
    site->bound = arena_str(shape->arena, str_head(left, left.len - name.len - 3));
    site->from_zero = starts_at_zero(shape, stride);
    return true;
}

static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site)
{
    struct nodes loops = shape_find_all(shape, "for_statement while_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count && count < limit; i++) {
        struct site candidate;
        if (!read_site(shape, loops.items[i], &candidate))
            continue;
        *site = candidate;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct site site;

    return find_sites(&shape, SIZE_MAX, &site) * MUTATE_UNROLL_CHOICES;
}

// One statement with `counter` in place of the loop's.
static const char *
statement_text(const struct shape *shape, const struct site *site, struct node statement, int round,
               bool absolute)
{
    struct nodes names = shape_find(shape, statement, "identifier");
    struct edit *edits = ARENA_ARRAY(shape->arena, struct edit, names.count + 1);
    size_t count = 0;

    for (size_t i = 0; i < names.count; i++) {
        struct node node = names.items[i];
        bool bracket = node_is(node_parent(node), "subscript_expression");
        if (!str_is(shape_text(shape, node), site->counter) || (!absolute && round == 0))
            continue;
        const char *text = absolute  ? arena_printf(shape->arena, "%d", round)
                           : bracket ? arena_printf(shape->arena, "%s + %d", site->counter, round)
                                     : arena_printf(shape->arena, "(%s + %d)", site->counter, round);
        edits[count++] = (struct edit){node_start(node), node_end(node), text};
    }
    return shape_edited(shape, statement, edits, count);
}

static void
write_rounds(const struct shape *shape, const struct site *site, int rounds, bool absolute, struct buf *text)
{
    const char *indent = shape_indent(shape, node_start(site->stride.loop)), *unit = shape_indent_unit(shape);
    bool declares = shape_find(shape, site->stride.body, "declaration").count > 0;

    for (int round = 0; round < rounds; round++) {
        if (declares)
            buf_printf(text, "%s%s{\n", indent, unit);
        for (size_t i = 0; i < site->statements.count; i++)
            buf_printf(text, "%s%s%s%s\n", indent, unit, declares ? unit : "",
                       statement_text(shape, site, site->statements.items[i], round, absolute));
        if (declares)
            buf_printf(text, "%s%s}\n", indent, unit);
    }
}

static bool
write_guarded(const struct shape *shape, const struct site *site, int rounds, struct buf *text)
{
    struct node loop = site->stride.loop;
    const char *indent = shape_indent(shape, node_start(loop)), *unit = shape_indent_unit(shape);

    if (!site->from_zero || stride_used_later(shape, loop, site->stride.movers[0].name))
        return false;
    buf_printf(text, "if (%s == %d) {\n", site->bound, rounds);
    write_rounds(shape, site, rounds, true, text);
    const char *deeper = arena_printf(shape->arena, "%s%s", indent, unit);
    buf_printf(text, "%s} else {\n%s%s\n%s}", indent, deeper, shape_moved(shape, loop, deeper), indent);
    return true;
}

static bool
write_unrolled(const struct shape *shape, const struct site *site, int rounds, struct buf *text)
{
    struct node initializer = site->stride.initializer, loop = site->stride.loop;
    const char *indent = shape_indent(shape, node_start(loop));
    struct edit edit = {node_start(initializer), node_end(initializer), ""};
    struct variable variable;
    bool declares = node_is(initializer, "declaration");

    // A declaration in the header moves in front of the loops, where its name must be free.
    if (declares && shape_variable(shape, loop, site->stride.movers[0].name, &variable) &&
        node_same(node_parent(variable.declaration), node_parent(loop)))
        return false;
    if (!node_is_null(initializer)) {
        struct str init = shape_text(shape, initializer);
        buf_printf(text, "%.*s%s\n\n%s", STR_ARG(init), declares ? "" : ";", indent);
        edit.text = declares ? ";" : "";
    }
    buf_printf(text, "for (; %s%s >= %d; %s += %d) {\n", site->stride.guard, site->stride.left, rounds,
               site->counter, rounds);
    write_rounds(shape, site, rounds, false, text);
    buf_printf(text, "%s}\n%s%s", indent, indent,
               shape_edited(shape, loop, &edit, node_is_null(initializer) ? 0 : 1));
    return true;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    const struct choice *choice = &choices[index % MUTATE_UNROLL_CHOICES];
    struct site site = {0};
    AUTO_BUF text = BUF(1 << 18);
    size_t loop = index / MUTATE_UNROLL_CHOICES;

    (void)err;
    if (find_sites(&shape, loop + 1, &site) != loop + 1)
        return 0;
    bool done = choice->guarded ? write_guarded(&shape, &site, choice->rounds, &text)
                                : write_unrolled(&shape, &site, choice->rounds, &text);
    if (!done)
        return 0;
    struct edit edit = {node_start(site.stride.loop), node_end(site.stride.loop), buf_text(&text)};
    if (choice->guarded)
        snprintf(note, 160, "write a loop out for a count of %d", choice->rounds);
    else
        snprintf(note, 160, "%d rounds of a loop at once", choice->rounds);
    return mutation_write(mutation, &edit, 1, NULL, variant);
}

const struct mutator_ops mutate_unroll = {
    .name = "unroll",
    .summary = "a counted loop does several rounds at once, or is written out for a small count",
    .technique = TECHNIQUE_LOOP,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
