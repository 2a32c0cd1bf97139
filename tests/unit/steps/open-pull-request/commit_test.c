// SPDX-License-Identifier: Apache-2.0
// The commit that the step makes, seen on the origin, and its tests with the flag off and on.
#include "tests/unit/steps/open-pull-request/rig.h"

#define RUN_TESTS "gcc -Werror -o t src/x.c t.c && ./t"

START_TEST(the_commit_stands_on_the_base_and_is_switched_off)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_expect(&rig, "one", "open");
    const char *tip = rig_tip(&rig), *source = rig_file(&rig, tip, "src/x.c");
    char parent[REPO_OID_SIZE], head[REPO_OID_SIZE];
    OK(repo_resolve(rig.repo, arena_printf(&rig.w.arena, "%s~1", tip), parent, &rig.w.err), &rig.w.err);
    OK(repo_resolve(rig.repo, "HEAD", head, &rig.w.err), &rig.w.err);
    ck_assert_str_eq(parent, head);
    ck_assert(strstr(source, "twice_control(int x)\n{\n    return x + x;\n}") != NULL);
    ck_assert(strstr(source, "twice_treatment(int x)\n{\n    return 2 * x;\n}") != NULL);
    ck_assert(strstr(source, "ATOLL_FLAG(twice, \"atoll-twice\", \"ATOLL_FLAG_TWICE\")") != NULL);
    ck_assert(strstr(rig_file(&rig, tip, "src/atoll_flag.h"), "atoll_flag_read") != NULL);
    ck_assert(strstr(rig_file(&rig, tip, ".atoll/flags"), "\natoll-twice = off\n") != NULL);
    struct rollout rollout;
    OK(flag_format_flagd.read(&rig.w.arena, str_of(rig_file(&rig, tip, RIG_ROLLOUT)), RIG_ROLLOUT, &rollout,
                              &rig.w.err),
       &rig.w.err);
    ck_assert_int_eq(rollout.state, ROLLOUT_OFF);
    ck_assert_uint_eq(rollout.stage_count, 3);
    ck_assert(rollout.stages[0] == 1 && rollout.stages[1] == 50 && rollout.stages[2] == 100);
    // The work tree stays as it was.
    AUTO_BUF text = BUF(RIG_MAX_BYTES);
    OK(fs_read(fs_join(&rig.w.arena, rig.w.repository, "src/x.c"), RIG_MAX_BYTES, &text, &rig.w.err),
       &rig.w.err);
    ck_assert_str_eq(buf_text(&text), rig_source);
}
END_TEST

START_TEST(per_call_reads_the_flag_on_each_call)
{
    AUTO_RIG rig;
    rig_open(&rig);
    json_set_text(rig.with, "guard", "per-call");
    rig_expect(&rig, "one", "open");
    const char *source = rig_file(&rig, rig_tip(&rig), "src/x.c");
    ck_assert(strstr(source, "ATOLL_FLAG_EACH_CALL(twice, \"atoll-twice\", \"ATOLL_FLAG_TWICE\")") != NULL);
    ck_assert(strstr(source, "ATOLL_FLAG(twice") == NULL);
}
END_TEST

START_TEST(other_flags_of_the_plain_file_stay)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_commit_file(&rig, ".atoll/flags", "# ours\nother = on\natoll-twice = on until 9\n");
    rig_expect(&rig, "one", "open");
    ck_assert_str_eq(rig_file(&rig, rig_tip(&rig), ".atoll/flags"),
                     "# ours\nother = on\natoll-twice = off\n");
}
END_TEST

START_TEST(the_benchmark_file_goes_along)
{
    AUTO_RIG rig;
    rig_open(&rig);
    json_t *winner = json_object_get(json_object_get(rig.with, "evidence"), "winner");
    json_set_text(json_object_get(winner, "benchmark"), "benchmark_file", "bench/twice.json");
    workshop_file(&rig.w, "bench/twice.json", "{}\n");
    rig_expect(&rig, "one", "open");
    ck_assert_str_eq(rig_file(&rig, rig_tip(&rig), "bench/twice.json"), "{}\n");
}
END_TEST

START_TEST(stages_must_rise_up_to_100)
{
    static const char *const wrong[] = {
        "[\"5\", \"1\"]", "[\"1\", \"1\"]", "[\"0\", \"100\"]", "[\"-1\"]", "[\"101\"]",
        "[\"half\"]",     "[\"\"]",         "[true]",           "[5, 1]",
    };
    AUTO_RIG rig;
    rig_open(&rig);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_object_set_new(rig.with, "stages", json_read(str_of(wrong[i]), "stages", &rig.w.err));
        rig_refuses(&rig, "one", ERR_CONFIG, "stages: per cents that rise up to 100, at most 32");
    }
    json_t *many = json_array();
    for (int i = 1; i <= 33; i++)
        json_array_append_new(many, json_integer(i));
    json_object_set(rig.with, "stages", many);
    rig_refuses(&rig, "one", ERR_CONFIG, "at most 32");
    ck_assert_str_eq(rig_tip(&rig), "");
    json_array_remove(many, 32);
    json_decref(many);
    rig_expect(&rig, "one", "open");
}
END_TEST

START_TEST(tests_run_with_the_flag_off_and_on)
{
    AUTO_RIG rig;
    rig_open(&rig);
    json_set_text(rig.with, "test", RUN_TESTS " && echo $ATOLL_FLAG_TWICE");
    rig_expect(&rig, "one", "open");
    ck_assert(strstr(rig_page(&rig), "| this branch | `" RUN_TESTS) != NULL);
}
END_TEST

// Nothing is pushed for a variant that the suite refutes.
static void
ck_refuted(const char *test, const char *said)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_winner(&rig, "int twice(int x)\n{\n    return x == 4 ? 9 : 2 * x;\n}");
    json_set_text(rig.with, "test", test);
    rig_refuses(&rig, "one", ERR_TARGET, said);
    ck_assert_str_eq(rig_tip(&rig), "");
    ck_assert(!fs_exists(rig_page_path(&rig, "twice")));
    ck_assert_int_eq(rig_noted(&rig, "shipped"), 0);
}

START_TEST(a_suite_that_fails_with_the_flag_on_stops_it)
{
    ck_refuted("gcc -o t src/x.c t.c && { ./t || { echo so wrong; exit 1; }; }",
               "with the flag on `gcc -o t src/x.c t.c");
    ck_refuted("gcc -o t src/x.c t.c && { ./t || { echo so; echo wrong; exit 1; }; }",
               "fails on the branch: wrong");
}
END_TEST

START_TEST(a_suite_that_fails_with_the_flag_off_stops_it)
{
    ck_refuted("test $ATOLL_FLAG_TWICE = on", "with the flag off `test");
}
END_TEST

START_TEST(a_variant_without_the_function_is_refused)
{
    AUTO_RIG rig;
    rig_open(&rig);
    rig_winner(&rig, "int thrice(int x)\n{\n    return 3 * x;\n}");
    ck_assert_int_eq(rig_run(&rig, "one"), -1);
    ck_assert_str_eq(rig_tip(&rig), "");
}
END_TEST

START_TEST(changes_that_are_not_committed_stay_at_home)
{
    AUTO_RIG rig;
    rig_open(&rig);
    const char *edited = arena_printf(&rig.w.arena, "%sint secret = 42;\n", rig_source);
    workshop_file(&rig.w, "src/x.c", edited);
    rig_refuses(&rig, "one", ERR_TARGET, "src/x.c has changes that are not committed; commit or stash them");
    ck_assert_str_eq(rig_tip(&rig), "");
    ck_assert(!fs_exists(rig_page_path(&rig, "twice")));
    // A file that git does not know at all.
    workshop_file(&rig.w, "src/new.c", rig_source);
    rig_aim(&rig, "src/new.c", "twice");
    rig_refuses(&rig, "one", ERR_TARGET, "src/new.c has changes that are not committed");
    // Committed, it is published.
    rig_commit_file(&rig, "src/x.c", edited);
    rig_aim(&rig, "src/x.c", "twice");
    rig_expect(&rig, "one", "open");
    ck_assert(strstr(rig_file(&rig, rig_tip(&rig), "src/x.c"), "secret") != NULL);
}
END_TEST

UNIT_MAIN("steps/open-pull-request/commit", the_commit_stands_on_the_base_and_is_switched_off,
          per_call_reads_the_flag_on_each_call, other_flags_of_the_plain_file_stay,
          the_benchmark_file_goes_along, stages_must_rise_up_to_100, tests_run_with_the_flag_off_and_on,
          a_suite_that_fails_with_the_flag_on_stops_it, a_suite_that_fails_with_the_flag_off_stops_it,
          a_variant_without_the_function_is_refused, changes_that_are_not_committed_stay_at_home)
