// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/crc.h"

#include "steps/island-evolve/table.h"

#include <string.h>

// Questions come in sections of one width each: 256 bytes into an empty number, then mixed numbers and bytes.
enum { SECTION = 1280, TABLE_SIZE = 256, WIDTHS_MAX = 5 };

static uint64_t
mask_of(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static size_t
widths_of(unsigned bits, bool has_byte, unsigned widths[WIDTHS_MAX])
{
    static const unsigned narrower[] = {32, 24, 16};
    size_t count = 0;

    if (!has_byte)
        widths[count++] = 8;
    if (has_byte || bits > 8)
        widths[count++] = bits;
    for (size_t i = 0; i < sizeof narrower / sizeof *narrower; i++) {
        if (narrower[i] < bits)
            widths[count++] = narrower[i];
    }
    return count;
}

static char *
write_body(const struct shape *shape, const char *code, struct str name, unsigned bits, const char *byte_type,
           const unsigned *widths, size_t count)
{
    AUTO_BUF body = BUF(1 << 20);

    buf_puts(&body,
             "const uint64_t atoll_x = x;\nuint64_t atoll_y;\nstatic const unsigned atoll_widths[] = {");
    for (size_t i = 0; i < count; i++)
        buf_printf(&body, "%u, ", widths[i]);
    buf_printf(&body,
               "};\nconst unsigned atoll_w = atoll_widths[atoll_x / %d];\nconst uint64_t atoll_r = atoll_x "
               "%% %d;\n%s",
               SECTION, SECTION, table_mix_text);
    buf_puts(&body,
             "uint64_t atoll_v = atoll_w == 64 ? atoll_m : atoll_m & ((UINT64_C(1) << atoll_w) - 1);\n");
    if (byte_type == NULL)
        buf_puts(&body, "if (atoll_r < 256) atoll_v = atoll_r << (atoll_w - 8);\n");
    else
        buf_printf(&body,
                   "if (atoll_r < 256) atoll_v = 0;\n"
                   "const %s atoll_byte = (%s)(atoll_r < 256 ? atoll_r : (atoll_m >> 7) & 255);\n",
                   byte_type, byte_type);
    buf_printf(
        &body,
        "{\nuint%u_t %.*s = (uint%u_t)atoll_v;\ndo {\n%s\n} while (0);\natoll_y = %.*s;\n}\ny = atoll_y;",
        bits, STR_ARG(name), bits, code, STR_ARG(name));
    return arena_str(shape->arena, buf_str(&body));
}

static bool
is_low_first(const struct crc *crc, size_t section, unsigned bits, bool has_byte, const uint64_t *values)
{
    for (size_t r = TABLE_SIZE; r < SECTION; r++) {
        uint64_t m = table_mix(section * SECTION + r);
        uint64_t v = m & mask_of(bits);
        uint64_t byte = has_byte ? (m >> 7) & 0xff : 0;
        if (values[section * SECTION + r] != (crc->table[(v ^ byte) & 0xff] ^ (v >> 8)))
            return false;
    }
    return true;
}

static bool
is_high_first(const struct crc *crc, size_t section, unsigned width, bool has_byte, const uint64_t *values)
{
    for (size_t r = TABLE_SIZE; r < SECTION; r++) {
        uint64_t m = table_mix(section * SECTION + r);
        uint64_t v = m & mask_of(width);
        uint64_t byte = has_byte ? (m >> 7) & 0xff : 0;
        uint64_t moved = (crc->table[((v >> (width - 8)) ^ byte) & 0xff] ^ (v << 8)) & mask_of(width);
        if (values[section * SECTION + r] != moved)
            return false;
    }
    return true;
}

static bool
find_form(const unsigned *widths, size_t count, unsigned bits, bool has_byte, const uint64_t *values,
          struct crc *crc)
{
    size_t full =
        has_byte || count == 1 ? 0 : 1; // section of all bits; the section before it has the low bytes

    memcpy(crc->table, values, sizeof crc->table);
    crc->width = bits;
    crc->high_first = false;
    if (is_low_first(crc, full, bits, has_byte, values))
        return true;
    crc->high_first = true;
    for (size_t s = full; s < count; s++) {
        memcpy(crc->table, values + s * SECTION, sizeof crc->table);
        crc->width = widths[s];
        if (is_high_first(crc, s, widths[s], has_byte, values))
            return true;
    }
    return false;
}

int
crc_recognise(const struct shape *shape, struct str prelude, const char *code, struct str name, unsigned bits,
              const char *byte_type, struct crc *crc, struct err *err)
{
    unsigned widths[WIDTHS_MAX];
    size_t count = widths_of(bits, byte_type != NULL, widths);
    uint64_t *values = ARENA_ARRAY(shape->arena, uint64_t, count * SECTION);
    const char *body = write_body(shape, code, name, bits, byte_type, widths, count);

    int found = oracle_evaluate(shape->mutation->oracle, prelude, str_of(body), count * SECTION, values, err);
    if (found <= 0)
        return found;
    return find_form(widths, count, bits, byte_type != NULL, values, crc);
}

bool
crc_slices(const struct crc *crc, size_t rows, uint64_t *values)
{
    for (unsigned k = 0; k < TABLE_SIZE; k++) {
        uint64_t sum = 0;
        for (unsigned bit = 0; bit < 8; bit++)
            sum ^= (k >> bit & 1) != 0 ? crc->table[1u << bit] : 0;
        if (sum != crc->table[k])
            return false;
        values[k] = sum;
    }
    for (size_t i = TABLE_SIZE; i < rows * TABLE_SIZE; i++) {
        uint64_t v = values[i - TABLE_SIZE];
        if (crc->high_first)
            values[i] = (v << 8 ^ crc->table[v >> (crc->width - 8) & 0xff]) & mask_of(crc->width);
        else
            values[i] = v >> 8 ^ crc->table[v & 0xff];
    }
    return true;
}
