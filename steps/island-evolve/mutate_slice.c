// SPDX-License-Identifier: Apache-2.0
// slice-table: a loop that folds one byte after another into an unsigned number as a CRC does, bit by bit or
// with a table, takes several bytes at once with a table for each of them ("slicing": M. Kounavis and F.
// Berry, 2005), and what is left one by one.
#include "steps/island-evolve/crc.h"
#include "steps/island-evolve/mutate.h"
#include "steps/island-evolve/stride.h"
#include "steps/island-evolve/table.h"

#include <string.h>

enum { SLICES_MAX = 16, LINE_CHARS = 84, TERM_CHARS = 26 };

static const size_t slices[MUTATE_SLICE_CHOICES] = {8, 16, 4, 1};

struct site {
    struct stride stride;
    struct variable number;
    struct crc crc;
    const struct function *function;
};

// What one application writes: names and spellings.
struct plan {
    const struct shape *shape;
    const struct site *site;
    size_t rows;
    const char *number, *type, *word_type, *word, *table, *indent, *unit;
    unsigned bits;
};

// The one variable that the body moves on, beside what walks over the bytes.
static bool
find_number(const struct shape *shape, struct site *site)
{
    struct uses uses = shape_uses(shape, site->stride.body);
    struct str free[STRIDE_MOVERS_MAX + 2];
    size_t count = 0;
    struct str name = {0};

    for (size_t i = 0; i < site->stride.mover_count; i++)
        free[count++] = site->stride.movers[i].name;
    free[count++] = str_of(site->stride.base);
    for (size_t i = 0; i < uses.count; i++) {
        const struct use *use = &uses.items[i];
        struct variable variable;
        bool walks = false;
        for (size_t j = 0; j < count; j++)
            walks = walks || str_eq(use->name, free[j]);
        if (walks || !use->write || !shape_variable(shape, use->node, use->name, &variable) ||
            node_start(variable.declaration) >= node_start(site->stride.body))
            continue;
        if (name.len > 0 && !str_eq(name, use->name))
            return false;
        name = use->name;
        site->number = variable;
    }
    free[count++] = name;
    return name.len > 0 && !site->number.is_global && shape_is_unsigned(&site->number.type) &&
           shape_closed(shape, site->stride.body, free, count, false);
}

static bool
read_site(const struct shape *shape, struct node loop, struct site *site)
{
    struct err ignored;

    *site = (struct site){.function = shape_enclosing(shape, loop)};
    if (!stride_read(shape, loop, &site->stride) || !find_number(shape, site))
        return false;
    return crc_recognise(shape, shape_prelude(shape, site->stride.body),
                         stride_body(shape, &site->stride, "atoll_byte"), site->number.name,
                         site->number.type.base.size * 8, site->stride.element.base.element, &site->crc,
                         &ignored) == 1;
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

    return find_sites(&shape, SIZE_MAX, &site) * MUTATE_SLICE_CHOICES;
}

static const char *
element(const struct plan *plan, size_t offset)
{
    const char *text = stride_element(plan->shape, &plan->site->stride, offset);

    if (plan->site->stride.element.base.is_signed)
        return arena_printf(plan->shape->arena, "(unsigned char)%s", text);
    return text;
}

static const char *
table_row(const struct plan *plan, size_t row)
{
    if (plan->rows == 1)
        return plan->table;
    return arena_printf(plan->shape->arena, "%s[%zu]", plan->table, row);
}

// crc = table[(crc ^ byte) & 0xff] ^ (crc >> 8);
static void
write_single(const struct plan *plan, struct buf *text)
{
    const struct crc *crc = &plan->site->crc;
    const char *v = plan->number, *byte = element(plan, 0), *row = table_row(plan, 0);
    bool narrow = plan->bits < 32;

    buf_printf(text, "%s = ", v);
    if (plan->bits == 8) {
        buf_printf(text, "%s[%s ^ %s];", row, v, byte);
        return;
    }
    if (narrow)
        buf_printf(text, "(%s)(", plan->type);
    if (crc->high_first && crc->width < plan->bits)
        buf_printf(text, "((%s << 8) ^ %s[((%s >> %u) ^ %s) & 0xff]) & 0x%llx", v, row, v, crc->width - 8,
                   byte, (UINT64_C(1) << crc->width) - 1ULL);
    else if (crc->high_first)
        buf_printf(text, "(%s << 8) ^ %s[(%s >> %u) ^ %s]", v, row, v, plan->bits - 8, byte);
    else
        buf_printf(text, "%s[(%s ^ %s) & 0xff] ^ (%s >> 8)", row, v, byte, v);
    buf_puts(text, narrow ? ");" : ";");
}

// The first bytes as one number, combined with the sum so far.
static void
write_word(const struct plan *plan, struct buf *text)
{
    const struct crc *crc = &plan->site->crc;
    size_t bytes = crc->width / 8;

    buf_printf(text, "%s%s%s %s = %s ^ (", plan->indent, plan->unit, plan->word_type, plan->word,
               plan->number);
    for (size_t k = 0; k < bytes; k++) {
        size_t shift = crc->high_first ? crc->width - 8 - 8 * k : 8 * k;
        buf_printf(text, "(%s)%s", plan->word_type, element(plan, k));
        if (shift > 0)
            buf_printf(text, " << %zu", shift);
        if (k + 1 < bytes)
            buf_printf(text, k % 2 == 1 ? " |\n%s%s%s" : " | ", plan->indent, plan->unit, plan->unit);
    }
    buf_puts(text, ");\n\n");
}

// The table's value for the k-th byte of a round.
static const char *
term(const struct plan *plan, size_t k)
{
    const struct crc *crc = &plan->site->crc;
    struct arena *arena = plan->shape->arena;
    const char *row = table_row(plan, plan->rows - 1 - k), *word = plan->word;
    size_t bytes = crc->width / 8;
    size_t shift = crc->high_first ? crc->width - 8 - 8 * k : 8 * k;
    bool top = crc->high_first ? k == 0 : k == bytes - 1;

    if (k >= bytes)
        return arena_printf(arena, "%s[%s]", row, element(plan, k));
    if (bytes == 1)
        return arena_printf(arena, "%s[%s]", row, word);
    if (shift == 0)
        return arena_printf(arena, "%s[%s & 0xff]", row, word);
    if (top)
        return arena_printf(arena, "%s[%s >> %zu]", row, word, shift);
    return arena_printf(arena, "%s[(%s >> %zu) & 0xff]", row, word, shift);
}

static void
write_terms(const struct plan *plan, struct buf *text)
{
    size_t a_line = LINE_CHARS / (strlen(plan->table) + TERM_CHARS);
    bool narrow = plan->bits < 32;

    buf_printf(text, "%s%s%s = ", plan->indent, plan->unit, plan->number);
    if (narrow)
        buf_printf(text, "(%s)(", plan->type);
    for (size_t k = 0; k < plan->rows; k++) {
        buf_puts(text, term(plan, k));
        if (k + 1 == plan->rows)
            buf_puts(text, narrow ? ");\n" : ";\n");
        else if (a_line < 2 || k % a_line == a_line - 1)
            buf_printf(text, " ^\n%s%s%s", plan->indent, plan->unit, plan->unit);
        else
            buf_puts(text, " ^ ");
    }
}

static void
write_fast_loop(const struct plan *plan, struct buf *text)
{
    const struct stride *stride = &plan->site->stride;
    const char *inner = arena_printf(plan->shape->arena, "%s%s", plan->indent, plan->unit);
    bool plain = stride->mover_count == 1;

    if (!node_is_null(stride->initializer)) {
        struct str init = shape_text(plan->shape, stride->initializer);
        buf_printf(text, "%.*s%s\n\n%s", STR_ARG(init), str_ends(init, STR(";")) ? "" : ";", plan->indent);
    }
    if (plain)
        buf_printf(text, "for (; %s%s >= %zu; %.*s %s %zu) {\n", stride->guard, stride->left, plan->rows,
                   STR_ARG(stride->movers[0].name), stride->movers[0].step > 0 ? "+=" : "-=", plan->rows);
    else
        buf_printf(text, "while (%s%s >= %zu) {\n", stride->guard, stride->left, plan->rows);
    write_word(plan, text);
    write_terms(plan, text);
    if (!plain)
        buf_puts(text, stride_advance(plan->shape, stride, plan->rows, inner));
    buf_printf(text, "%s}\n%s", plan->indent, plan->indent);
}

static void
write_body(const struct plan *plan, struct buf *text)
{
    const struct stride *stride = &plan->site->stride;
    AUTO_BUF inner = BUF(1024);
    bool alone = true;

    write_single(plan, &inner);
    for (size_t i = 0; i < stride->mover_count; i++) {
        const struct mover *mover = &stride->movers[i];
        if (node_start(mover->change) < node_start(stride->body) ||
            node_end(mover->change) > node_end(stride->body))
            continue;
        alone = false;
        buf_printf(&inner, "\n%s%s%.*s%s;", plan->indent, plan->unit, STR_ARG(mover->name),
                   mover->step > 0 ? "++" : "--");
    }
    bool braces = node_is(stride->body, "compound_statement") || !alone;
    if (braces)
        buf_printf(text, "{\n%s%s%s\n%s}", plan->indent, plan->unit, buf_text(&inner), plan->indent);
    else
        buf_add_str(text, buf_str(&inner));
}

// A table of the variant that only the old body used goes with it.
static size_t
drop_table(const struct plan *plan, struct edit *edit)
{
    const struct shape *shape = plan->shape;
    struct node body = plan->site->stride.body;
    struct uses uses = shape_uses(shape, body);

    for (size_t i = 0; i < uses.count; i++) {
        struct variable variable;
        struct str name = uses.items[i].name;
        if (!shape_variable(shape, uses.items[i].node, name, &variable) || !variable.is_global ||
            !shape_in_variant(shape, variable.declaration) ||
            shape_count(shape, syntax_root(shape->syntax), name) != shape_count(shape, body, name) + 1)
            continue;
        size_t start = node_start(variable.declaration), end = node_end(variable.declaration);
        struct str text = syntax_text(shape->syntax);
        size_t comment = syntax_comment_start(shape->syntax, start);
        start = comment >= shape->mutation->variant_start ? comment : start;
        while (end < shape->mutation->variant_end && text.ptr[end] == '\n')
            end++;
        *edit = (struct edit){start, end, ""};
        return 1;
    }
    return 0;
}

// Not where the counter would be declared twice in one block.
static bool
can_hoist(const struct shape *shape, const struct stride *stride)
{
    struct node block = node_parent(stride->loop);
    struct variable variable;

    if (!node_is(block, "compound_statement"))
        return false;
    if (!node_is(stride->initializer, "declaration"))
        return true;
    return stride->mover_count > 0 &&
           (!shape_variable(shape, stride->loop, stride->movers[0].name, &variable) ||
            !node_same(node_parent(variable.declaration), block));
}

static bool
write_variant(struct plan *plan, const uint64_t *values, struct buf *variant)
{
    const struct stride *stride = &plan->site->stride;
    const struct mutation *mutation = plan->shape->mutation;
    AUTO_BUF prologue = BUF(1 << 20);
    AUTO_BUF before = BUF(1 << 14);
    AUTO_BUF body = BUF(1 << 14);
    struct edit edits[4];
    size_t count = 0;

    const char *what = plan->rows == 1 ? "" : " when k bytes follow it";
    char *text = arena_printf(plan->shape->arena, "%s a byte comes to in %s()%s.",
                              plan->rows == 1 ? "What" : "Row k: what", plan->site->function->name, what);
    table_write(&(struct table){.comment = text,
                                .type = plan->type,
                                .name = plan->table,
                                .unit = plan->unit,
                                .values = values,
                                .rows = plan->rows,
                                .hex_digits = plan->site->crc.width / 4},
                &prologue);
    if (plan->rows > 1) {
        write_fast_loop(plan, &before);
        edits[count++] = (struct edit){node_start(stride->loop), node_start(stride->loop), buf_text(&before)};
        if (!node_is_null(stride->initializer))
            edits[count++] = (struct edit){node_start(stride->initializer), node_end(stride->initializer),
                                           node_is(stride->initializer, "declaration") ? ";" : ""};
    }
    write_body(plan, &body);
    edits[count++] = (struct edit){node_start(stride->body), node_end(stride->body), buf_text(&body)};
    count += drop_table(plan, &edits[count]);
    return mutation_write(mutation, edits, count, buf_text(&prologue), variant);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct site site = {0};
    size_t rows = slices[index % MUTATE_SLICE_CHOICES];
    uint64_t *values = ARENA_ARRAY(mutation->arena, uint64_t, SLICES_MAX * 256);

    (void)err;
    if (find_sites(&shape, index / MUTATE_SLICE_CHOICES + 1, &site) != index / MUTATE_SLICE_CHOICES + 1 ||
        !crc_slices(&site.crc, rows, values))
        return 0;
    if (rows > 1 && (rows < site.crc.width / 8 || !can_hoist(&shape, &site.stride)))
        return 0;
    unsigned bits = site.number.type.base.size * 8;
    const char *type = shape_type_name(&shape, &site.number.type);
    struct plan plan = {
        .shape = &shape,
        .site = &site,
        .rows = rows,
        .number = arena_str(shape.arena, site.number.name),
        .type = type,
        .word_type = bits < 32 ? "unsigned" : type,
        .word = shape_fresh(&shape, "word"),
        .table = shape_fresh(
            &shape, arena_printf(shape.arena, rows == 1 ? "%s_bytes" : "%s_slices", site.function->name)),
        .indent = shape_indent(&shape, node_start(site.stride.loop)),
        .unit = shape_indent_unit(&shape),
        .bits = bits,
    };
    snprintf(note, 160, "take %zu byte%s at once in %s, a table for each", rows, rows == 1 ? "" : "s",
             site.function->name);
    return write_variant(&plan, values, variant);
}

const struct mutator_ops mutate_slice_table = {
    .name = "slice-table",
    .summary = "a loop that folds bytes into a checksum takes 4, 8 or 16 of them at once",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
