// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

#define HEAD "#include <stddef.h>\n#include <stdint.h>\n#define POLY 0xEDB88320u\n"

// A byte-wise checksum over words of a type, with the inner loop given.
#define CHECKSUM(type, start, loop)                                                                       \
    HEAD type "\nsum(" type " acc, const uint8_t *p, size_t n)\n{\n    acc ^= (" type ")" start ";\n"     \
              "    for (size_t at = 0; at < n; ++at) {\n        acc ^= (" type ")p[at];\n" loop "    }\n" \
              "    return acc;\n}\n"

static const char driver[] =
    "int main(void)\n{\n    unsigned char data[300];\n    unsigned s = 1;\n"
    "    for (size_t i = 0; i < sizeof data; i++) {\n        s = s * 1103515245u + 12345u;\n"
    "        data[i] = (unsigned char)(s >> 16);\n    }\n"
    "    for (size_t n = 0; n <= sizeof data; n++)\n"
    "        printf(\"%llx\\n\", (unsigned long long)sum(3, data, n));\n    return 0;\n}\n";

static void
check(const char *text, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, "sum");
    ck_assert_msg(rig_sites(&rig, "tabulate-loop", NULL) == 1, "%s", text);
    const char *variant = rig_apply(&rig, "tabulate-loop", NULL, 0);
    ck_assert_msg(rig_holds(variant, "static const "), "%s", text);
    ck_assert_msg(rig_holds(variant, expected), "%s", variant);
    rig_same(&rig, variant, driver);
    ck_assert_uint_eq(rig_sites(&rig, "tabulate-loop", variant), 0);
    ck_assert_ptr_null(rig_apply(&rig, "tabulate-loop", NULL, 1));
    rig_close(&rig);
}

START_TEST(lowest_bit_first)
{
    check(CHECKSUM("uint32_t", "0xffffffffu",
                   "        for (int bit = 0; bit < 8; bit++) {\n            if (acc & 1)\n"
                   "                acc = (acc >> 1) ^ POLY;\n            else\n"
                   "                acc = acc >> 1;\n        }\n"),
          "acc = sum_table[acc & 0xff] ^ (acc >> 8);");
}
END_TEST

START_TEST(other_spellings)
{
    static const char by_eight[] = "acc = sum_table[acc & 0xff] ^ (acc >> 8);";

    check(CHECKSUM("unsigned", "1",
                   "int k = 8; while (k--) acc = acc & 1 ? 0x82F63B78 ^ acc >> 1 : acc >> 1;\n"),
          by_eight);
    check(CHECKSUM("uint32_t", "1",
                   "int k;\n for (k = 8; k > 0; k -= 1) { uint32_t low = acc & 1; acc >>= 1; if (low) acc ^= "
                   "POLY; }\n"),
          by_eight);
    check(CHECKSUM("uint32_t", "1",
                   "int k = 0; do { acc = (acc >> 1) ^ (POLY & (0u - (acc & 1u))); k++; } while (k < 8);\n"),
          by_eight);
    check(
        CHECKSUM("uint64_t", "1",
                 "for (int k = 0; k != 8; ++k) { if (acc % 2 == 1) acc = acc / 2 ^ 0xC96C5795D7870F42u; else "
                 "acc /= 2; }\n"),
        by_eight);
}
END_TEST

START_TEST(highest_bit_first)
{
    check("#include <stddef.h>\n#include <stdint.h>\ntypedef uint16_t word;\n#define TOP 0x8000\n"
          "word sum(word w, const uint8_t *p, size_t n) {\n"
          "  while (n--) {\n    w = (word)(w ^ *p++ << 8);\n"
          "    for (int i = 0; i < 8; i++)\n      w = (word)(w & TOP ? w << 1 ^ 0x1021 : w << 1);\n  }\n"
          "  return w;\n}\n",
          "w = (word)((w << 8) ^ sum_table[w >> 8]);");
    check(HEAD
          "uint32_t sum(uint32_t w, const uint8_t *p, size_t n) {\n"
          "  for (; n; n--) {\n    w ^= (uint32_t)*p++ << 8;\n"
          "    for (int i = 0; i < 8; i++) {\n      w <<= 1;\n      if (w & 0x10000) w ^= 0x11021;\n    }\n"
          "  }\n  return w;\n}\n",
          "& 0xffff;");
    check(HEAD "uint8_t sum(uint8_t w, const uint8_t *p, size_t n) {\n"
               "  for (; n; n--) {\n    w ^= *p++;\n"
               "    for (int i = 0; i < 8; i++)\n      w = (uint8_t)(w & 0x80 ? w << 1 ^ 7 : w << 1);\n  }\n"
               "  return w;\n}\n",
          "w = sum_table[w];");
}
END_TEST

static void
refuse(const char *text)
{
    struct rig rig;

    rig_open(&rig, text, "sum");
    ck_assert_msg(rig_sites(&rig, "tabulate-loop", NULL) == 0, "%s", text);
    ck_assert_ptr_null(rig_apply(&rig, "tabulate-loop", NULL, 0));
    rig_close(&rig);
}

START_TEST(leaves_other_loops_alone)
{
    refuse(CHECKSUM("uint32_t", "1", "for (int k = 0; k < 8; k++) acc = acc * 31 + 7;\n"));
    refuse(CHECKSUM("uint32_t", "1",
                    "for (int k = 0; k < 9; k++) acc = acc & 1 ? acc >> 1 ^ POLY : acc >> 1;\n"));
    refuse(CHECKSUM("uint32_t", "1",
                    "for (size_t k = 0; k < n; k++) acc = acc & 1 ? acc >> 1 ^ POLY : acc >> 1;\n"));
    refuse(CHECKSUM("int", "1", "for (int k = 0; k < 8; k++) acc = (acc >> 1) & 0x7fffffff;\n"));
}
END_TEST

START_TEST(avoids_names_of_the_file)
{
    struct rig rig;

    rig_open(&rig,
             "#include <stddef.h>\n#include <stdint.h>\nextern int sum_table;\n"
             "uint32_t\nsum(uint32_t c, const uint8_t *p, size_t n)\n{\n\twhile (n--) {\n\t\tc ^= *p++;\n"
             "\t\tfor (int i = 0; i < 8; i++)\n\t\t\tc = c & 1 ? c >> 1 ^ 0xEDB88320 : c >> 1;\n\t}\n"
             "\treturn c;\n}\n",
             "sum");
    const char *variant = rig_apply(&rig, "tabulate-loop", NULL, 0);
    ck_assert(rig_holds(variant, "sum_table_2[256] = {\n\t0x"));
    rig_same(&rig, variant, driver);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_loop_table", lowest_bit_first, other_spellings, highest_bit_first,
          leaves_other_loops_alone, avoids_names_of_the_file)
