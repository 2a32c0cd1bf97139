// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char file[] =
    "static int vowel(unsigned char c)\n{\n    return c == 'a' || c == 'e' || c == 'i';\n}\n"
    "static int mark(unsigned char c)\n{\n    return c == '-' || c == '+' || c == '_';\n}\n"
    "unsigned\nrun(const char *in, unsigned len, char *out)\n{\n    unsigned n = 0;\n    unsigned sum = "
    "0;\n\n"
    "    for (unsigned i = 0; i < len; i++)\n        n += (unsigned)vowel((unsigned char)in[i]);\n"
    "    for (unsigned i = 0; i < len; i++)\n        sum += (unsigned)mark((unsigned char)in[i]);\n"
    "    // the end\n    out[0] = (char)n;\n    return n * 100 + sum;\n}\n";

static const char driver[] =
    "int main(void)\n{\n    for (unsigned r = 0; r < 900; r++) {\n        char in[20], out[20];\n"
    "        for (unsigned i = 0; i < 20; i++)\n            in[i] = \"aexi-+_z\"[(i * r + r / 7) % 8];\n"
    "        printf(\"%u\\n\", run(in, r % 20, out));\n    }\n    return 0;\n}\n";

static const char *
cross(struct rig *rig, const char *a, const char *b)
{
    struct rig_mutation mine = rig_mutation(rig, a), mate = rig_mutation(rig, b);
    AUTO_BUF variant = BUF(1 << 18);
    char note[160];

    mine.mutation.mate = mate.syntax;
    mine.mutation.mate_function = mate.mutation.function;
    mine.mutation.mate_start = mate.mutation.variant_start;
    mine.mutation.mate_end = mate.mutation.variant_end;
    const struct mutator_ops *ops = rig_mutator("crossover");
    ck_assert_uint_gt(ops->sites(&mine.mutation), 0);
    ck_assert_int_eq(ops->apply(&mine.mutation, 0, &variant, note, &rig->err), 1);
    syntax_free(mine.syntax);
    syntax_free(mate.syntax);
    return arena_str(&rig->arena, buf_str(&variant));
}

START_TEST(takes_from_both)
{
    struct rig rig;
    bool both = false, neither = false;

    rig_open(&rig, file, "run");
    ck_assert_uint_eq(rig_sites(&rig, "crossover", NULL), 0);
    ck_assert_ptr_null(rig_apply(&rig, "crossover", NULL, 0));
    const char *a = rig_apply(&rig, "tabulate-byte", NULL, 1), *b = rig_apply(&rig, "tabulate-byte", NULL, 2);
    ck_assert(rig_holds(a, "run_vowel[256]") && rig_holds(b, "run_mark[256]"));
    for (size_t i = 0; i < 24; i++) {
        const char *child = cross(&rig, a, b);
        ck_assert(rig_holds(child, "// the end\n    out[0]"));
        bool first = rig_holds(child, "run_vowel[256]"), second = rig_holds(child, "run_mark[256]");
        ck_assert(first == rig_holds(child, "run_vowel[(unsigned"));
        ck_assert(second == rig_holds(child, "run_mark[(unsigned"));
        if (first && second && !both)
            rig_same(&rig, child, driver);
        both = both || (first && second);
        neither = neither || (!first && !second);
    }
    ck_assert(both && neither);
    rig_close(&rig);
}
END_TEST

START_TEST(a_parent_with_itself_is_itself)
{
    struct rig rig;

    rig_open(&rig, file, "run");
    const char *a = rig_apply(&rig, "tabulate-byte", NULL, 0);
    rig_same(&rig, cross(&rig, a, a), driver);
    rig_same(&rig, cross(&rig, NULL, NULL), driver);
    rig_close(&rig);
}
END_TEST

START_TEST(hints_change_nothing)
{
    struct rig rig;
    size_t kinds[4] = {0};
    static const char *const parts[] = {"*restrict out", "always_inline", "__builtin_expect(",
                                        "#pragma GCC unroll 8"};

    rig_open(&rig,
             "static int vowel(unsigned char c);\nunsigned\nrun(const char *in, unsigned len, char "
             "*out)\n{\n    unsigned n = 0;\n"
             "    for (unsigned i = 0; i < len; i++) {\n        if (in[i] == 'e')\n            n++;\n    }\n"
             "    out[0] = 0;\n    return n + (unsigned)vowel((unsigned char)in[0]);\n}\n"
             "static int vowel(unsigned char c)\n{\n    return c == 'a' || c == 'e' || c == 'i';\n}\n",
             "run");
    const char *parent = rig_apply(&rig, "inline-callee", NULL, 0);
    size_t count = rig_sites(&rig, "hint", parent);
    for (size_t i = 0; i < count; i++) {
        const char *variant = rig_apply(&rig, "hint", parent, i);
        rig_same(&rig, variant, driver);
        for (size_t k = 0; k < 4; k++)
            kinds[k] += rig_holds(variant, parts[k]);
    }
    for (size_t k = 0; k < 4; k++)
        ck_assert_msg(kinds[k] > 0, "%s", parts[k]);
    ck_assert_ptr_null(rig_apply(&rig, "hint", parent, count));
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_crossover", takes_from_both, a_parent_with_itself_is_itself,
          hints_change_nothing)
