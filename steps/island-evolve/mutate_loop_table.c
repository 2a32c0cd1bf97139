// SPDX-License-Identifier: Apache-2.0
// tabulate-loop: an inner loop that only moves one unsigned number on, such as the eight shifts of a CRC,
// becomes one look-up in a table of what it makes of each lowest (or highest) byte.
#include "steps/island-evolve/crc.h"
#include "steps/island-evolve/mutate.h"
#include "steps/island-evolve/table.h"

#include "base/vec.h"

enum { COUNTERS_MAX = 4 };

struct site {
    struct node loop;
    struct node first; // statement that sets the loop's counter before it, or the loop itself
    struct variable number;
    const struct function *function;
};

// Whether an assignment sets a variable of that name to a constant.
static bool
sets(const struct shape *shape, struct node assignment, struct str name)
{
    int64_t value;

    return node_is(assignment, "assignment_expression") && str_is(shape_operator(shape, assignment), "=") &&
           str_eq(shape_text(shape, node_field(assignment, "left")), name) &&
           shape_constant(shape, node_field(assignment, "right"), &value);
}

static bool
starts(const struct shape *shape, struct node declaration, struct str name)
{
    struct node declarator = node_field(declaration, "declarator");
    int64_t value;

    return node_is(declaration, "declaration") && node_is(declarator, "init_declarator") &&
           str_eq(shape_text(shape, node_field(declarator, "declarator")), name) &&
           shape_constant(shape, node_field(declarator, "value"), &value);
}

// A variable that the loop counts with: set to a constant right before it.
static bool
is_own_counter(const struct shape *shape, struct node loop, struct str name, struct node *first)
{
    struct nodes siblings = shape_statements(shape, node_parent(loop));

    if (sets(shape, node_field(loop, "initializer"), name))
        return true;
    for (size_t i = 1; i < siblings.count; i++) {
        struct node before = siblings.items[i - 1];
        if (!node_same(siblings.items[i], loop))
            continue;
        if (!sets(shape, shape_expression(before), name) && !starts(shape, before, name))
            return false;
        *first = before;
        return true;
    }
    return false;
}

static bool
add_name(struct str *names, size_t *count, struct str name)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    if (*count == COUNTERS_MAX)
        return false;
    names[(*count)++] = name;
    return true;
}

static bool
read_site(const struct shape *shape, struct node loop, struct site *site)
{
    struct uses uses = shape_uses(shape, loop);
    struct str changed[COUNTERS_MAX];
    size_t count = 0, numbers = 0;

    *site = (struct site){.loop = loop, .first = loop, .function = shape_enclosing(shape, loop)};
    for (size_t i = 0; i < uses.count; i++) {
        const struct use *use = &uses.items[i];
        struct variable variable;
        if (use->element_write || use->address)
            return false;
        if (!use->write || !shape_variable(shape, use->node, use->name, &variable))
            continue;
        bool inner = node_start(variable.declaration) >= node_start(loop);
        if (!inner && (variable.is_global || !add_name(changed, &count, use->name)))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_own_counter(shape, loop, changed[i], &site->first))
            continue;
        numbers++;
        if (!shape_variable(shape, loop, changed[i], &site->number))
            return false;
    }
    return numbers == 1 && shape_is_unsigned(&site->number.type) &&
           shape_closed(shape, loop, changed, count, false);
}

static const char *
region_text(const struct shape *shape, const struct site *site)
{
    struct node initializer = node_field(site->loop, "initializer");
    struct variable counter;
    const char *declaration = "";

    if (node_is(initializer, "assignment_expression")) {
        struct str name = shape_text(shape, node_field(initializer, "left"));
        if (shape_variable(shape, site->loop, name, &counter))
            declaration = arena_printf(shape->arena, "%s %.*s;\n", shape_type_name(shape, &counter.type),
                                       STR_ARG(name));
    } else if (node_is(site->first, "expression_statement")) {
        struct str name = shape_text(shape, node_field(shape_expression(site->first), "left"));
        if (shape_variable(shape, site->first, name, &counter))
            declaration = arena_printf(shape->arena, "%s %.*s;\n", shape_type_name(shape, &counter.type),
                                       STR_ARG(name));
    }
    return arena_printf(shape->arena, "%s%.*s", declaration,
                        STR_ARG(shape_between(shape, node_start(site->first), node_end(site->loop))));
}

static int
recognise(const struct shape *shape, const struct site *site, struct crc *crc, struct err *err)
{
    return crc_recognise(shape, shape_prelude(shape, site->loop), region_text(shape, site), site->number.name,
                         site->number.type.base.size * 8, NULL, crc, err);
}

// The sites that the oracle confirms, up to `limit`; the last one's table in `crc`.
static size_t
find_sites(const struct shape *shape, size_t limit, struct site *site, struct crc *crc)
{
    struct nodes loops = shape_find_all(shape, "for_statement while_statement do_statement");
    size_t count = 0;
    struct err ignored;

    for (size_t i = 0; i < loops.count && count < limit; i++) {
        struct site candidate;
        if (!read_site(shape, loops.items[i], &candidate) || recognise(shape, &candidate, crc, &ignored) != 1)
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
    struct crc crc;

    return find_sites(&shape, SIZE_MAX, &site, &crc);
}

static const char *
look_up(const struct shape *shape, const struct site *site, const struct crc *crc, const char *table)
{
    const char *v = arena_str(shape->arena, site->number.name);
    const char *type = shape_type_name(shape, &site->number.type);
    unsigned bits = site->number.type.base.size * 8;

    if (bits == 8)
        return arena_printf(shape->arena, "%s = %s[%s];", v, table, v);
    if (crc->high_first && crc->width < bits)
        return arena_printf(shape->arena, "%s = ((%s << 8) ^ %s[(%s >> %u) & 0xff]) & 0x%llx;", v, v, table,
                            v, crc->width - 8, (UINT64_C(1) << crc->width) - 1ULL);
    const char *open = bits < 32 ? arena_printf(shape->arena, "(%s)(", type) : "";
    const char *close = bits < 32 ? ")" : "";
    if (crc->high_first)
        return arena_printf(shape->arena, "%s = %s(%s << 8) ^ %s[%s >> %u]%s;", v, open, v, table, v,
                            bits - 8, close);
    return arena_printf(shape->arena, "%s = %s%s[%s & 0xff] ^ (%s >> 8)%s;", v, open, table, v, v, close);
}

// A counter that nothing else uses goes with its loop.
static size_t
drop_counter(const struct shape *shape, const struct site *site, struct edit *edit)
{
    struct node set = node_field(site->loop, "initializer");
    struct variable counter;

    if (!node_is(set, "assignment_expression"))
        set = shape_expression(site->first);
    struct str name = shape_text(shape, node_field(set, "left"));
    if (name.len == 0 || !shape_variable(shape, site->loop, name, &counter) || counter.is_parameter ||
        !node_is(node_field(counter.declaration, "declarator"), "identifier") ||
        shape_find(shape, counter.declaration, "identifier").count != 1)
        return 0;
    size_t inside = shape_count(shape, site->loop, name);
    if (!node_same(site->first, site->loop))
        inside += shape_count(shape, site->first, name);
    if (shape_count(shape, site->function->node, name) != inside + 1)
        return 0;
    struct str text = syntax_text(shape->syntax);
    size_t end = node_end(counter.declaration);
    while (end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\n' || text.ptr[end] == '\t'))
        end++;
    *edit = (struct edit){node_start(counter.declaration), end, ""};
    return 1;
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site = {0};
    struct crc crc = {0};
    AUTO_BUF prologue = BUF(1 << 16);
    struct edit edits[2];

    (void)err;
    if (find_sites(&shape, index + 1, &site, &crc) != index + 1)
        return 0;
    unsigned bits = site.number.type.base.size * 8;
    const char *name = shape_fresh(&shape, arena_printf(shape.arena, "%s_table", site.function->name));
    table_write(
        &(struct table){.comment = arena_printf(
                            shape.arena, "What the inner loop of %s() makes of each value of the %s byte.",
                            site.function->name, crc.high_first ? "highest" : "lowest"),
                        .type = shape_type_name(&shape, &site.number.type),
                        .name = name,
                        .unit = shape_indent_unit(&shape),
                        .values = crc.table,
                        .rows = 1,
                        .hex_digits = (crc.high_first ? crc.width : bits) / 4},
        &prologue);
    edits[0] = (struct edit){node_start(site.first), node_end(site.loop), look_up(&shape, &site, &crc, name)};
    size_t count = 1 + drop_counter(&shape, &site, &edits[1]);
    snprintf(note, 160, "tabulate the inner loop of %s over each value of a byte", site.function->name);
    return mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_tabulate_loop = {
    .name = "tabulate-loop",
    .summary = "an inner loop over one number becomes a table of 256 results",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
