// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

#define HEAD "#include <stddef.h>\n#include <stdint.h>\n"

static void
check(const char *text, const char *name, const char *driver, const char *expected)
{
    struct rig rig;

    rig_open(&rig, text, name);
    ck_assert_msg(rig_sites(&rig, "tabulate-power", NULL) == 1, "%s", text);
    const char *variant = rig_apply(&rig, "tabulate-power", NULL, 0);
    rig_same(&rig, variant, driver);
    ck_assert_msg(rig_holds(variant, expected), "%s", rig_tail(variant));
    ck_assert_uint_eq(rig_sites(&rig, "tabulate-power", variant), 0);
    rig_close(&rig);
}

START_TEST(by_squared_matrices)
{
    check(
        HEAD
        "typedef uint32_t word;\n"
        "static word times(const word *m, word v)\n{\n  word s = 0;\n  for (; v != 0; v >>= 1, m++)\n"
        "    s ^= v & 1 ? *m : 0;\n  return s;\n}\n"
        "static void twice(word *to, const word *m)\n{\n  int i = 0;\n  while (i < 32) { to[i] = times(m, "
        "m[i]); i++; }\n}\n"
        "word join(size_t count, word b, word a)\n{\n  word x[32], y[32];\n  unsigned i;\n  x[0] = "
        "0x82F63B78;\n"
        "  for (i = 1; i < 32; i++) x[i] = 1u << (i - 1);\n  twice(y, x); twice(x, y); twice(y, x);\n"
        "  while (count > 0) {\n    if (count % 2 == 1) a = times(y, a);\n    count /= 2;\n    twice(x, y);\n"
        "    for (i = 0; i < 32; i++) y[i] = x[i];\n  }\n  return a ^ b;\n}\n",
        "join",
        "int main(void)\n{\n    for (unsigned i = 0; i < 300; i++)\n"
        "        printf(\"%x\\n\", join(i < 70 ? (size_t)1 << i % 64 : i * i, i * 2654435761u, i * "
        "40503u));\n    return 0;\n}\n",
        "return a ^ b;");
}
END_TEST

START_TEST(step_by_step)
{
    check(HEAD "uint64_t\nmove(uint64_t crc, unsigned bytes)\n{\n    while (bytes--)\n        for (int k = "
               "0; k < 8; k++)\n"
               "            crc = crc & 1 ? crc >> 1 ^ 0xC96C5795D7870F42 : crc >> 1;\n    return crc;\n}\n",
          "move",
          "int main(void)\n{\n    for (unsigned i = 0; i < 300; i++)\n"
          "        printf(\"%llx\\n\", (unsigned long long)move(i * 0x9e3779b97f4a7c15, i * 13));\n    "
          "return 0;\n}\n",
          "static const uint64_t move_powers[32][64] = {");
}
END_TEST

START_TEST(leaves_other_functions_alone)
{
    static const char *const texts[] = {
        HEAD "uint32_t f(uint32_t a, uint32_t n) { while (n--) a = a * 3 + 1; return a; }\n",
        HEAD "uint32_t f(uint32_t a, uint32_t n) { while (n--) a = a << 1 | a >> 30; return a; }\n",
        HEAD "uint32_t f(uint32_t a, uint32_t b, size_t n) { for (; n; n--) a = a >> 1 ^ b; return a; }\n",
        HEAD
        "uint32_t f(const uint32_t *a, uint32_t n) { uint32_t s = 0; while (n--) s ^= a[n]; return s; }\n",
        HEAD "uint32_t f(uint32_t a, uint32_t n) { while (n--) a = a ^ 0; return a; }\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rig rig;
        rig_open(&rig, texts[i], "f");
        ck_assert_msg(rig_sites(&rig, "tabulate-power", NULL) == 0, "%s", texts[i]);
        rig_close(&rig);
    }
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_power", by_squared_matrices, step_by_step, leaves_other_functions_alone)
