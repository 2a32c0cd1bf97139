// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/steps/island-evolve/rig.h"
#include "workflow/journal.h"

static const char file[] = "#include <stdint.h>\n#define FACTOR 3\n"
                           "static unsigned\ntriple(unsigned x)\n{\n    return x * FACTOR;\n}\n"
                           "extern unsigned elsewhere(void);\nunsigned uses(void);\n"
                           "unsigned\nuses(void)\n{\n    return elsewhere() + triple(1);\n}\n"
                           "int\nmain(void)\n{\n    return 7;\n}\n";

START_TEST(evaluates_code_of_the_file)
{
    struct rig rig;
    uint64_t values[300];
    rig_open(&rig, file, "triple");
    ck_assert_int_eq(
        oracle_evaluate(rig.oracle, STR(""), STR("y = triple((unsigned)x) + 1;"), 300, values, &rig.err), 1);
    for (uint64_t x = 0; x < 300; x++)
        ck_assert_uint_eq(values[x], 3 * x + 1);
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR("static int more(int a) { return -a; }"),
                                     STR("y = (uint64_t)more((int)x);"), 2, values, &rig.err),
                     1);
    ck_assert_uint_eq(values[1], UINT64_MAX);
    rig_close(&rig);
}
END_TEST

START_TEST(remembers_answers)
{
    struct rig rig;
    uint64_t values[4];
    rig_open(&rig, file, "triple");
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR(""), STR("y = x * FACTOR;"), 4, values, &rig.err), 1);
    RIG_OK(&rig, fs_remove_tree(fs_join(&rig.arena, rig.folder, "oracle"), &rig.err));
    values[3] = 0;
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR(""), STR("y = x * FACTOR;"), 4, values, &rig.err), 1);
    ck_assert_uint_eq(values[3], 9);
    rig_close(&rig);
}
END_TEST

// A second oracle, with a compiler that compiles nothing, can only know what the first one left in the state.
START_TEST(keeps_answers_in_the_journal)
{
    static const struct registry none = {0};
    struct rig rig;
    uint64_t values[4] = {0};
    rig_open(&rig, file, "triple");
    struct step step = {.id = "evolve", .arena = &rig.arena};
    step.journal = journal_open_local(fs_join(&rig.arena, rig.folder, "state.db"), &none, "evolve", &rig.err);
    ck_assert_msg(step.journal != NULL, "%s", rig.err.message);
    oracle_keep_answers(rig.oracle, &step);
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR(""), STR("y = x * FACTOR;"), 4, values, &rig.err), 1);
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR(""), STR("y = nonsense(;"), 4, values, &rig.err), 0);
    struct target other = rig.target;
    other.recipe.cc = "false";
    struct oracle *later =
        oracle_new(rig.launcher, &other, fs_join(&rig.arena, rig.folder, "later"), &rig.err);
    ck_assert_msg(later != NULL, "%s", rig.err.message);
    oracle_keep_answers(later, &step);
    values[3] = 0;
    ck_assert_int_eq(oracle_evaluate(later, STR(""), STR("y = x * FACTOR;"), 4, values, &rig.err), 1);
    ck_assert_uint_eq(values[3], 9);
    ck_assert_int_eq(oracle_evaluate(later, STR(""), STR("y = nonsense(;"), 4, values, &rig.err), 0);
    ck_assert_int_eq(oracle_evaluate(later, STR(""), STR("y = x;"), 4, values, &rig.err), 0);
    oracle_free(later);
    journal_close_local(step.journal);
    rig_close(&rig);
}
END_TEST

START_TEST(says_no_to_what_can_not_be_answered)
{
    struct rig rig;
    uint64_t values[300];
    rig_open(&rig, file, "triple");
    ck_assert_int_eq(oracle_evaluate(rig.oracle, STR(""), STR("y = nonsense(;"), 4, values, &rig.err), 0);
    ck_assert_int_eq(
        oracle_evaluate(rig.oracle, STR(""), STR("static uint64_t n; y = n++;"), 4, values, &rig.err), 0);
    ck_assert_int_eq(
        oracle_evaluate(rig.oracle, STR(""), STR("y = *(volatile int *)0;"), 4, values, &rig.err), 0);
    ck_assert_int_eq(
        oracle_evaluate(rig.oracle, STR(""), STR("while (x != 99999) x |= 0; y = x;"), 4, values, &rig.err),
        0);
    // It answers all and fails then.
    ck_assert_int_eq(oracle_evaluate(rig.oracle,
                                     STR("int fflush(void *);\nvoid _Exit(int);\n"
                                         "__attribute__((destructor)) static void fail(void)\n"
                                         "{ fflush(0); _Exit(1); }"),
                                     STR("y = x;"), 4, values, &rig.err),
                     0);
    ck_assert_int_eq(oracle_evaluate(NULL, STR(""), STR("y = x;"), 4, values, &rig.err), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(knows_quoted_headers)
{
    struct rig rig;
    size_t count = 0;
    rig_open(&rig, file, "triple");
    ck_assert_ptr_nonnull(oracle_headers(rig.oracle, &count));
    ck_assert_uint_eq(count, 0);
    RIG_OK(&rig, fs_write(fs_join(&rig.arena, rig.folder, "a.h"),
                          STR("#include \"b.h\"\ntypedef int number;\n"), &rig.err));
    RIG_OK(&rig, fs_write(fs_join(&rig.arena, rig.folder, "b.h"), STR("#include \"a.h\"\n#define TWO 2\n"),
                          &rig.err));
    struct target other = rig.target;
    other.syntax =
        syntax_new(STR("#include <stdio.h>\n#include \"a.h\"\n#include \"missing.h\"\n"), &rig.err);
    struct oracle *oracle =
        oracle_new(rig.launcher, &other, fs_join(&rig.arena, rig.folder, "other"), &rig.err);
    oracle_headers(oracle, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_ptr_null(oracle_headers(NULL, &count));
    ck_assert_uint_eq(count, 0);
    oracle_free(oracle);
    syntax_free(other.syntax);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/island-evolve/oracle", evaluates_code_of_the_file, remembers_answers,
          keeps_answers_in_the_journal, says_no_to_what_can_not_be_answered, knows_quoted_headers)
