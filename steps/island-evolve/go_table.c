// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/go_table.h"

#include <stdio.h>

enum { TRUE_A_LINE = 6 };

size_t
go_table_size(const struct shape *shape, const char *type)
{
    struct pure_type known;

    if (!pure_type_of(shape, str_of(type), &known) || known.is_bool)
        return 0;
    if (known.bits == 8 && !known.is_signed)
        return GO_TABLE_BYTES;
    return known.bits == 32 && known.is_signed ? GO_TABLE_ASCII : 0;
}

// Only what is true; keys of one width, so that there is nothing to align.
static void
write_truths(const struct go_table *table, struct buf *text)
{
    size_t written = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->values[i] == 0)
            continue;
        buf_puts(text, written % TRUE_A_LINE == 0 ? (written > 0 ? "\n\t" : "\n\t") : " ");
        buf_printf(text, "0x%02zx: true,", i);
        written++;
    }
    buf_puts(text, written > 0 ? "\n}\n\n" : "}\n\n");
}

static void
write_numbers(const struct go_table *table, struct buf *text)
{
    size_t a_line = table->element.bits > 16 ? 8 : 16;

    for (size_t i = 0; i < table->count; i++) {
        buf_puts(text, i % a_line == 0 ? "\n\t" : " ");
        if (table->element.is_signed)
            buf_printf(text, "%lld,", (long long)table->values[i]);
        else
            buf_printf(text, "0x%0*llx,", (int)table->element.bits / 4, (unsigned long long)table->values[i]);
    }
    buf_puts(text, "\n}\n\n");
}

void
go_table_write(const struct go_table *table, struct buf *text)
{
    buf_printf(text, "// %s %s\nvar %s = [%zu]%s{", table->name, table->comment, table->name, table->count,
               table->type);
    if (table->element.is_bool)
        write_truths(table, text);
    else
        write_numbers(table, text);
}
