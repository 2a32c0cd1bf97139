// SPDX-License-Identifier: Apache-2.0
// Whose the branch is: a force-push takes the place of atoll's own commits and of nothing else.
#include "tests/unit/steps/open-pull-request/rig.h"

#define TARGET "\n\nAtoll-Target: src/x.c:twice\n"

static const struct repo_author itself = {"atoll", "atoll@localhost", 1700000001};

// Opens a rig with a branch, and another variant for the next run.
static void
open_branch(struct rig *rig)
{
    rig_open(rig);
    rig_expect(rig, "one", "open");
    rig_winner(rig, rig_other);
}

// The next run pushes its variant in the place of what is there.
static void
ck_replaced(struct rig *rig)
{
    rig_expect(rig, "next", "open");
    ck_assert(strstr(rig_file(rig, rig_tip(rig), "src/x.c"), "x << 1") != NULL);
}

// The next run leaves the branch alone, and names the commit that is not atoll's.
static void
ck_left_alone(struct rig *rig, const char *foreign)
{
    const char *tip = rig_tip(rig), *page = rig_page(rig);
    rig_refuses(rig, "next", ERR_CONFLICT, "has a commit that is not atoll's");
    ck_assert_msg(strstr(rig->w.err.message, arena_printf(&rig->w.arena, "%.12s", foreign)) != NULL,
                  "not %s: %s", foreign, rig->w.err.message);
    ck_assert_str_eq(rig_tip(rig), tip);
    ck_assert_str_eq(rig_page(rig), page);
}

// Drops what the state knows of pushes, as on a new runner without the old state.
static void
forget(struct rig *rig)
{
    rig_sql(rig, "DELETE FROM effect");
    rig_sql(rig, "DELETE FROM target_ledger");
}

static void
advance(struct rollout *rollout)
{
    ck_assert(rollout_advance(rollout, "faster"));
}

START_TEST(atolls_own_branch_is_replaced)
{
    AUTO_RIG rig;
    open_branch(&rig);
    rig_commit_file(&rig, "README", "newer\n");
    ck_replaced(&rig);
    ck_assert_str_eq(rig_file(&rig, rig_tip(&rig), "README"), "newer\n");
}
END_TEST

START_TEST(without_the_state_it_is_known_by_author_and_files)
{
    AUTO_RIG rig;
    open_branch(&rig);
    rig_decide(&rig, "canary", advance, LEDGER_SHIPPED);
    forget(&rig);
    ck_replaced(&rig);
}
END_TEST

START_TEST(the_state_knows_what_was_pushed_under_another_name)
{
    AUTO_RIG rig;
    open_branch(&rig);
    json_set_text(rig.with, "author-name", "bot");
    ck_replaced(&rig);
    rig_winner(&rig, rig_variant);
    json_set_text(rig.with, "author-email", "bot@example.org");
    forget(&rig);
    ck_left_alone(&rig, rig_tip(&rig));
}
END_TEST

START_TEST(a_commit_on_top_is_a_persons)
{
    AUTO_RIG rig;
    open_branch(&rig);
    ck_left_alone(&rig, rig_push(&rig, rig_tip(&rig), "note", "by hand\n", "Mine", &rig_person));
}
END_TEST

START_TEST(an_amended_commit_is_a_persons_though_the_trailers_stay)
{
    AUTO_RIG rig;
    open_branch(&rig);
    const char *tip = rig_tip(&rig), *message = rig_message(&rig, tip);
    const char *base = arena_printf(&rig.w.arena, "%s~1", tip);
    ck_left_alone(&rig,
                  rig_push(&rig, base, "src/x.c", rig_file(&rig, tip, "src/x.c"), message, &rig_person));
}
END_TEST

START_TEST(a_commit_under_atolls_name_that_touches_more_is_a_persons)
{
    AUTO_RIG rig;
    open_branch(&rig);
    ck_left_alone(&rig, rig_push(&rig, rig_tip(&rig), "note", "by hand\n", "Advance" TARGET, &itself));
}
END_TEST

START_TEST(a_commit_below_a_later_decision_is_a_persons)
{
    AUTO_RIG rig;
    open_branch(&rig);
    const char *mine = rig_push(&rig, rig_tip(&rig), "note", "by hand\n", "Mine", &rig_person);
    rig_push(&rig, mine, RIG_ROLLOUT, "{}\n", "Advance twice" TARGET, &itself);
    ck_left_alone(&rig, mine);
}
END_TEST

START_TEST(a_rebased_branch_is_a_persons)
{
    AUTO_RIG rig;
    open_branch(&rig);
    const char *tip = rig_tip(&rig);
    rig_commit_file(&rig, "README", "newer\n");
    const char *moved = rig_push(&rig, "refs/heads/main", "src/x.c", rig_file(&rig, tip, "src/x.c"),
                                 rig_message(&rig, tip), &rig_person);
    rig_push(&rig, moved, RIG_ROLLOUT, "{}\n", "Advance twice" TARGET, &itself);
    ck_left_alone(&rig, moved);
}
END_TEST

START_TEST(another_targets_branch_is_named)
{
    AUTO_RIG rig;
    open_branch(&rig);
    const char *other = rig_push(&rig, rig_tip(&rig), "src/atoll_flag.h", "//\n",
                                 "Make it faster\n\nAtoll-Target: src/x.c:twice_as\n", &itself);
    ck_left_alone(&rig, other);
    ck_assert(strstr(rig.w.err.message, ", for src/x.c:twice_as)") != NULL);
}
END_TEST

START_TEST(a_branch_without_the_change_is_left_alone)
{
    AUTO_RIG rig;
    open_branch(&rig);
    const char *mine = arena_printf(&rig.w.arena, "%s~1", rig_tip(&rig));
    char base[REPO_OID_SIZE];
    OK(repo_resolve(rig.repo, mine, base, &rig.w.err), &rig.w.err);
    rig_push(&rig, base, ".atoll/flags", "x = on\n", "Advance twice" TARGET, &itself);
    ck_left_alone(&rig, base);
}
END_TEST

UNIT_MAIN("steps/open-pull-request/branch", atolls_own_branch_is_replaced,
          without_the_state_it_is_known_by_author_and_files,
          the_state_knows_what_was_pushed_under_another_name, a_commit_on_top_is_a_persons,
          an_amended_commit_is_a_persons_though_the_trailers_stay,
          a_commit_under_atolls_name_that_touches_more_is_a_persons,
          a_commit_below_a_later_decision_is_a_persons, a_rebased_branch_is_a_persons,
          another_targets_branch_is_named, a_branch_without_the_change_is_left_alone)
