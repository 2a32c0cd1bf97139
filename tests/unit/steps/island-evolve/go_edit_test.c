// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/go_rig.h"

static const char file[] =
    "package q\n\nconst step = 2\n\nfunc F(in []byte) uint {\n\tsum := uint(7)\n\tfor i, c := range in {\n"
    "\t\tif c == 'a' && i > 0 {\n\t\t\tsum += step\n\t\t\tcontinue\n\t\t} else {\n\t\t\tsum ^= uint(c) << "
    "3\n\t\t}\n"
    "\t\tsum = sum*31 + 0x1f\n\t}\n\tif sum == 0 {\n\t\treturn 1\n\t}\n\treturn sum\n}\n\nfunc after() {}\n";

START_TEST(edits_parse_and_vary)
{
    static const char *const names[] = {"edit-statement", "edit-constant", "edit-operator", "edit-condition"};
    struct go_rig rig;

    go_rig_open(&rig, file, "F");
    for (size_t m = 0; m < 4; m++) {
        const char *texts[60];
        size_t kept = 0, distinct = 0;
        ck_assert_uint_gt(go_rig_sites(&rig, names[m], NULL), 5);
        for (size_t i = 0; i < 60; i++) {
            const char *variant = go_rig_apply(&rig, names[m], NULL, i);
            if (variant == NULL)
                continue;
            struct syntax *syntax =
                syntax_new_in(LANGUAGE_GO, str_of(go_rig_splice(&rig, variant)), &rig.err);
            ck_assert_msg(!node_broken(syntax_root(syntax)), "%s", variant);
            syntax_free(syntax);
            ck_assert(str_starts(str_of(variant), STR("func F(")));
            bool seen = str_is(target_baseline(&rig.target), variant);
            for (size_t j = 0; j < kept; j++)
                seen = seen || strcmp(variant, texts[j]) == 0;
            distinct += !seen;
            texts[kept++] = variant;
        }
        ck_assert_msg(kept > 20 && distinct >= 4, "%s: %zu kept, %zu distinct", names[m], kept, distinct);
    }
    go_rig_close(&rig);
}
END_TEST

// Each branch and each helper comes from one of the parents, and what nobody uses is left out.
static void
check_mixed(const char *one, const char *two)
{
    struct go_rig rig;
    unsigned seen = 0;

    go_rig_open(&rig, file, "F");
    for (size_t i = 0; i < 40; i++) {
        struct go_rig_mutation m = go_rig_mutation(&rig, one), mate = go_rig_mutation(&rig, two);
        AUTO_BUF variant = BUF(1 << 16);
        char note[160];
        m.mutation.mate = mate.syntax;
        m.mutation.mate_function = mate.mutation.function;
        m.mutation.mate_start = mate.mutation.variant_start;
        m.mutation.mate_end = mate.mutation.variant_end;
        ck_assert_int_eq(go_rig_mutator("crossover")->apply(&m.mutation, 0, &variant, note, &rig.err), 1);
        const char *text = buf_text(&variant);
        ck_assert(str_starts(buf_str(&variant), STR("func F")));
        bool ones = strstr(text, "sum := ones[0]") != NULL, up = strstr(text, "sum++") != NULL;
        ck_assert(ones == (strstr(text, "var ones") != NULL));
        ck_assert(ones != (strstr(text, "var twos") != NULL));
        seen |= 1u << (2 * ones + up);
        syntax_free(m.syntax);
        syntax_free(mate.syntax);
    }
    ck_assert_uint_eq(seen, 15);
    go_rig_close(&rig);
}

START_TEST(two_parents_are_mixed)
{
    static const char one[] = "func F(in []byte) uint {\n\tsum := ones[0]\n\tsum++\n\treturn sum\n}",
                      two[] = "func F(in []byte) uint {\n\tsum := twos[0]\n\tsum--\n\treturn sum\n}",
                      ones[] = "// ones are these.\nvar ones = [2]uint{1, 2}",
                      twos[] = "var twos = [2]uint{3, 4}";
    struct arena arena = {0};

    check_mixed(arena_printf(&arena, "%s\n\n%s", one, ones), arena_printf(&arena, "%s\n\n%s", two, twos));
    check_mixed(arena_printf(&arena, "%s\n\n%s", ones, one), arena_printf(&arena, "%s\n\n%s", two, twos));
    arena_release(&arena);
}
END_TEST

UNIT_MAIN("steps/island-evolve/go_edit", edits_parse_and_vary, two_parents_are_mixed)
