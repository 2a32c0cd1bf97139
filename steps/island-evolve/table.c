// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/table.h"

#include <string.h>

enum { TABLE_SIZE = 256, LINE_MAX_CHARS = 100 };

static unsigned
write_number(const struct table *table, uint64_t value, char text[32])
{
    AUTO_BUF number = BUF(31);

    if (table->hex_digits > 0)
        buf_printf(&number, "0x%0*llx", (int)table->hex_digits, (unsigned long long)value);
    else
        buf_printf(&number, "%lld", (long long)value);
    memcpy(text, buf_text(&number), number.len + 1);
    return (unsigned)number.len;
}

static size_t
columns_of(const struct table *table)
{
    return table->columns == 0 ? TABLE_SIZE : table->columns;
}

static unsigned
widest(const struct table *table)
{
    unsigned width = 1;
    char number[32];

    for (size_t i = 0; i < table->rows * columns_of(table); i++) {
        unsigned len = write_number(table, table->values[i], number);
        width = len > width ? len : width;
    }
    return width;
}

static void
write_row(const struct table *table, const uint64_t *values, const char *indent, struct buf *text)
{
    unsigned width = widest(table);
    unsigned columns = 16;
    char number[32];

    while (columns > 4 && columns * (width + 2) + strlen(indent) > LINE_MAX_CHARS)
        columns /= 2;
    for (size_t i = 0; i < columns_of(table); i++) {
        unsigned len = write_number(table, values[i], number);
        bool ends = i % columns == columns - 1;
        buf_puts(text, i % columns == 0 ? indent : "");
        buf_printf(text, "%*s%s,%s", (int)(width - len), "", number, ends ? "\n" : " ");
    }
}

void
table_write(const struct table *table, struct buf *text)
{
    AUTO_BUF deeper = BUF(64);

    buf_printf(text, "// %s\nstatic const %s %s", table->comment, table->type, table->name);
    if (table->rows == 1) {
        buf_printf(text, "[%zu] = {\n", columns_of(table));
        write_row(table, table->values, table->unit, text);
        buf_puts(text, "};\n\n");
        return;
    }
    buf_printf(text, "[%zu][%zu] = {\n", table->rows, columns_of(table));
    buf_printf(&deeper, "%s%s", table->unit, table->unit);
    for (size_t row = 0; row < table->rows; row++) {
        buf_printf(text, "%s{\n", table->unit);
        write_row(table, table->values + row * columns_of(table), buf_text(&deeper), text);
        buf_printf(text, "%s},\n", table->unit);
    }
    buf_puts(text, "};\n\n");
}

const char *
table_element(const uint64_t *values)
{
    int64_t low = 0, high = 0;

    for (size_t i = 0; i < TABLE_SIZE; i++) {
        int64_t value = (int64_t)values[i];
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    if (low >= 0 && high <= UINT8_MAX)
        return "unsigned char";
    if (low >= INT8_MIN && high <= INT8_MAX)
        return "signed char";
    if (low >= INT16_MIN && high <= INT16_MAX)
        return "short";
    return low >= INT32_MIN && high <= INT32_MAX ? "int" : "long long";
}

const char table_mix_text[] = "uint64_t atoll_m = atoll_x * 0x9e3779b97f4a7c15ull;\n"
                              "atoll_m ^= atoll_m >> 32;\natoll_m *= 0xd6e8feb86659fd93ull;\n"
                              "atoll_m ^= atoll_m >> 32;\n";

uint64_t
table_mix(uint64_t x)
{
    uint64_t m = x * 0x9e3779b97f4a7c15ull;

    m ^= m >> 32;
    m *= 0xd6e8feb86659fd93ull;
    return m ^ m >> 32;
}
