// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

#define HEAD "#include <stddef.h>\n#include <stdint.h>\n"

static const char driver[] =
    "int main(void)\n{\n    static unsigned char data[700];\n    unsigned s = 1;\n"
    "    for (size_t i = 0; i < sizeof data; i++) {\n        s = s * 1103515245u + 12345u;\n"
    "        data[i] = (unsigned char)(s >> 16);\n    }\n"
    "    for (unsigned n = 0; n <= 300; n++)\n"
    "        printf(\"%llx\\n\", (unsigned long long)sum(3, (const void *)(data + n), n));\n"
    "    return 0;\n}\n";

// Every width of step gives the same; `steps` of the four can be had.
static void
check(const char *text, size_t steps)
{
    struct rig rig;
    size_t made = 0;

    rig_open(&rig, text, "sum");
    ck_assert_msg(rig_sites(&rig, "slice-table", NULL) == 4, "%s", text);
    for (size_t i = 0; i < 4; i++) {
        const char *variant = rig_apply(&rig, "slice-table", NULL, i);
        if (variant == NULL)
            continue;
        made++;
        rig_same(&rig, variant, driver);
    }
    ck_assert_uint_eq(made, steps);
    rig_close(&rig);
}

START_TEST(bit_by_bit)
{
    check(HEAD
          "#define P 0xEDB88320u\nuint32_t\nsum(uint32_t c, const uint8_t *d, size_t len)\n{\n    c = ~c;\n"
          "    for (size_t i = 0; i < len; i++) {\n        c ^= d[i];\n"
          "        for (int k = 0; k < 8; k++) {\n            if (c & 1)\n"
          "                c = (c >> 1) ^ P;\n            else\n                c >>= 1;\n        }\n    }\n"
          "    return ~c;\n}\n",
          4);
    check(HEAD "uint32_t sum(uint32_t c, const unsigned char *d, unsigned n) {\n"
               " const unsigned char *end = d + n;\n while (d != end) { unsigned b = *d; d += 1;"
               " for (int k = 8; k; --k) { unsigned x = (c ^ b) & 1; c = c >> 1 ^ (0x82F63B78 & (0 - x)); b "
               ">>= 1; } }\n"
               " return c; }\n",
          4);
    check(HEAD "uint32_t sum(uint32_t c, const char *s, unsigned n) {\n unsigned j = 0;\n while (j < n) {"
               " c ^= (unsigned char)s[j++]; for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xEDB88320 : c "
               ">> 1; }\n"
               " return c; }\n",
          4);
}
END_TEST

START_TEST(highest_bit_first)
{
    check(HEAD "uint32_t sum(uint32_t c, const uint8_t *d, size_t n)\n{\n    for (; n > 0; n--, d++) {\n"
               "        c ^= (uint32_t)*d << 24;\n        for (int k = 0; k < 8; k++)\n"
               "            c = c & 0x80000000 ? c << 1 ^ 0x04C11DB7 : c << 1;\n    }\n    return c;\n}\n",
          4);
    check(HEAD
          "uint16_t sum(uint16_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; n > i; i += 1) {\n"
          "        c = (uint16_t)(c ^ (d[i] << 8));\n        for (int k = 0; k < 8; k++)\n"
          "            c = (uint16_t)(c & 0x8000 ? c << 1 ^ 0x1021 : c << 1);\n    }\n    return c;\n}\n",
          4);
    check(HEAD
          "unsigned sum(unsigned c, const uint8_t *d, size_t n)\n{\n    c &= 0xffff;\n    while (n-- > 0) {\n"
          "        c ^= (unsigned)*d++ << 8;\n        for (int k = 0; k < 8; k++)\n"
          "            c = (c & 0x8000 ? c << 1 ^ 0x1021 : c << 1) & 0xffff;\n    }\n    return c;\n}\n",
          4);
}
END_TEST

START_TEST(wide_and_narrow)
{
    check(HEAD
          "uint64_t sum(uint64_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++) {\n"
          "        c ^= d[i];\n        for (int k = 0; k < 8; k++)\n"
          "            c = c & 1 ? c >> 1 ^ 0xC96C5795D7870F42 : c >> 1;\n    }\n    return c;\n}\n",
          3);
    check(HEAD "uint8_t sum(uint8_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++) {\n"
               "        c ^= d[i];\n        for (int k = 0; k < 8; k++)\n"
               "            c = (uint8_t)(c & 1 ? c >> 1 ^ 0xab : c >> 1);\n    }\n    return c;\n}\n",
          4);
}
END_TEST

START_TEST(after_the_inner_loop_is_a_table)
{
    struct rig rig;

    rig_open(&rig,
             HEAD
             "uint32_t\nsum(uint32_t c, const uint8_t *d, size_t len)\n{\n"
             "    for (size_t i = 0; i < len; i++) {\n        c ^= d[i];\n"
             "        for (int k = 0; k < 8; k++)\n            c = (c >> 1) ^ (c & 1 ? 0xEDB88320u : 0);\n"
             "    }\n    return c;\n}\n",
             "sum");
    const char *table = rig_apply(&rig, "tabulate-loop", NULL, 0);
    ck_assert_uint_eq(rig_sites(&rig, "slice-table", table), 4);
    const char *variant = rig_apply(&rig, "slice-table", table, 0);
    rig_same(&rig, variant, driver);
    ck_assert(!rig_holds(variant, "sum_table"));
    ck_assert(rig_holds(variant, "for (; len - i >= 8; i += 8) {"));
    rig_close(&rig);
}
END_TEST

START_TEST(leaves_other_loops_alone)
{
    static const char *const texts[] = {
        HEAD "uint32_t sum(uint32_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++)\n"
             "        c = c * 31 + d[i];\n    return c;\n}\n",
        HEAD "uint32_t sum(uint32_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++)\n"
             "        c = c >> 8 ^ d[i] ^ (uint32_t)i;\n    return c;\n}\n",
        HEAD "uint32_t sum(uint32_t c, uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++) {\n"
             "        c = c >> 8 ^ d[i];\n        d[i] = 0;\n    }\n    return c;\n}\n",
        HEAD
        "uint32_t sum(uint32_t c, const uint8_t *d, size_t n)\n{\n    for (size_t i = 0; i < n; i++) {\n"
        "        if (d[i] == 0)\n            break;\n        c = c >> 8 ^ d[i];\n    }\n    return c;\n}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        rig_open(&rig, texts[i], "sum");
        ck_assert_msg(rig_sites(&rig, "slice-table", NULL) == 0, "%s", texts[i]);
        rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_slice", bit_by_bit, highest_bit_first, wide_and_narrow,
          after_the_inner_loop_is_a_table, leaves_other_loops_alone)
