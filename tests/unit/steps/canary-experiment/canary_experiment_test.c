// SPDX-License-Identifier: Apache-2.0
// The decisions, each on a real repository with a bare origin: seen as a commit, or as its absence.
#include "tests/unit/steps/canary-experiment/rig.h"

#include "base/db.h"

#include <math.h>

static struct rig rig;

// Nothing was committed.
static void
ck_held(void)
{
    ck_assert_str_eq(rig_tip(&rig), rig.commit);
    ck_assert(json_is_null(json_object_get(json_object_get(rig.outputs, "rollout"), "commit")));
    AUTO_JSON *rows = rig_ledger(&rig);
    ck_assert_uint_eq(json_array_size(rows), 0);
}

// One commit that rolled back.
static void
ck_rolled_back(const char *reason)
{
    struct rollout rollout = rig_rollout(&rig);
    ck_assert_int_eq(rig_commits(&rig), 1);
    ck_assert_int_eq(rollout.state, ROLLOUT_ROLLED_BACK);
    ck_assert_uint_eq(rollout.stage, 0);
    ck_assert_msg(strstr(rollout.reason, reason) != NULL, "%s", rollout.reason);
    const char *flag = rig_file(&rig, rig_tip(&rig), RIG_ROLLOUT);
    ck_assert(strstr(flag, "\"DISABLED\"") != NULL && strstr(flag, "targeting") == NULL);
    ck_assert(strstr(rig_file(&rig, rig_tip(&rig), ".atoll/flags"), "\natoll-digest = off\n") != NULL);
    AUTO_JSON *rows = rig_ledger(&rig);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "event", ""), "retired");
    ck_assert(strstr(rig_page(&rig), "## Shadow canary: rollback") != NULL);
}

START_TEST(faster_advances_a_stage)
{
    rig_open(&rig, RIG_FASTER);
    int64_t now_s = host_real()->wall_ns(NULL) / 1000000000;
    rig_expect(&rig, "advance", "faster");
    struct rollout rollout = rig_rollout(&rig);
    ck_assert_int_eq(rig_commits(&rig), 1);
    ck_assert_int_eq(rollout.state, ROLLOUT_ON);
    ck_assert_uint_eq(rollout.stage, 1);
    ck_assert(rollout.lease_s >= now_s + 86400 && rollout.lease_s < now_s + 86400 + 60);
    const json_t *record = json_object_get(rig.outputs, "rollout");
    ck_assert_str_eq(json_get_text(record, "commit", ""), rig_tip(&rig));
    ck_assert_int_eq(json_get_int(record, "stage", 0), 1);
    ck_assert(json_get_real(record, "percent", 0) == 1);
    // The plain file serves everybody or nobody: at 1 % it still says off, and other lines stay.
    ck_assert_str_eq(rig_file(&rig, rig_tip(&rig), ".atoll/flags"),
                     "# flags\nother = on\natoll-digest = off\n");
    AUTO_BUF message = BUF(RIG_MAX_BYTES);
    RIG_OK(&rig, repo_message(rig.repo, rig_tip(&rig), &message, &rig.err));
    ck_assert(str_starts(buf_str(&message), STR("Advance digest to stage 1 of 5 (1 %)\n")));
    ck_assert(strstr(buf_text(&message), "\nAtoll-Target: d.c:digest\n") != NULL);
    ck_assert(strstr(buf_text(&message), "no live users") != NULL);
    rig_close(&rig);
}
END_TEST

START_TEST(figures_stand_in_the_outputs_and_the_request)
{
    rig_open(&rig, RIG_FASTER);
    rig_expect(&rig, "advance", "faster");
    double before = json_get_real(rig.outputs, "cpu_before", 0);
    double after = json_get_real(rig.outputs, "cpu_after", 0);
    double speedup = json_get_real(rig.outputs, "speedup", 0);
    ck_assert(before > 0.005 && after > 0 && after < 0.8 * before);
    ck_assert(speedup > 1.4 && speedup < 2.6);
    ck_assert(json_get_real(rig.outputs, "speedup_low", 0) > 1);
    ck_assert(json_get_real(rig.outputs, "speedup_high", 0) > speedup);
    // A share of 80 % at 2x.
    ck_assert_double_eq_tol(json_get_real(rig.outputs, "predicted_saving", 0), 0.4, 1e-9);
    ck_assert_double_eq_tol(json_get_real(rig.outputs, "measured_saving", 0), 1 - 1 / speedup, 1e-9);
    ck_assert_int_ge(json_get_int(rig.outputs, "quads", 0), 18);
    const char *page = rig_page(&rig);
    ck_assert(strstr(page, "## Shadow canary: advance") != NULL);
    ck_assert(strstr(page, "40.00 % predicted") != NULL);
    ck_assert(strstr(page, "no live users") != NULL);
    AUTO_JSON *rows = rig_ledger(&rig);
    ck_assert_uint_eq(json_array_size(rows), 1);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "event", ""), "shipped");
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "variant", ""), "f00d");
    rig_close(&rig);
}
END_TEST

START_TEST(another_look_advances_another_stage)
{
    rig_open(&rig, RIG_FASTER);
    rig_expect(&rig, "advance", "faster");
    ck_assert_int_eq(rig_run(&rig, "later"), 0);
    ck_assert_str_eq(rig_said(&rig, "decision"), "advance");
    ck_assert_uint_eq(rig_rollout(&rig).stage, 2);
    ck_assert_int_eq(rig_commits(&rig), 2);
    ck_assert_int_eq(rig_count(rig_page(&rig), "## Shadow canary: advance"), 2);
    rig_close(&rig);
}
END_TEST

START_TEST(a_repeated_attempt_commits_nothing_more)
{
    rig_open(&rig, RIG_FASTER);
    rig_expect(&rig, "advance", "faster");
    const char *tip = rig_tip(&rig);
    rig_expect(&rig, "advance", "faster");
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_int_eq(rig_count(rig_page(&rig), "## Shadow canary"), 1);
    rig_close(&rig);
}
END_TEST

// Forgets that anything left the machine, as a kill between an effect and its confirmation does.
static void
forget_effects(void)
{
    struct db *db = db_open(rig.state, DB_WRITE, &rig.err);
    ck_assert_msg(db != NULL, "%s", rig.err.message);
    RIG_OK(&rig, db_exec(db, "DELETE FROM effect", &rig.err));
    db_close(db);
}

START_TEST(a_lost_answer_makes_no_second_commit)
{
    rig_open(&rig, RIG_FASTER);
    rig_expect(&rig, "advance", "faster");
    const char *tip = rig_tip(&rig);
    forget_effects();
    rig_expect(&rig, "advance", "faster");
    ck_assert_str_eq(rig_tip(&rig), tip);
    ck_assert_int_eq(rig_commits(&rig), 1);
    ck_assert_int_eq(rig_count(rig_page(&rig), "## Shadow canary"), 1);
    // Also when a person committed on top meanwhile.
    char later[REPO_OID_SIZE];
    const struct repo_change change = {.path = "note", .content = STR("by hand\n")};
    rig_push(&rig, tip, &change, 1, RIG_BRANCH, tip, later);
    forget_effects();
    rig_expect(&rig, "advance", "faster");
    ck_assert_str_eq(rig_tip(&rig), later);
    rig_close(&rig);
}
END_TEST

START_TEST(a_branch_that_moved_otherwise_is_left_alone)
{
    rig_open(&rig, RIG_FASTER);
    rig_expect(&rig, "advance", "faster");
    char other[REPO_OID_SIZE];
    const struct repo_change change = {.path = "note", .content = STR("by hand\n")};
    rig_push(&rig, rig.commit, &change, 1, RIG_BRANCH, rig_tip(&rig), other);
    forget_effects();
    ck_assert_int_eq(rig_run(&rig, "canary"), -1);
    ck_assert_int_eq(rig.err.kind, ERR_CONFLICT);
    ck_assert_str_eq(rig_tip(&rig), other);
    // Also when a push would be a fast-forward: somebody took the change back.
    char main_tip[REPO_OID_SIZE];
    RIG_OK(&rig, repo_remote_ref(rig.repo, "origin", "refs/heads/main", main_tip, &rig.err));
    RIG_OK(&rig, repo_push(rig.repo, "origin", main_tip, RIG_BRANCH, other, &rig.err));
    forget_effects();
    ck_assert_int_eq(rig_run(&rig, "canary"), -1);
    ck_assert_int_eq(rig.err.kind, ERR_CONFLICT);
    ck_assert_str_eq(rig_tip(&rig), main_tip);
    rig_close(&rig);
}
END_TEST

START_TEST(ten_per_cent_slower_is_rolled_back)
{
    rig_open(&rig, RIG_SLOWER);
    json_object_set_new(rig.with, "quads", json_integer(60));
    rig_expect(&rig, "rollback", "slower");
    ck_rolled_back("slower");
    ck_assert(json_get_real(rig.outputs, "speedup_high", 2) < 1);
    ck_assert(json_get_real(rig.outputs, "measured_saving", 0) < 0);
    rig_close(&rig);
}
END_TEST

START_TEST(a_wrong_answer_is_rolled_back)
{
    rig_open(&rig, RIG_WRONG);
    rig_expect(&rig, "rollback", "line 28 is");
    ck_rolled_back("answers differ");
    ck_assert(json_is_null(json_object_get(rig.outputs, "speedup")));
    rig_close(&rig);
}
END_TEST

START_TEST(a_crash_is_rolled_back)
{
    rig_open(&rig, RIG_CRASH);
    rig_expect(&rig, "rollback", "the service fails with the flag on: it ended with signal 6");
    ck_rolled_back("signal 6");
    rig_close(&rig);
}
END_TEST

// As the kernel does it to the largest process when memory runs out.
START_TEST(a_kill_from_outside_is_no_verdict)
{
    rig_open(&rig, RIG_KILLED);
    for (int i = 0; i < 2; i++) {
        json_set_text(rig.with, "run", i == 0 ? "./d" : "./d; exit $?");
        ck_assert_int_eq(rig_run(&rig, i == 0 ? "canary" : "through-a-shell"), -1);
        ck_assert_int_eq(rig.err.kind, ERR_LOST);
    }
    ck_assert_int_eq(rig_commits(&rig), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(a_hang_is_rolled_back)
{
    rig_open(&rig, "for (;;) line += *line == 'X';");
    json_object_set_new(rig.with, "timeout", json_real(4));
    rig_expect(&rig, "rollback", "it hit its wall limit");
    ck_rolled_back("wall limit");
    rig_close(&rig);
}
END_TEST

START_TEST(equal_holds)
{
    bool held = false;
    double speedup = 0;
    // One look in twenty may be wrong about equal sides; three in a row are a bias.
    for (int look = 0; look < 3 && !held; look++) {
        rig_open(&rig, RIG_EQUAL);
        json_object_set_new(rig.with, "quads", json_integer(18));
        RIG_OK(&rig, rig_run(&rig, "canary"));
        speedup = json_get_real(rig.outputs, "speedup", 0);
        held = strcmp(rig_said(&rig, "decision"), "hold") == 0 && fabs(speedup - 1) < 0.1;
        if (held)
            ck_held();
        rig_close(&rig);
    }
    ck_assert_msg(held, "%.3fx", speedup);
}
END_TEST

START_TEST(no_traffic_holds)
{
    rig_open(&rig, RIG_FASTER);
    json_object_set_new(rig.with, "traffic", json_string("captured/none.txt"));
    rig_expect(&rig, "hold", "no captured traffic: captured/none.txt is missing");
    ck_held();
    ck_assert(json_is_null(json_object_get(rig.outputs, "measured_saving")));
    ck_assert(strstr(rig_page(&rig), "## Shadow canary: hold") != NULL);
    rig_close(&rig);
}
END_TEST

START_TEST(empty_traffic_holds)
{
    rig_open(&rig, RIG_FASTER);
    rig_write(&rig, "traffic.txt", "\n");
    rig_expect(&rig, "hold", "traffic.txt is empty");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(too_little_work_holds)
{
    rig_open(&rig, RIG_FASTER);
    json_object_set_new(rig.with, "min-cpu-seconds", json_real(3));
    rig_expect(&rig, "hold", "too little CPU time to compare");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(answers_that_vary_by_themselves_hold)
{
    rig_open_with(&rig, "(void)line; burn(600000); return by_the_clock();",
                  "(void)line; return by_the_clock();", NULL);
    rig_expect(&rig, "hold", "answers differ between two runs with the flag off");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(what_control_does_explains_what_treatment_does)
{
    // From the sixth run on both answer differently, and the sixth has the flag on.
    const char *body = "static long run; FILE *runs; if (run == 0) { runs = fopen(\"runs\", \"a\"); "
                       "fputc('x', runs); run = ftell(runs); fclose(runs); } "
                       "burn(600000); return answer(line) + (run > 5);";
    rig_open_with(&rig, body, body, NULL);
    rig_expect(&rig, "hold", "answers differ between two runs with the flag off: line 1 is");
    ck_assert_int_eq(json_get_int(rig.outputs, "quads", -1), 1);
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(a_service_that_fails_anyway_holds)
{
    rig_open_with(&rig, "burn(600000); (void)line; exit(3);", RIG_FASTER, NULL);
    rig_expect(&rig, "hold", "the service fails with the flag off: it ended with code 3");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(a_branch_that_does_not_build_is_an_error)
{
    rig_open(&rig, "return no_such_name;");
    ck_assert_int_eq(rig_run(&rig, "canary"), -1);
    ck_assert_int_eq(rig.err.kind, ERR_TARGET);
    ck_assert_msg(strstr(rig.err.message, "branch atoll/digest: `make -s` fails") != NULL, "%s",
                  rig.err.message);
    ck_assert_str_eq(rig_tip(&rig), rig.commit);
    rig_close(&rig);
}
END_TEST

START_TEST(what_was_rolled_back_stays_back)
{
    static const double stages[] = {1, 100};
    struct rollout back = {"digest", "d.c", "atoll-digest", stages, 2, 0, ROLLOUT_ROLLED_BACK, 1, "it broke"};
    rig_open_with(&rig, RIG_EQUAL, RIG_FASTER, &back);
    rig_expect(&rig, "hold", "rolled back before: it broke");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(the_last_stage_is_the_last)
{
    static const double stages[] = {1, 100};
    struct rollout full = {"digest", "d.c", "atoll-digest", stages, 2, 2, ROLLOUT_ON, 1, NULL};
    rig_open_with(&rig, RIG_EQUAL, RIG_FASTER, &full);
    rig_expect(&rig, "hold", "already at the last stage");
    ck_held();
    rig_close(&rig);
}
END_TEST

START_TEST(the_plain_file_follows_at_the_last_stage)
{
    static const double stages[] = {1, 100};
    struct rollout first = {"digest", "d.c", "atoll-digest", stages, 2, 1, ROLLOUT_ON, 1, NULL};
    rig_open_with(&rig, RIG_EQUAL, RIG_FASTER, &first);
    rig_expect(&rig, "advance", "faster");
    const char *line =
        arena_printf(&rig.arena, "\natoll-digest = on until %lld\n", (long long)rig_rollout(&rig).lease_s);
    ck_assert(strstr(rig_file(&rig, rig_tip(&rig), ".atoll/flags"), line) != NULL);
    rig_close(&rig);
}
END_TEST

START_TEST(a_request_that_ended_holds)
{
    static const char *const states[] = {"closed", "merged"};
    rig_open(&rig, RIG_FASTER);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const char *page = arena_printf(&rig.arena, "---\nstate: %s\n---\n%s", states[i],
                                        "<!-- atoll target: d.c:digest -->\n");
        RIG_OK(&rig, fs_write(rig.url, str_of(page), &rig.err));
        rig_expect(&rig, "hold", "no longer open");
        ck_held();
    }
    rig_close(&rig);
}
END_TEST

START_TEST(a_branch_that_is_gone_holds)
{
    rig_open(&rig, RIG_FASTER);
    RIG_OK(&rig, repo_push(rig.repo, "origin", NULL, RIG_BRANCH, rig.commit, &rig.err));
    rig_expect(&rig, "hold", "the branch is gone");
    rig_close(&rig);
}
END_TEST

START_TEST(a_rewritten_branch_holds)
{
    rig_open(&rig, RIG_FASTER);
    char main_tip[REPO_OID_SIZE], other[REPO_OID_SIZE];
    RIG_OK(&rig, repo_remote_ref(rig.repo, "origin", "refs/heads/main", main_tip, &rig.err));
    const struct repo_change change = {.path = "note", .content = STR("by hand\n")};
    rig_push(&rig, main_tip, &change, 1, RIG_BRANCH, rig.commit, other);
    rig_expect(&rig, "hold", "somebody rewrote the branch");
    ck_assert_str_eq(rig_tip(&rig), other);
    rig_close(&rig);
}
END_TEST

START_TEST(another_record_is_refused)
{
    rig_open(&rig, RIG_FASTER);
    json_object_set_new(rig.with, "pull-request", json_pack("{s:s}", "verdict", "proven"));
    ck_assert_int_eq(rig_run(&rig, "canary"), -1);
    ck_assert_int_eq(rig.err.kind, ERR_CONFIG);
    ck_assert(strstr(rig.err.message, "open-pull-request") != NULL);
    rig_close(&rig);
}
END_TEST

UNIT_MAIN("steps/canary-experiment/canary_experiment", faster_advances_a_stage,
          figures_stand_in_the_outputs_and_the_request, another_look_advances_another_stage,
          a_repeated_attempt_commits_nothing_more, a_lost_answer_makes_no_second_commit,
          a_branch_that_moved_otherwise_is_left_alone, ten_per_cent_slower_is_rolled_back,
          a_wrong_answer_is_rolled_back, a_crash_is_rolled_back, a_kill_from_outside_is_no_verdict,
          a_hang_is_rolled_back, equal_holds, no_traffic_holds, empty_traffic_holds, too_little_work_holds,
          answers_that_vary_by_themselves_hold, what_control_does_explains_what_treatment_does,
          a_service_that_fails_anyway_holds, a_branch_that_does_not_build_is_an_error,
          what_was_rolled_back_stays_back, the_last_stage_is_the_last,
          the_plain_file_follows_at_the_last_stage, a_request_that_ended_holds, a_branch_that_is_gone_holds,
          a_rewritten_branch_holds, another_record_is_refused)
