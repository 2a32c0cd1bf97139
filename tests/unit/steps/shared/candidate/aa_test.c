// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/candidate/aa.h"

#include "base/fs.h"
#include "steps/shared/candidate/candidate.h"
#include "tests/unit/unit.h"

static const struct table_set *const tables[] = {&candidate_tables, NULL};
static const struct step_ops *const steps[] = {NULL};
static const struct registry registry = {.steps = steps, .tables = tables};

START_TEST(one_in_twenty_the_first_at_once)
{
    struct aa aa = {0};
    unsigned runs = 0;
    ck_assert(aa_is_due(&aa));
    for (int comparison = 0; comparison < 190; comparison++) {
        if (aa_is_due(&aa)) {
            aa.of++;
            aa.comparisons++;
            runs++;
        }
        ck_assert(!aa_is_due(&aa));
        aa.comparisons++;
    }
    ck_assert_uint_eq(runs, 10);
    ck_assert_uint_eq(aa.comparisons, 200);
}
END_TEST

START_TEST(one_called_different_calls_for_five_more)
{
    struct aa aa = {.different = 1, .of = 1, .comparisons = 1};
    for (; aa.of < 6; aa.of++, aa.comparisons++)
        ck_assert(aa_is_due(&aa));
    char reason[200];
    ck_assert(!aa_is_due(&aa) && !aa_refuses(&aa, reason));
    ck_assert(!aa_is_due(&(struct aa){.different = 2, .of = 3, .comparisons = 30}));
    ck_assert(!aa_is_due(&(struct aa){.different = 0, .of = 2, .comparisons = 30}));
}
END_TEST

START_TEST(kinds_are_numbered)
{
    char kind[24];
    aa_next_kind(&(struct aa){.of = 11}, kind);
    ck_assert_str_eq(kind, "aa12");
    ck_assert(aa_is_kind(kind) && aa_is_kind("aa") && !aa_is_kind("train"));
}
END_TEST

// 1 of 5 is at least 1.02 % (1 - .95^(1/5)), 1 of 6 at least .85 %; 3 of 81 at least 1.02 %, of 82 1.004 %.
START_TEST(refuses_above_one_per_cent)
{
    static const struct {
        struct aa aa;
        bool refuses;
    } cases[] = {
        {{0, 0, 0}, false},     {{0, 1000, 9}, false}, {{1, 1, 1}, true},       {{1, 5, 1}, true},
        {{1, 6, 1}, false},     {{3, 60, 1}, true},    {{3, 100, 1}, false},    {{10, 10, 1}, true},
        {{10, 1000, 1}, false}, {{30, 1000, 1}, true}, {{11, 10000, 1}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char reason[200] = "";
        ck_assert_msg(aa_refuses(&cases[i].aa, reason) == cases[i].refuses, "case %zu", i);
        ck_assert((reason[0] != '\0') == cases[i].refuses);
    }
    char reason[200];
    ck_assert(aa_refuses(&cases[3].aa, reason));
    ck_assert_str_eq(reason,
                     "1 of 5 A/A comparisons on this class of host were called different (at least 1.0 %, "
                     "1 % is allowed): no verdict");
}
END_TEST

static void
note(struct step *step, const char *host, const char *candidate, bool is_aa, bool different)
{
    struct err err;
    struct aa aa = {0};
    const struct aa_comparison comparison = {host, candidate, is_aa ? "aa" : "train", is_aa, different};
    ck_assert_msg(aa_note(step, &comparison, &aa, &err) == 0, "%s", err.message);
    ck_assert(aa.comparisons == 1 && aa.of == is_aa && aa.different == (is_aa && different));
}

START_TEST(hosts_are_pooled_apart_over_runs)
{
    AUTO_ARENA arena = {0};
    struct err err;
    struct aa aa;
    char *folder = fs_temp_dir(&arena, NULL, "aa", &err);
    struct step step = {.run_id = "run1", .id = "evolve", .arena = &arena, .host = host_real()};
    step.journal = journal_open_local(fs_join(&arena, folder, "state.db"), &registry, "evolve", &err);
    ck_assert_msg(step.journal != NULL, "%s", err.message);
    note(&step, "model A", "c1", true, true);
    note(&step, "model A", "c1", false, true);
    note(&step, "model B", "c1", true, false);
    step.run_id = "run2";
    note(&step, "model A", "c1", true, false);
    note(&step, "model A", "c1", true, false); // again: the same row
    ck_assert_int_eq(aa_read(&step, "model A", &aa, &err), 0);
    ck_assert(aa.different == 1 && aa.of == 2 && aa.comparisons == 3);
    ck_assert_int_eq(aa_read(&step, "model B", &aa, &err), 0);
    ck_assert(aa.different == 0 && aa.of == 1 && aa.comparisons == 1);
    ck_assert_int_eq(aa_read(&step, "model C", &aa, &err), 0);
    ck_assert(aa.different == 0 && aa.of == 0 && aa.comparisons == 0);
    journal_close_local(step.journal);
    ck_assert_int_eq(fs_remove_tree(folder, &err), 0);
}
END_TEST

UNIT_MAIN("candidate/aa", one_in_twenty_the_first_at_once, one_called_different_calls_for_five_more,
          kinds_are_numbered, refuses_above_one_per_cent, hosts_are_pooled_apart_over_runs)
