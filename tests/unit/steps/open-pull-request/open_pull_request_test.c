// SPDX-License-Identifier: Apache-2.0
// What later runs do about a rollout that is under way, or was rolled back.
#include "tests/unit/steps/open-pull-request/rig.h"

static void
roll_back(struct rollout *rollout)
{
    rollout_roll_back(rollout, "five per cent slower");
}

static void
advance(struct rollout *rollout)
{
    ck_assert(rollout_advance(rollout, "faster"));
}

static struct rollout
rollout_of(struct rig *rig)
{
    struct rollout rollout;
    const char *text = rig_file(rig, rig_tip(rig), RIG_ROLLOUT);
    OK(flag_format_flagd.read(&rig->w.arena, str_of(text), RIG_ROLLOUT, &rollout, &rig->w.err), &rig->w.err);
    return rollout;
}

static void
ck_said(const struct rig *rig, const char *part)
{
    ck_assert_msg(strstr(rig_said(rig, "summary"), part) != NULL, "%s", rig_said(rig, "summary"));
}

// The run ends with `retired`, and branch and request stay.
static void
ck_retired(struct rig *rig, const char *run)
{
    const char *tip = rig_tip(rig), *page = rig_page(rig);
    int shipped = rig_noted(rig, "shipped");
    rig_expect(rig, run, "retired");
    ck_said(rig, "five per cent slower");
    ck_assert(json_object_get(rig->outputs, "pull_request") == NULL);
    ck_assert_str_eq(rig_tip(rig), tip);
    ck_assert_str_eq(rig_page(rig), page);
    ck_assert_int_eq(rig_noted(rig, "shipped"), shipped);
}

START_TEST(a_variant_that_was_rolled_back_is_not_offered_again)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    rig_decide(&rig, "canary", roll_back, LEDGER_RETIRED);
    ck_retired(&rig, "two");
    ck_assert_int_eq(rollout_of(&rig).state, ROLLOUT_ROLLED_BACK);
}
END_TEST

START_TEST(the_branch_alone_says_so)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    rig_decide(&rig, "canary", roll_back, LEDGER_TRIED);
    rig_sql(&rig, "DELETE FROM target_ledger");
    ck_retired(&rig, "two");
}
END_TEST

START_TEST(the_ledger_alone_says_so)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    rig_decide(&rig, "canary", roll_back, LEDGER_RETIRED);
    // Another variant takes the branch over, and the first is found once more.
    rig_winner(&rig, rig_other);
    rig_expect(&rig, "two", "open");
    ck_said(&rig, "takes the place of");
    ck_said(&rig, "rolled back");
    ck_assert_int_eq(rollout_of(&rig).state, ROLLOUT_OFF);
    rig_winner(&rig, rig_variant);
    ck_retired(&rig, "three");
    ck_assert(strstr(rig_file(&rig, rig_tip(&rig), "src/x.c"), "x << 1") != NULL);
    // Also when the branch is gone.
    OK(repo_push(rig.repo, "origin", NULL, "refs/heads/" RIG_BRANCH, rig_tip(&rig), &rig.w.err), &rig.w.err);
    ck_retired(&rig, "four");
}
END_TEST

START_TEST(a_person_may_have_it_offered_again)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    rig_decide(&rig, "canary", roll_back, LEDGER_RETIRED);
    // A commit of the same second on the same base would be the one that was pushed before.
    rig_commit_file(&rig, "README", "newer\n");
    json_object_set_new(rig.with, "again", json_true());
    rig_expect(&rig, "two", "open");
    ck_assert_int_eq(rollout_of(&rig).state, ROLLOUT_OFF);
    // From then on it counts as offered, and is left as it stands.
    rig_decide(&rig, "canary-2", advance, LEDGER_SHIPPED);
    rig_expect(&rig, "three", "unchanged");
    json_object_set_new(rig.with, "again", json_false());
    rig_expect(&rig, "four", "unchanged");
    ck_assert_uint_eq(rollout_of(&rig).stage, 1);
}
END_TEST

START_TEST(a_rollout_that_advanced_is_left_as_it_is)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_decide(&rig, "canary", advance, LEDGER_SHIPPED), *page = rig_page(&rig);
    rig_commit_file(&rig, "README", "newer\n");
    // The request has what a canary needs: the branch as it stands, with its own stages.
    json_object_set_new(rig.with, "stages", json_pack("[s]", "100"));
    rig_expect(&rig, "two", "unchanged");
    ck_said(&rig, "at 1 %");
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_str_eq(rig_page(&rig), page);
    ck_assert_int_eq(rig_noted(&rig, "shipped"), 2);
    const json_t *request = json_object_get(rig.outputs, "pull_request");
    ck_assert_str_eq(json_get_text(request, "commit", ""), tip);
    ck_assert_str_eq(json_get_text(request, "url", ""), rig_page_path(&rig, "twice"));
    ck_assert_str_eq(json_get_text(request, "flag", ""), "atoll-twice");
    ck_assert_uint_eq(json_array_size(json_object_get(request, "stages")), 3);
}
END_TEST

START_TEST(another_variant_takes_the_place_of_an_advanced_one)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_decide(&rig, "canary", advance, LEDGER_SHIPPED);
    rig_winner(&rig, rig_other);
    rig_expect(&rig, "two", "open");
    ck_said(&rig, arena_printf(&rig.w.arena, "takes the place of %.12s, which was at 1 %%", tip));
    ck_assert_int_eq(rollout_of(&rig).state, ROLLOUT_OFF);
    ck_assert(strstr(rig_page(&rig), "x << 1") != NULL);
}
END_TEST

START_TEST(a_branch_without_its_request_gets_one)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig);
    // A kill after the push, and the next run sees a newer base.
    OK(fs_remove_tree(rig_page_path(&rig, "twice"), &rig.w.err), &rig.w.err);
    rig_sql(&rig, "DELETE FROM effect");
    rig_sql(&rig, "DELETE FROM target_ledger");
    rig_commit_file(&rig, "README", "newer\n");
    rig_expect(&rig, "two", "unchanged");
    ck_assert_str_eq(rig_tip(&rig), tip);
    const char *page = rig_page(&rig);
    ck_assert(strstr(page, RIG_MARKER) != NULL && strstr(page, "return 2 * x;") != NULL);
    ck_assert_msg(strstr(page, "-newer") == NULL, "the difference is from the branch's own base: %s", page);
    ck_assert_int_eq(rig_noted(&rig, "shipped"), 1);
}
END_TEST

UNIT_MAIN("steps/open-pull-request/open_pull_request", a_variant_that_was_rolled_back_is_not_offered_again,
          the_branch_alone_says_so, the_ledger_alone_says_so, a_person_may_have_it_offered_again,
          a_rollout_that_advanced_is_left_as_it_is, another_variant_takes_the_place_of_an_advanced_one,
          a_branch_without_its_request_gets_one)
