// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/table.h"

#include "steps/island-evolve/crc.h"
#include "tests/unit/unit.h"

static const char *
element(int64_t low, int64_t high)
{
    uint64_t values[256] = {0};

    values[7] = (uint64_t)low;
    values[200] = (uint64_t)high;
    return table_element(values);
}

START_TEST(narrowest_element)
{
    ck_assert_str_eq(element(0, 255), "unsigned char");
    ck_assert_str_eq(element(-1, 127), "signed char");
    ck_assert_str_eq(element(-128, 0), "signed char");
    ck_assert_str_eq(element(-1, 128), "short");
    ck_assert_str_eq(element(0, 256), "short");
    ck_assert_str_eq(element(-32769, 0), "int");
    ck_assert_str_eq(element(0, INT64_C(1) << 31), "long long");
}
END_TEST

START_TEST(text)
{
    uint64_t values[512];
    AUTO_BUF out = BUF(1 << 16);

    for (size_t i = 0; i < 512; i++)
        values[i] = i % 3 == 0 ? (uint64_t)-1 : i;
    table_write(&(struct table){"Thirds.", "short", "thirds", "\t", values, 1, 0, 0}, &out);
    ck_assert(str_starts(buf_str(&out),
                         STR("// Thirds.\nstatic const short thirds[256] = {\n\t -1,   1,   2,  -1,")));
    ck_assert(str_ends(buf_str(&out), STR("  -1,\n};\n\n")));
    for (struct str rest = buf_str(&out); rest.ptr != NULL;)
        ck_assert_uint_le(str_cut(&rest, '\n').len, 101);
    buf_clear(&out);
    for (size_t i = 0; i < 512; i++)
        values[i] = i;
    table_write(&(struct table){"Two.", "uint16_t", "two", "  ", values, 2, 4, 0}, &out);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "two[2][256] = {\n  {\n    0x0000, 0x0001,"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "  },\n  {\n    0x0100,"));
    buf_clear(&out);
    table_write(&(struct table){"Narrow.", "int", "narrow", "  ", values, 3, 0, 4}, &out);
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "narrow[3][4] = {\n  {\n     0,  1,  2,  3"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "  },\n  {\n     8,  9, 10, 11"));
}
END_TEST

START_TEST(slices_of_a_crc)
{
    struct crc crc = {.high_first = false, .width = 32};
    uint64_t values[3 * 256];

    for (uint64_t b = 0; b < 256; b++) {
        uint64_t v = b;
        for (int i = 0; i < 8; i++)
            v = v & 1 ? v >> 1 ^ 0xEDB88320u : v >> 1;
        crc.table[b] = v;
    }
    ck_assert(crc_slices(&crc, 3, values));
    for (uint64_t b = 0; b < 256; b++) {
        uint64_t v = crc.table[b];
        v = crc.table[v & 0xff] ^ v >> 8;
        ck_assert_uint_eq(values[256 + b], v);
        v = crc.table[v & 0xff] ^ v >> 8;
        ck_assert_uint_eq(values[512 + b], v);
    }
    crc.table[3] ^= 1;
    ck_assert(!crc_slices(&crc, 3, values));
}
END_TEST

START_TEST(mixed_numbers_spread)
{
    uint64_t either = 0, both = UINT64_MAX;

    for (uint64_t x = 1; x < 200; x++) {
        either |= table_mix(x);
        both &= table_mix(x);
        ck_assert_uint_ne(table_mix(x), table_mix(x + 1));
    }
    ck_assert_uint_eq(either, UINT64_MAX);
    ck_assert_uint_eq(both, 0);
}
END_TEST

UNIT_MAIN("steps/island-evolve/table", narrowest_element, text, slices_of_a_crc, mixed_numbers_spread)
