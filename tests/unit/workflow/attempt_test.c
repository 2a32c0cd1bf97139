// SPDX-License-Identifier: Apache-2.0
#include "workflow/attempt.h"

#include "tests/unit/workflow/fake_steps.h"

// An activity that behaves as `how` says until its attempt `until`; counts attempts from outside by its log.
static int
tries(void *context, json_t **result, struct err *err)
{
    struct step *step = context;
    const char *log = step_path(step, "log"), *how = step_text(step, "how");
    const json_t *before = journal_details(step);
    fake_log(log, arena_printf(step->arena, "attempt after %d", (int)json_get_int(before, "at", 0)));
    int attempts = fake_count(log, NULL);
    *result = json_integer(attempts);
    if (attempts >= step_int(step, "until"))
        return 0;
    json_drop(result);
    journal_heartbeat(step, json_pack("{s:i}", "at", attempts));
    if (strcmp(how, "hang") == 0 || strcmp(how, "silent") == 0)
        fake_sleep_ms(60000);
    if (strcmp(how, "beat") == 0)
        for (int i = 0; i < 20; i++) {
            fake_sleep_ms(50);
            journal_heartbeat(step, json_pack("{s:i}", "at", 100));
        }
    return strcmp(how, "beat") == 0 ? (*result = json_integer(0), 0)
                                    : err_set(err, err_kind_of(how), "attempt %d failed", attempts);
}

static int
run_tries(struct step *step, struct err *err)
{
    static const enum err_kind no_more[] = {ERR_NET, ERR_INTERNAL};
    const char *how = step_text(step, "how");
    struct journal_policy policy = {
        .attempts = (int)step_int(step, "count"), .initial_ns = 1000000, .coefficient = 2, .final = NULL};
    if (strcmp(how, "hang") == 0)
        policy.start_to_close_ns = 300 * CLOCK_MS_NS;
    if (strcmp(how, "silent") == 0)
        policy.heartbeat_ns = 300 * CLOCK_MS_NS;
    if (strcmp(how, "beat") == 0)
        policy.heartbeat_ns = 900 * CLOCK_MS_NS;
    if (strcmp(how, "net") == 0)
        policy.final = no_more;
    if (step_int(step, "sleep-ms") > 0)
        policy.schedule_to_close_ns = step_int(step, "sleep-ms") * CLOCK_MS_NS;
    json_t *result;
    if (journal_store(step, "square.insert", json_pack("[sI]", "before", (json_int_t)1), err) < 0 ||
        journal_activity_with(step, "tries", "x", NULL, &policy, tries, step, &result, err) < 0)
        return -1;
    step_output(step, "value", result);
    return 0;
}

static const struct step_ops tries_ops = {
    .name = "tries", .summary = "Tries.", .inputs = fake_inputs, .run = run_tries};
static const struct step_ops *const tries_steps[] = {&tries_ops, &fake_step_echo, NULL};
static const struct registry tries_registry = {tries_steps, fake_tables};

struct ran {
    int result;
    struct err err;
    int attempts;  // as the log says
    int64_t value; // of the step, -1 without
    char *state;
};

// Runs one step with these inputs.
static struct ran
run_step(struct arena *arena, const char *with, const char *more)
{
    char *folder = fake_folder(arena);
    struct ran ran = {0};
    const char *text = arena_printf(
        arena, "version: 1\nname: x\nsteps:\n  - {id: a, uses: tries, %s with: {log: log, %s}}\n", more,
        with);
    struct engine_options options = fake_options(folder, text);
    options.registry = &tries_registry;
    struct engine_outcome outcome;
    ran.result = engine_run(&options, &outcome, &ran.err);
    ran.attempts = fake_count("log", NULL);
    ran.state = arena_dup(arena, outcome.state);
    struct err err;
    AUTO_JSON *status = engine_status(outcome.state, NULL, &err);
    ran.value = json_get_int(json_object_get(json_array_get(json_object_get(status, "steps"), 0), "outputs"),
                             "value", -1);
    return ran;
}

START_TEST(a_failed_attempt_is_followed_by_another)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: io, count: 5, until: 3", "");
    ck_assert_int_eq(ran.result, 0);
    ck_assert_int_eq(ran.attempts, 3);
    ck_assert_int_eq(ran.value, 3);
    // What was stored before the attempts is kept, once.
    struct err err;
    AUTO_JSON *rows =
        state_query(ran.state,
                    "SELECT (SELECT count(*) FROM square) AS n, (SELECT attempts FROM activity) AS attempts,"
                    " (SELECT count(*) FROM event WHERE type = 'activity-failed') AS failed",
                    NULL, &err);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "n", 0), 1);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "attempts", 0), 3);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "failed", 0), 2);
}
END_TEST

START_TEST(attempts_end_with_the_last_error)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: io, count: 2, until: 9", "");
    ck_assert_int_eq(ran.result, -1);
    ck_assert_int_eq(ran.err.kind, ERR_IO);
    ck_assert_str_eq(ran.err.message, "step a: attempt 2 failed");
    ck_assert_int_eq(ran.attempts, 2);
}
END_TEST

START_TEST(a_final_kind_is_not_tried_again)
{
    AUTO_ARENA arena = {0};
    ck_assert_int_eq(run_step(&arena, "how: net, count: 5, until: 9", "").attempts, 1);
    ck_assert_int_eq(run_step(&arena, "how: target, count: 5, until: 9", "").attempts, 1);
}
END_TEST

START_TEST(each_attempt_of_the_step_counts_anew)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: io, count: 2, until: 5",
                              "retry: {attempts: 5, initial: 1ms, coefficient: 1},");
    ck_assert_int_eq(ran.result, 0);
    ck_assert_int_eq(ran.attempts, 5);
}
END_TEST

START_TEST(an_attempt_is_stopped_and_the_next_knows_how_far_it_was)
{
    static const char *const hows[] = {"hang", "silent"};
    for (int i = 0; i < 2; i++) {
        AUTO_ARENA arena = {0};
        struct ran ran = run_step(&arena, arena_printf(&arena, "how: %s, count: 3, until: 3", hows[i]), "");
        ck_assert_msg(ran.result == 0, "%s", ran.err.message);
        ck_assert_int_eq(ran.attempts, 3);
        ck_assert_int_eq(fake_count("log", "attempt after 0"), 1);
        ck_assert_int_eq(fake_count("log", "attempt after 1"), 1);
        ck_assert_int_eq(fake_count("log", "attempt after 2"), 1);
    }
}
END_TEST

START_TEST(stopped_attempts_are_counted)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: hang, count: 2, until: 9", "");
    ck_assert_int_eq(ran.result, -1);
    ck_assert_int_eq(ran.err.kind, ERR_TIMEOUT);
    ck_assert_msg(strstr(ran.err.message, "start-to-close") != NULL, "%s", ran.err.message);
    ck_assert_int_eq(ran.attempts, 2);
}
END_TEST

START_TEST(heartbeats_keep_an_attempt_alive)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: beat, count: 1, until: 9", "");
    ck_assert_msg(ran.result == 0, "%s", ran.err.message);
    ck_assert_int_eq(ran.attempts, 1);
}
END_TEST

START_TEST(attempts_end_at_schedule_to_close)
{
    AUTO_ARENA arena = {0};
    struct ran ran = run_step(&arena, "how: io, count: 1000000, until: 1000000, sleep-ms: 300", "");
    ck_assert_int_eq(ran.result, -1);
    ck_assert_int_gt(ran.attempts, 1);
    ck_assert_int_lt(ran.attempts, 50);
}
END_TEST

START_TEST(late_attempts_are_refused)
{
    AUTO_JSON *policy = json_pack("{s:I, s:I}", "schedule_to_start_ns", (json_int_t)10,
                                  "schedule_to_close_ns", (json_int_t)100);
    AUTO_JSON *row = json_pack("{s:i, s:i}", "scheduled_ns", 1000, "next_ns", 1050);
    int64_t wait_ns;
    struct err err;
    ck_assert_int_eq(attempt_check(row, policy, 1040, &wait_ns, &err), 0);
    ck_assert_int_eq(wait_ns, 10);
    ck_assert_int_eq(attempt_check(row, policy, 1060, &wait_ns, &err), 0);
    ck_assert_int_eq(wait_ns, 0);
    ck_assert_int_eq(attempt_check(row, policy, 1061, &wait_ns, &err), -1);
    ck_assert_msg(strstr(err.message, "schedule-to-start") != NULL, "%s", err.message);
    ck_assert_int_eq(attempt_check(row, policy, 1101, &wait_ns, &err), -1);
    ck_assert_msg(strstr(err.message, "schedule-to-close") != NULL, "%s", err.message);
    ck_assert_int_eq(attempt_check(row, NULL, 999999, &wait_ns, &err), 0);
}
END_TEST

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "step-process") == 0)
        return step_process_main(&tries_registry, 3);
    const TTest *const tests[] = {a_failed_attempt_is_followed_by_another,
                                  attempts_end_with_the_last_error,
                                  a_final_kind_is_not_tried_again,
                                  each_attempt_of_the_step_counts_anew,
                                  an_attempt_is_stopped_and_the_next_knows_how_far_it_was,
                                  stopped_attempts_are_counted,
                                  heartbeats_keep_an_attempt_alive,
                                  attempts_end_at_schedule_to_close,
                                  late_attempts_are_refused};
    return unit_run("workflow/attempt", tests, sizeof(tests) / sizeof(tests[0]));
}
