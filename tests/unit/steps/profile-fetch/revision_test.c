// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/revision.h"

#include "base/git.h"
#include "tests/unit/steps/profile-fetch/report_fixture.h"

static void
commit(struct repo *repo, const char *parent, const char *text, char oid[REPO_OID_SIZE])
{
    struct err err;
    struct repo_change changes[] = {{.path = "src/tag.c", .content = str_of(rig_tag_c)},
                                    {.path = "src/murmur3.c", .content = str_of(text)}};
    struct repo_author author = {.name = "a", .email = "a@example.com", .when_s = 1};
    ck_assert_msg(repo_commit(repo, parent, "refs/heads/main", changes, 2, "m", &author, oid, &err) == 0,
                  "%s", err.message);
}

struct history {
    struct rig rig;
    char first[REPO_OID_SIZE], second[REPO_OID_SIZE];
};

static void
setup(struct history *history)
{
    struct err err;
    rig_setup(&history->rig);
    ck_assert_int_eq(repo_init(history->rig.folder, false, &err), 0);
    struct repo *repo = repo_open(history->rig.folder, &err);
    ck_assert_ptr_nonnull(repo);
    commit(repo, NULL, "int murmur3_32(int n) { return 1; }\n", history->first);
    commit(repo, history->first, "int murmur3_32(int n)\n{\n    return n;\n}\n", history->second);
    repo_free(repo);
}

START_TEST(warns_of_files_that_changed_since)
{
    struct history history;
    setup(&history);
    struct rig *rig = &history.rig;
    rig->request.commit = history.first;
    AUTO_JSON *report = rig_report(rig, "murmur3_32 5\nnormalize_tag 3\n");
    rig_check_warning(report, arena_printf(&rig->arena,
                                           "the profile was taken at %.12s, HEAD is %.12s; changed since: "
                                           "src/murmur3.c",
                                           history.first, history.second));
    ck_assert_str_eq(json_get_text(report, "profile_commit", ""), history.first);
    ck_assert_str_eq(json_get_text(rig_hotspot(report, "murmur3_32"), "commit", ""), history.second);
    AUTO_JSON *same = rig_report(rig, "normalize_tag 3\n");
    rig_check_no_warning(same);
    rig_teardown(rig);
}
END_TEST

START_TEST(is_silent_at_head)
{
    struct history history;
    setup(&history);
    history.rig.request.commit = "HEAD";
    AUTO_JSON *report = rig_report(&history.rig, "murmur3_32 5\n");
    rig_check_no_warning(report);
    rig_teardown(&history.rig);
}
END_TEST

START_TEST(says_that_a_commit_is_unknown)
{
    struct history history;
    setup(&history);
    history.rig.request.commit = "1234567890123456789012345678901234567890";
    AUTO_JSON *report = rig_report(&history.rig, "murmur3_32 5\n");
    rig_check_warning(
        report, "the profile's commit 1234567890123456789012345678901234567890 is not in the repository");
    rig_teardown(&history.rig);
}
END_TEST

START_TEST(takes_a_commit_from_the_profile)
{
    struct history history;
    setup(&history);
    struct rig *rig = &history.rig;
    AUTO_JSON *report = rig_report(
        rig, arena_printf(&rig->arena, "events: Ir\ndesc: Built: %s\nfl=murmur3.c\nfn=murmur3_32\n1 5\n",
                          history.first));
    rig_check_warning(report, "changed since: src/murmur3.c");
    rig_teardown(rig);
}
END_TEST

UNIT_MAIN("steps/profile-fetch/revision", warns_of_files_that_changed_since, is_silent_at_head,
          says_that_a_commit_is_unknown, takes_a_commit_from_the_profile)
