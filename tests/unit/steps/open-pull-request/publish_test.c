// SPDX-License-Identifier: Apache-2.0
// What leaves the machine: nothing twice, nothing of a person's touched.
#include "tests/unit/steps/open-pull-request/rig.h"

START_TEST(a_repeated_attempt_publishes_nothing_more)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig), *page = rig_page(&rig);
    const json_t *request = json_object_get(rig.outputs, "pull_request");
    ck_assert_str_eq(json_get_text(request, "commit", ""), tip);
    ck_assert_str_eq(json_get_text(request, "url", ""), rig_page_path(&rig, "twice"));
    ck_assert_str_eq(json_get_text(request, "rollout_file", ""), RIG_ROLLOUT);
    rig_expect(&rig, "one", "open");
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_str_eq(rig_page(&rig), page);
    ck_assert_int_eq(rig_noted(&rig, "shipped"), 1);
}
END_TEST

START_TEST(a_push_whose_answer_was_lost_is_found_again)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig);
    // As a kill between the push and its confirmation leaves it: the request and the ledger come later.
    rig_sql(&rig, "DELETE FROM effect");
    rig_sql(&rig, "DELETE FROM target_ledger");
    OK(fs_remove_tree(rig_page_path(&rig, "twice"), &rig.w.err), &rig.w.err);
    // A second push would move the ref's lock file, so a folder in its place would make it fail.
    OK(fs_mkdirs(arena_printf(&rig.w.arena, "%s/refs/heads/%s.lock", rig.origin, RIG_BRANCH), &rig.w.err),
       &rig.w.err);
    rig_expect(&rig, "one", "open");
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert(strstr(rig_page(&rig), RIG_MARKER) != NULL);
    ck_assert_int_eq(rig_noted(&rig, "shipped"), 1);
}
END_TEST

START_TEST(a_persons_commit_is_left_alone)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *mine = rig_push(&rig, rig_tip(&rig), "note", "by hand\n", "Mine", &rig_person);
    rig_winner(&rig, rig_other);
    rig_refuses(&rig, "two", ERR_CONFLICT, "has a commit that is not atoll's");
    ck_assert_str_eq(rig_tip(&rig), mine);
}
END_TEST

START_TEST(what_a_person_closed_stays_closed)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig);
    rig_set_page(&rig, "closed");
    const char *page = rig_page(&rig);
    rig_winner(&rig, rig_other);
    rig_expect(&rig, "two", "closed-by-person");
    ck_assert(json_object_get(rig.outputs, "pull_request") == NULL);
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_str_eq(rig_page(&rig), page);
    ck_assert_int_eq(rig_noted(&rig, "closed"), 1);
}
END_TEST

START_TEST(what_a_person_closed_is_remembered)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    rig_set_page(&rig, "closed");
    rig_expect(&rig, "two", "closed-by-person");
    // The forge has forgotten, the ledger has not.
    OK(fs_remove_tree(rig_page_path(&rig, "twice"), &rig.w.err), &rig.w.err);
    rig_expect(&rig, "three", "closed-by-person");
    ck_assert(!fs_exists(rig_page_path(&rig, "twice")));
    // A commit of the same second on the same base would be the one that was offered before.
    rig_commit_file(&rig, "README", "newer\n");
    json_object_set_new(rig.with, "again", json_true());
    rig_expect(&rig, "four", "open");
    ck_assert(strstr(rig_page(&rig), RIG_MARKER) != NULL);
    // Offered again, the no is taken back.
    json_object_set_new(rig.with, "again", json_false());
    OK(fs_remove_tree(rig_page_path(&rig, "twice"), &rig.w.err), &rig.w.err);
    rig_winner(&rig, rig_other);
    rig_expect(&rig, "five", "open");
}
END_TEST

START_TEST(a_merged_request_is_not_called_declined)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig);
    rig_set_page(&rig, "merged");
    rig_winner(&rig, rig_other);
    rig_expect(&rig, "two", "merged");
    ck_assert(json_object_get(rig.outputs, "pull_request") == NULL);
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_int_eq(rig_noted(&rig, "closed"), 0);
}
END_TEST

START_TEST(a_request_that_is_not_atolls_is_left_alone)
{
    AUTO_RIG rig;
    rig_open(&rig);
    OK(fs_write(rig_page_path(&rig, "twice"), STR("---\nstate: open\n---\nby hand\n"), &rig.w.err),
       &rig.w.err);
    rig_refuses(&rig, "one", ERR_CONFLICT, "is a pull request that is not atoll's");
    ck_assert_str_eq(rig_tip(&rig), "");
}
END_TEST

START_TEST(static_functions_of_one_name_are_kept_apart)
{
    static const char source[] = "static int twice(int x)\n{\n    return x + x;\n}\n\n"
                                 "int %s(int x)\n{\n    return twice(x);\n}\n";
    static const char *const files[] = {"src/a.c", "src/b-b.c"};
    static const char *const names[] = {"a--twice", "b_b--twice"};
    static const char *const keys[] = {"atoll-a--twice", "atoll-b-b--twice"};
    static const char *const variables[] = {"ATOLL_FLAG_A__TWICE", "ATOLL_FLAG_B_B__TWICE"};
    AUTO_RIG rig;
    rig_open(&rig);
    rig_winner(&rig, "static int twice(int x)\n{\n    return 2 * x;\n}");
    for (int i = 0; i < 2; i++)
        rig_commit_file(&rig, files[i], arena_printf(&rig.w.arena, source, i == 0 ? "one" : "two"));
    for (int i = 0; i < 2; i++) {
        rig_aim(&rig, files[i], "twice");
        json_set_text(rig.with, "test", arena_printf(&rig.w.arena, "echo on or off: ${%s:?}", variables[i]));
        rig_expect(&rig, names[i], "open");
        const json_t *request = json_object_get(rig.outputs, "pull_request");
        ck_assert_str_eq(json_get_text(request, "flag", ""), keys[i]);
        ck_assert_str_eq(json_get_text(request, "variable", ""), variables[i]);
        ck_assert(fs_exists(rig_page_path(&rig, names[i])));
        const char *tip = rig_tip_of(&rig, arena_printf(&rig.w.arena, "atoll/%s", names[i]));
        const char *flag = arena_printf(&rig.w.arena, ".atoll/rollout/%s.flagd.json", names[i]);
        ck_assert_str_eq(json_get_text(request, "rollout_file", ""), flag);
        ck_assert(strstr(rig_file(&rig, tip, flag), keys[i]) != NULL);
        ck_assert(strstr(rig_file(&rig, tip, files[i]),
                         arena_printf(&rig.w.arena, "ATOLL_FLAG(twice, \"%s\", \"%s\")", keys[i],
                                      variables[i])) != NULL);
    }
    // One file name in two folders is the same name again.
    rig_commit_file(&rig, "lib/a.c", arena_printf(&rig.w.arena, source, "three"));
    rig_aim(&rig, "lib/a.c", "twice");
    rig_refuses(&rig, "third", ERR_CONFLICT, "for another function than twice of lib/a.c");
}
END_TEST

START_TEST(only_what_is_proven_is_published)
{
    AUTO_RIG rig;
    rig_open(&rig);
    json_set_text(json_object_get(rig.with, "evidence"), "verdict", "unproven");
    rig_refuses(&rig, "one", ERR_CONFIG, "verdict proven");
    ck_assert_str_eq(rig_tip(&rig), "");
}
END_TEST

UNIT_MAIN("steps/open-pull-request/publish", a_repeated_attempt_publishes_nothing_more,
          a_push_whose_answer_was_lost_is_found_again, a_persons_commit_is_left_alone,
          what_a_person_closed_stays_closed, what_a_person_closed_is_remembered,
          a_merged_request_is_not_called_declined, a_request_that_is_not_atolls_is_left_alone,
          static_functions_of_one_name_are_kept_apart, only_what_is_proven_is_published)
