// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

// A running checksum by a slow combination of two: the demo's shape under other names.
static const char file[] =
    "#include <stddef.h>\n#include <stdint.h>\ntypedef unsigned char byte;\ntypedef uint32_t word;\n"
    "word feed(word w, const byte *from, size_t left)\n{\n    w = ~w;\n    while (left-- > 0) {\n        w "
    "^= *from++;\n"
    "        for (int i = 0; i < 8; ++i)\n            w = w & 1 ? w >> 1 ^ 0x82F63B78u : w >> 1;\n    }\n    "
    "return ~w;\n}\n"
    "static word zeros(word w, size_t left)\n{\n    while (left-- > 0)\n        for (int i = 0; i < 8; ++i)\n"
    "            w = w & 1 ? w >> 1 ^ 0x82F63B78u : w >> 1;\n    return w;\n}\n"
    "word join(word a, word b, size_t left)\n{\n    return zeros(a, left) ^ b;\n}\n"
    "word block(const byte *from, size_t left, word *all)\n{\n    word one = feed(0, from, left);\n\n"
    "    *all = join(*all, one, left);\n    return one;\n}\n";

static const char driver[] =
    "int main(void)\n{\n    byte data[200];\n    word all = 0;\n    for (unsigned i = 0; i < sizeof data; "
    "i++)\n"
    "        data[i] = (byte)(i * 37 ^ i >> 3);\n    for (size_t n = 0; n < sizeof data; n++) {\n"
    "        unsigned one = block(data, n, &all);\n        printf(\"%x %x\\n\", one, (unsigned)all);\n    "
    "}\n    return 0;\n}\n";

// The site whose variant holds a text.
static size_t
find(struct rig *rig, const char *mutator, const char *parent, const char *part)
{
    size_t count = rig_sites(rig, mutator, parent);

    for (size_t i = 0; i < count; i++) {
        if (rig_holds(rig_apply(rig, mutator, parent, i), part))
            return i;
    }
    ck_abort_msg("no site of %s gives %s", mutator, part);
    return 0;
}

START_TEST(calls_another_function_instead)
{
    struct rig rig;

    rig_open(&rig, file, "block");
    size_t count = rig_sites(&rig, "substitute-call", NULL);
    ck_assert(count >= 4 && count <= 200);
    size_t index = find(&rig, "substitute-call", NULL, "*all = feed(*all, from, left);");
    rig_same(&rig, rig_apply(&rig, "substitute-call", NULL, index), driver);
    ck_assert_ptr_null(rig_apply(&rig, "substitute-call", NULL, count));
    for (size_t i = 0; i < count; i++)
        ck_assert_str_ne(rig_apply(&rig, "substitute-call", NULL, i),
                         arena_str(&rig.arena, target_baseline(&rig.target)));
    rig_close(&rig);
}
END_TEST

START_TEST(brings_a_callee_in)
{
    struct rig rig;

    rig_open(&rig, file, "block");
    ck_assert_uint_eq(rig_sites(&rig, "inline-callee", NULL), 2);
    const char *variant = rig_apply(&rig, "inline-callee", NULL, 0);
    ck_assert(rig_holds(variant, "static word block_feed(word w"));
    ck_assert(rig_holds(variant, "word one = block_feed(0, from, left);"));
    rig_same(&rig, variant, driver);
    variant = rig_apply(&rig, "inline-callee", NULL, 1);
    ck_assert_uint_eq(rig_sites(&rig, "inline-callee", variant), 2);
    variant = rig_apply(&rig, "inline-callee", variant, find(&rig, "inline-callee", variant, "block_zeros"));
    rig_same(&rig, variant, driver);
    rig_close(&rig);
}
END_TEST

START_TEST(works_step_by_step)
{
    struct rig rig;

    rig_open(&rig, file, "block");
    size_t index = find(&rig, "substitute-call", NULL, "*all = feed(*all, from, left);");
    const char *variant = rig_apply(&rig, "substitute-call", NULL, index);
    variant = rig_apply(&rig, "inline-callee", variant, 0);
    ck_assert_uint_eq(rig_sites(&rig, "tabulate-loop", variant), 1);
    variant = rig_apply(&rig, "tabulate-loop", variant, 0);
    ck_assert(rig_holds(variant, "block_feed_table[256]"));
    ck_assert_uint_eq(rig_sites(&rig, "slice-table", variant), 4);
    variant = rig_apply(&rig, "slice-table", variant, 0);
    ck_assert(rig_holds(variant, "while (left >= 8) {"));
    rig_same(&rig, variant, driver);
    rig_close(&rig);
}
END_TEST

START_TEST(works_at_once)
{
    struct rig rig;

    rig_open(&rig, file, "block");
    size_t index = find(&rig, "substitute-improve", NULL, "*all = block_feed(*all, from, left);");
    const char *variant = rig_apply(&rig, "substitute-improve", NULL, index);
    ck_assert(index <= 3); // among the likely ones
    ck_assert(rig_holds(variant, "block_feed_slices[16][256]"));
    rig_same(&rig, variant, driver);
    variant = rig_apply(&rig, "substitute-improve", NULL, index + rig_sites(&rig, "substitute-call", NULL));
    ck_assert(rig_holds(variant, "block_feed_slices[8][256]"));
    rig_same(&rig, variant, driver);
    variant = rig_apply(&rig, "improve", NULL, 0);
    ck_assert(rig_holds(variant, "block_feed_slices[8][256]"));
    rig_same(&rig, variant, driver);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_call", calls_another_function_instead, brings_a_callee_in,
          works_step_by_step, works_at_once)
