// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"

static const char file[] = "#define STEP 2\nint before(void);\n"
                           "unsigned\nrun(const char *in, unsigned len)\n{\n    unsigned sum = 7;\n\n    for "
                           "(unsigned i = 0; i < len; i++) {\n"
                           "        if (in[i] == 'a' && i > 0) {\n            sum += STEP;\n            "
                           "continue;\n        } else {\n"
                           "            sum ^= (unsigned)in[i] << 3;\n        }\n        sum = sum * 31 + "
                           "0x1fu;\n    }\n    if (sum == 0)\n"
                           "        return 1;\n    return sum;\n}\nint after(void);\n";

static const char *const names[] = {"edit-statement", "edit-constant", "edit-operator", "edit-condition"};

// Draws `count` variants; each must parse, differ from its parent, and leave the rest of the file alone.
static size_t
draw(struct rig *rig, const char *name, size_t count, const char **texts)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const char *variant = rig_apply(rig, name, NULL, i);
        if (variant == NULL)
            continue;
        struct syntax *syntax = syntax_new(str_of(rig_splice(rig, variant)), &rig->err);
        ck_assert_msg(!node_broken(syntax_root(syntax)), "%s", variant);
        syntax_free(syntax);
        ck_assert(str_starts(str_of(variant), STR("unsigned\nrun(")));
        ck_assert_int_eq(variant[strlen(variant) - 1], '}');
        texts[kept++] = variant;
    }
    return kept;
}

START_TEST(edits_parse_and_vary)
{
    struct rig rig;
    const char *texts[60];

    rig_open(&rig, file, "run");
    for (size_t m = 0; m < 4; m++) {
        ck_assert_uint_gt(rig_sites(&rig, names[m], NULL), 5);
        size_t kept = draw(&rig, names[m], 60, texts), distinct = 0;
        for (size_t i = 0; i < kept; i++) {
            bool seen = str_is(target_baseline(&rig.target), texts[i]);
            for (size_t j = 0; j < i; j++)
                seen = seen || strcmp(texts[i], texts[j]) == 0;
            distinct += !seen;
        }
        ck_assert_msg(kept > 20 && distinct >= 4, "%s: %zu kept, %zu distinct", names[m], kept, distinct);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(the_same_numbers_give_the_same_edits)
{
    struct rig rig;
    const char *first[20], *second[20];

    rig_open(&rig, file, "run");
    for (size_t m = 0; m < 4; m++) {
        rng_init(&rig.rng, 9, m);
        size_t a = draw(&rig, names[m], 20, first);
        rng_init(&rig.rng, 9, m);
        size_t b = draw(&rig, names[m], 20, second);
        ck_assert_uint_eq(a, b);
        for (size_t i = 0; i < a; i++)
            ck_assert_str_eq(first[i], second[i]);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(every_kind_of_edit_is_drawn)
{
    static const struct {
        const char *name, *part;
    } wanted[] = {
        {"edit-statement", "    ;\n    return sum;"},
        {"edit-statement", "sum += STEP;\n            sum += STEP;"},
        {"edit-constant", "sum * 32 + 0x1fu"},
        {"edit-constant", "sum * 31 + 0x3eu"},
        {"edit-constant", "sum = 3;"},
        {"edit-operator", "i <= len"},
        {"edit-operator", "in[i] == 'a' || i > 0"},
        {"edit-operator", "sum * 31 - 0x1fu"},
        {"edit-condition", "if (!(sum == 0))"},
        {"edit-condition", "if (i > 0 && in[i] == 'a')"},
    };
    struct rig rig;
    const char *texts[400];

    rig_open(&rig, file, "run");
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        bool found = false;
        size_t kept = draw(&rig, wanted[w].name, 400, texts);
        for (size_t i = 0; i < kept; i++)
            found = found || rig_holds(texts[i], wanted[w].part);
        ck_assert_msg(found, "%s never gives %s", wanted[w].name, wanted[w].part);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(nothing_to_edit)
{
    struct rig rig;

    rig_open(&rig, "void run(void);\nvoid\nrun(void)\n{\n}\n", "run");
    for (size_t m = 0; m < 4; m++) {
        ck_assert_uint_eq(rig_sites(&rig, names[m], NULL), 0);
        ck_assert_ptr_null(rig_apply(&rig, names[m], NULL, 0));
    }
    rig_close(&rig);
}
END_TEST

START_TEST(edits_outside_are_refused)
{
    struct rig rig;
    AUTO_BUF variant = BUF(1 << 16);

    rig_open(&rig, file, "run");
    struct rig_mutation m = rig_mutation(&rig, NULL);
    struct edit outside = {0, 3, "x"};
    struct edit twice[] = {{m.mutation.variant_start, m.mutation.variant_start + 8, "int"},
                           {m.mutation.variant_start + 4, m.mutation.variant_start + 9, ""}};
    ck_assert(!mutation_write(&m.mutation, &outside, 1, NULL, &variant));
    buf_clear(&variant);
    ck_assert(!mutation_write(&m.mutation, twice, 2, NULL, &variant));
    buf_clear(&variant);
    ck_assert(mutation_write(&m.mutation, twice, 1, "// first\n", &variant));
    ck_assert(str_starts(buf_str(&variant), STR("// first\nint\nrun(")));
    syntax_free(m.syntax);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/mutate_edit", edits_parse_and_vary, the_same_numbers_give_the_same_edits,
          every_kind_of_edit_is_drawn, nothing_to_edit, edits_outside_are_refused)
