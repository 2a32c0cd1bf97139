// SPDX-License-Identifier: Apache-2.0
// go-slice-table: a loop that folds one byte after another into an unsigned number as a CRC does, bit by bit
// or with a table, takes several bytes at once with a table for each of them ("slicing": M. Kounavis and F.
// Berry, 2005), and what is left one by one. Indices are bytes or shifted so far that no bounds check is
// left.
#include "steps/island-evolve/go_crc.h"
#include "steps/island-evolve/go_mutate.h"

#include <stdio.h>
#include <string.h>

enum { SLICES_MAX = 16, LINE_TERMS = 2 };

static const size_t slices[GO_SLICE_CHOICES] = {8, 16, 4, 1};

struct plan {
    const struct shape *shape;
    const struct go_crc *found;
    size_t rows;
    const char *table, *rest, *word, *byte, *indent, *word_type;
    unsigned word_bits;
};

static size_t
find_sites(const struct shape *shape, size_t limit, struct go_crc *last)
{
    struct nodes loops = shape_find_all(shape, "for_statement");
    size_t count = 0;

    for (size_t i = 0; i < loops.count && count < limit; i++) {
        struct go_crc found;
        if (!go_crc_recognise(shape, loops.items[i], &found))
            continue;
        *last = found;
        count++;
    }
    return count;
}

static size_t
sites(const struct mutation *mutation)
{
    struct shape shape = shape_of(mutation);
    struct go_crc found;

    return find_sites(&shape, SIZE_MAX, &found) * GO_SLICE_CHOICES;
}

static void
write_row(const uint64_t *values, unsigned digits, const char *indent, struct buf *text)
{
    size_t a_line = digits > 8 ? 4 : digits > 4 ? 8 : 16;

    for (size_t i = 0; i < 256; i++)
        buf_printf(text, "%s0x%0*llx,%s", i % a_line == 0 ? indent : " ", (int)digits,
                   (unsigned long long)values[i], i % a_line == a_line - 1 ? "\n" : "");
}

static void
write_table(const struct plan *plan, const uint64_t *values, struct buf *text)
{
    unsigned digits = plan->found->crc.width / 4;
    const char *function = plan->shape->mutation->function.name;

    if (plan->rows == 1) {
        buf_printf(text, "// %s is what a byte comes to in %s.\nvar %s = [256]%s{\n", plan->table, function,
                   plan->table, plan->found->type);
        write_row(values, digits, "\t", text);
    } else {
        buf_printf(text,
                   "// %s holds in row k what a byte comes to in %s when k bytes follow it.\nvar %s = "
                   "[%zu][256]%s{\n",
                   plan->table, function, plan->table, plan->rows, plan->found->type);
        for (size_t row = 0; row < plan->rows; row++) {
            buf_puts(text, "\t{\n");
            write_row(values + row * 256, digits, "\t\t", text);
            buf_puts(text, "\t},\n");
        }
    }
    buf_puts(text, "}\n\n");
}

// crc = table[byte(crc)^b] ^ crc>>8
static void
write_single(const struct plan *plan, struct buf *text)
{
    const struct crc *crc = &plan->found->crc;
    struct str v = plan->found->number;
    const char *row = plan->rows == 1 ? plan->table : arena_printf(plan->shape->arena, "%s[0]", plan->table);
    unsigned bits = plan->found->bits;

    buf_printf(text, "%.*s = ", STR_ARG(v));
    if (bits == 8)
        buf_printf(text, "%s[byte(%.*s)^%s]", row, STR_ARG(v), plan->byte);
    else if (crc->high_first && crc->width < bits)
        buf_printf(text, "(%s[byte(%.*s>>%u)^%s] ^ %.*s<<8) & 0x%llx", row, STR_ARG(v), crc->width - 8,
                   plan->byte, STR_ARG(v), (UINT64_C(1) << crc->width) - 1ULL);
    else if (crc->high_first)
        buf_printf(text, "%s[byte(%.*s>>%u)^%s] ^ %.*s<<8", row, STR_ARG(v), bits - 8, plan->byte,
                   STR_ARG(v));
    else
        buf_printf(text, "%s[byte(%.*s)^%s] ^ %.*s>>8", row, STR_ARG(v), plan->byte, STR_ARG(v));
    buf_putc(text, '\n');
}

// The first bytes as one number, combined with the sum so far.
static void
write_word(const struct plan *plan, struct buf *text)
{
    const struct crc *crc = &plan->found->crc;
    size_t bytes = crc->width / 8;

    buf_printf(text, "%s\t%s := %.*s ^ (", plan->indent, plan->word, STR_ARG(plan->found->number));
    for (size_t k = 0; k < bytes; k++) {
        size_t shift = crc->high_first ? crc->width - 8 - 8 * k : 8 * k;
        buf_printf(text, "%s%s(%s[%zu])", k > 0 ? " | " : "", plan->found->type, plan->rest, k);
        if (shift > 0)
            buf_printf(text, "<<%zu", shift);
    }
    buf_puts(text, ")\n");
}

// The table's value for the k-th byte of a round.
static const char *
term(const struct plan *plan, size_t k)
{
    const struct crc *crc = &plan->found->crc;
    struct arena *arena = plan->shape->arena;
    size_t row = plan->rows - 1 - k, bytes = crc->width / 8;
    size_t shift = crc->high_first ? crc->width - 8 - 8 * k : 8 * k;

    if (k >= bytes)
        return arena_printf(arena, "%s[%zu][%s[%zu]]", plan->table, row, plan->rest, k);
    if (shift == 0)
        return arena_printf(arena, "%s[%zu][byte(%s)]", plan->table, row, plan->word);
    return arena_printf(arena, "%s[%zu][byte(%s>>%zu)]", plan->table, row, plan->word, shift);
}

static void
write_fast_loop(const struct plan *plan, struct buf *text)
{
    const struct go_crc *found = plan->found;

    buf_printf(text, "%s := %.*s\n%sfor len(%s) >= %zu {\n", plan->rest, STR_ARG(found->stride.base),
               plan->indent, plan->rest, plan->rows);
    write_word(plan, text);
    buf_printf(text, "%s\t%.*s = ", plan->indent, STR_ARG(found->number));
    for (size_t k = 0; k < plan->rows; k++) {
        buf_puts(text, term(plan, k));
        if (k + 1 < plan->rows)
            buf_printf(text, k % LINE_TERMS == LINE_TERMS - 1 ? " ^\n%s\t\t" : " ^ ", plan->indent);
    }
    buf_printf(text, "\n%s\t%s = %s[%zu:]\n%s}\n%s", plan->indent, plan->rest, plan->rest, plan->rows,
               plan->indent, plan->indent);
}

// What is left, byte by byte; a string's bytes are read by index, its range would give characters.
static void
write_tail(const struct plan *plan, struct buf *text)
{
    const struct go_crc *found = plan->found;
    const char *base = plan->rows == 1 ? arena_str(plan->shape->arena, found->stride.base) : plan->rest;

    if (strcmp(found->stride.type, "string") == 0)
        buf_printf(text, "for %s := range []byte(%s) {\n",
                   arena_printf(plan->shape->arena, "_, %s", plan->byte), base);
    else
        buf_printf(text, "for _, %s := range %s {\n", plan->byte, base);
    buf_printf(text, "%s\t", plan->indent);
    write_single(plan, text);
    buf_printf(text, "%s}", plan->indent);
}

static int
apply(const struct mutation *mutation, size_t index, struct buf *variant, char note[160], struct err *err)
{
    struct shape shape = shape_of(mutation);
    struct go_crc found;
    size_t rows = slices[index % GO_SLICE_CHOICES], wanted = index / GO_SLICE_CHOICES + 1;
    uint64_t *values = ARENA_ARRAY(mutation->arena, uint64_t, SLICES_MAX * 256);
    AUTO_BUF prologue = BUF(1 << 20), text = BUF(1 << 16);

    (void)err;
    if (find_sites(&shape, wanted, &found) != wanted || !crc_slices(&found.crc, rows, values))
        return 0;
    if (rows > 1 && (rows < found.crc.width / 8 || found.bits == 8))
        return 0;
    const char *own = go_own_name(&mutation->function);
    struct plan plan = {
        .shape = &shape,
        .found = &found,
        .rows = rows,
        .table = go_fresh(&shape, own, rows == 1 ? "bytes" : "slices", (struct str){0}),
        .rest = go_fresh(&shape, "rest", "", (struct str){0}),
        .word = go_fresh(&shape, "word", "", (struct str){0}),
        .byte = go_fresh(&shape, "b", "", (struct str){0}),
        .indent = shape_indent(&shape, node_start(found.stride.loop)),
    };
    write_table(&plan, values, &prologue);
    if (rows > 1)
        write_fast_loop(&plan, &text);
    write_tail(&plan, &text);
    snprintf(note, 160, "take %zu byte%s at once in %s, a table for each", rows, rows == 1 ? "" : "s",
             mutation->function.name);
    struct edit edit = {node_start(found.stride.loop), node_end(found.stride.loop), buf_text(&text)};
    return mutation_write(mutation, &edit, 1, buf_text(&prologue), variant);
}

const struct mutator_ops mutate_go_slice_table = {
    .name = "go-slice-table",
    .summary = "a loop that folds bytes into a checksum takes 4, 8 or 16 of them at once",
    .technique = TECHNIQUE_TABLE,
    .sites = sites,
    .apply = apply,
    .systematic = true,
};
