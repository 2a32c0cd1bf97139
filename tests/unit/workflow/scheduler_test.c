// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/scheduler.h"

struct bench {
    struct arena arena;
    struct pipeline *pipeline;
    struct schedule schedule;
    int64_t now_ns;
};

static int64_t
bench_wall(void *context)
{
    return ((struct bench *)context)->now_ns;
}

static const char *
bench_env(void *context, const char *variable)
{
    (void)context;
    (void)variable;
    return NULL;
}

static struct bench *
open_bench(const char *steps)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    AUTO_PROBLEMS problems = {0};
    AUTO_BUF said = BUF(1 << 16);
    const char *text = arena_printf(&bench->arena, "version: 1\nname: x\nvars: {v: 1}\nsteps:\n%s", steps);
    bench->pipeline = pipeline_read(&bench->arena, str_of(text), "x.yml", &fake_registry, &problems);
    problems_write(&problems, &said);
    ck_assert_msg(bench->pipeline != NULL, "%s", buf_text(&said));
    bench->now_ns = 1000;
    struct host *host = ARENA_NEW(&bench->arena, struct host);
    *host = (struct host){bench, bench_wall, bench_wall, bench_env};
    AUTO_JSON *vars = json_pack("{s:i}", "w", 2);
    schedule_init(&bench->schedule, bench->pipeline, vars, "R", host, &bench->arena);
    schedule_advance(&bench->schedule);
    return bench;
}

static void
close_bench(struct bench *bench)
{
    schedule_release(&bench->schedule);
    pipeline_release(bench->pipeline);
    arena_release(&bench->arena);
    free(bench);
}

static struct task *
task(struct bench *bench, const char *key)
{
    VEC_EACH (struct task *, at, &bench->schedule.tasks)
        if (strcmp((*at)->key, key) == 0)
            return *at;
    ck_abort_msg("no task %s", key);
    return NULL;
}

static void
expect_next(struct bench *bench, const char *key)
{
    schedule_advance(&bench->schedule);
    const struct task *next = schedule_next(&bench->schedule, bench->now_ns);
    ck_assert_str_eq(next ? next->key : "nothing", key);
}

static void
succeed(struct bench *bench, const char *key, json_t *outputs)
{
    schedule_start(&bench->schedule, task(bench, key), bench->now_ns);
    schedule_succeed(&bench->schedule, task(bench, key), outputs, bench->now_ns);
    schedule_advance(&bench->schedule);
}

static void
flunk(struct bench *bench, const char *key, enum err_kind kind)
{
    struct err problem;
    err_set(&problem, kind, "no luck");
    schedule_start(&bench->schedule, task(bench, key), bench->now_ns);
    schedule_fail(&bench->schedule, task(bench, key), &problem, bench->now_ns);
    schedule_advance(&bench->schedule);
}

START_TEST(a_step_waits_for_its_needs)
{
    struct bench *bench =
        open_bench("  - {id: a, uses: echo}\n  - {id: b, uses: echo, needs: []}\n"
                   "  - {id: c, uses: echo, needs: [a, b], with: {value: \"${{ vars.v }}\"}}\n");
    expect_next(bench, "a");
    schedule_start(&bench->schedule, task(bench, "a"), 1);
    expect_next(bench, "b");
    schedule_start(&bench->schedule, task(bench, "b"), 1);
    expect_next(bench, "nothing");
    schedule_succeed(&bench->schedule, task(bench, "b"), json_object(), 2);
    expect_next(bench, "nothing");
    schedule_succeed(&bench->schedule, task(bench, "a"), json_object(), 2);
    expect_next(bench, "c");
    ck_assert_int_eq(json_get_int(task(bench, "c")->with, "value", 0), 1);
    ck_assert(!schedule_ended(&bench->schedule));
    succeed(bench, "c", json_object());
    ck_assert(schedule_ended(&bench->schedule));
    ck_assert_ptr_null(schedule_failed(&bench->schedule));
    close_bench(bench);
}
END_TEST

START_TEST(a_failure_skips_all_that_follows)
{
    struct bench *bench =
        open_bench("  - {id: a, uses: echo}\n  - {id: b, uses: echo}\n  - {id: c, uses: echo}\n"
                   "  - {id: d, uses: echo, needs: [a], if: failure()}\n");
    flunk(bench, "a", ERR_TARGET);
    ck_assert_int_eq(task(bench, "b")->status, TASK_SKIPPED);
    ck_assert_int_eq(task(bench, "c")->status, TASK_SKIPPED);
    expect_next(bench, "d");
    ck_assert_str_eq(schedule_failed(&bench->schedule)->key, "a");
    close_bench(bench);
}
END_TEST

START_TEST(retries_wait_longer_each_time_and_end)
{
    struct bench *bench = open_bench(
        "  - {id: a, uses: echo, retry: {attempts: 4, initial: 10s, coefficient: 3, maximum: 40s}}\n");
    static const int64_t waits_s[] = {10, 30, 40};
    for (int i = 0; i < 3; i++) {
        flunk(bench, "a", ERR_IO);
        ck_assert_int_eq(task(bench, "a")->status, TASK_PENDING);
        ck_assert_int_eq(schedule_due_ns(&bench->schedule) - bench->now_ns, waits_s[i] * 1000000000);
        bench->now_ns += waits_s[i] * 1000000000 - 1;
        expect_next(bench, "nothing");
        bench->now_ns++;
        expect_next(bench, "a");
    }
    schedule_start(&bench->schedule, task(bench, "a"), bench->now_ns);
    schedule_lose(&bench->schedule, task(bench, "a"));
    expect_next(bench, "a");
    flunk(bench, "a", ERR_IO);
    ck_assert_int_eq(task(bench, "a")->status, TASK_FAILED);
    ck_assert_int_eq(task(bench, "a")->attempt, 5);
    ck_assert_int_eq(schedule_due_ns(&bench->schedule), INT64_MAX);
    close_bench(bench);
}
END_TEST

START_TEST(some_kinds_are_not_retried)
{
    static const enum err_kind kinds[] = {ERR_USAGE,    ERR_CONFIG,         ERR_ENVIRONMENT,
                                          ERR_CONFLICT, ERR_NO_IMPROVEMENT, ERR_CANCELLED};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct bench *bench = open_bench("  - {id: a, uses: echo, retry: {attempts: 4}}\n");
        flunk(bench, "a", kinds[i]);
        ck_assert_int_eq(task(bench, "a")->status, TASK_FAILED);
        close_bench(bench);
    }
    struct bench *bench = open_bench("  - {id: a, uses: echo, retry: {attempts: 4}}\n");
    flunk(bench, "a", ERR_TARGET);
    ck_assert_int_eq(task(bench, "a")->status, TASK_PENDING);
    close_bench(bench);
}
END_TEST

// A kind that would be tried again, but not when the step itself calls it final.
START_TEST(what_a_step_calls_final_is_not_retried)
{
    struct bench *bench = open_bench("  - {id: a, uses: final, retry: {attempts: 4}}\n");
    flunk(bench, "a", ERR_LOST);
    ck_assert_int_eq(task(bench, "a")->status, TASK_PENDING);
    bench->now_ns += 1000000000000;
    flunk(bench, "a", ERR_TIMEOUT);
    ck_assert_int_eq(task(bench, "a")->status, TASK_FAILED);
    close_bench(bench);
}
END_TEST

static const char each[] = "  - {id: a, uses: echo}\n"
                           "  - {id: b, uses: echo, for-each: \"${{ steps.a.outputs.items }}\",\n"
                           "     with: {value: \"${{ item.name }}-${{ index }}\"},\n"
                           "     on-failure: {uses: echo, with: {value: \"undo ${{ vars.v }}\"}}}\n"
                           "  - {id: c, uses: echo, with: {value: \"${{ steps.b.outputs.count }}\"}}\n";

START_TEST(items_run_each_and_their_group_ends_with_them)
{
    struct bench *bench = open_bench(each);
    succeed(bench, "a", json_pack("{s:[{s:s},{s:s}]}", "items", "name", "x", "name", "y"));
    ck_assert_int_eq(task(bench, "b")->status, TASK_RUNNING);
    ck_assert_str_eq(json_get_text(task(bench, "b[y]")->with, "value", ""), "y-1");
    succeed(bench, "b[x]", json_pack("{s:i}", "n", 1));
    ck_assert_int_eq(task(bench, "b")->status, TASK_RUNNING);
    succeed(bench, "b[y]", json_pack("{s:i}", "n", 2));
    ck_assert_int_eq(task(bench, "b")->status, TASK_SUCCEEDED);
    expect_next(bench, "c");
    ck_assert_int_eq(json_get_int(task(bench, "c")->with, "value", 0), 2);
    close_bench(bench);
}
END_TEST

START_TEST(a_failed_item_fails_its_group_and_is_compensated)
{
    struct bench *bench = open_bench(each);
    succeed(bench, "a", json_pack("{s:[{s:s},{s:s}]}", "items", "name", "x", "name", "y"));
    flunk(bench, "b[x]", ERR_TARGET);
    ck_assert_int_eq(task(bench, "b")->status, TASK_RUNNING);
    succeed(bench, "b[y]", json_object());
    ck_assert_int_eq(task(bench, "b")->status, TASK_FAILED);
    ck_assert_int_eq(task(bench, "c")->status, TASK_SKIPPED);
    ck_assert(!schedule_ended(&bench->schedule));
    ck_assert_str_eq(json_get_text(task(bench, "b on-failure")->with, "value", ""), "undo 1");
    succeed(bench, "b on-failure", json_object());
    ck_assert(schedule_ended(&bench->schedule));
    ck_assert_str_eq(schedule_failed(&bench->schedule)->key, "b[x]");
    schedule_reopen(&bench->schedule);
    expect_next(bench, "b[x]");
    succeed(bench, "b[x]", json_object());
    expect_next(bench, "c");
    succeed(bench, "c", json_object());
    ck_assert(schedule_ended(&bench->schedule));
    ck_assert_ptr_null(schedule_failed(&bench->schedule));
    close_bench(bench);
}
END_TEST

START_TEST(no_items_is_a_success)
{
    struct bench *bench = open_bench(each);
    succeed(bench, "a", json_pack("{s:[]}", "items"));
    ck_assert_int_eq(task(bench, "b")->status, TASK_SUCCEEDED);
    expect_next(bench, "c");
    close_bench(bench);
}
END_TEST

START_TEST(inputs_that_do_not_fit_fail_the_step)
{
    struct bench *bench = open_bench("  - {id: a, uses: echo}\n  - {id: b, uses: work, with: {count: \"${{ "
                                     "steps.a.outputs.value }}\"}}\n");
    succeed(bench, "a", json_pack("{s:s}", "value", "many"));
    ck_assert_int_eq(task(bench, "b")->status, TASK_FAILED);
    ck_assert_str_eq(json_get_text(task(bench, "b")->error, "kind", ""), "config");
    ck_assert_ptr_nonnull(strstr(json_get_text(task(bench, "b")->error, "message", ""), "x.yml:6:"));
    close_bench(bench);
}
END_TEST

START_TEST(a_row_of_another_pipeline_is_refused)
{
    struct bench *bench = open_bench("  - {id: a, uses: echo}\n");
    struct err err;
    AUTO_JSON *row =
        json_pack("{s:s, s:s, s:s, s:s}", "key", "z", "id", "z", "role", "step", "status", "pending");
    ck_assert_int_eq(schedule_restore(&bench->schedule, row, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    close_bench(bench);
}
END_TEST

static void
start_and_wait(struct bench *bench, const char *key)
{
    schedule_start(&bench->schedule, task(bench, key), bench->now_ns);
    task(bench, key)->changed = false;
    schedule_wait(&bench->schedule, task(bench, key));
    ck_assert(task(bench, key)->changed);
}

// Open waits of these steps, as rows; ends with NULL.
static void
wake(struct bench *bench, const char *const *open)
{
    AUTO_JSON *rows = json_array();
    for (; *open; open++)
        json_array_append_new(rows, json_pack("{s:s}", "step", *open));
    AUTO_JSON *none = json_array();
    schedule_wake(&bench->schedule, rows, none);
    schedule_advance(&bench->schedule);
}

START_TEST(a_task_waits_until_it_has_no_open_wait)
{
    struct bench *bench = open_bench("  - {id: a, uses: echo}\n  - {id: b, uses: echo}\n");
    ck_assert(!schedule_any_waits(&bench->schedule));
    start_and_wait(bench, "a");
    ck_assert(schedule_any_waits(&bench->schedule));
    expect_next(bench, "nothing");
    ck_assert(!schedule_ended(&bench->schedule));
    ck_assert_int_eq(schedule_due_ns(&bench->schedule), INT64_MAX);
    wake(bench, (const char *const[]){"b", "a", NULL});
    ck_assert_int_eq(task(bench, "a")->status, TASK_WAITING);
    wake(bench, (const char *const[]){"b", "aa", NULL});
    ck_assert_int_eq(task(bench, "a")->status, TASK_PENDING);
    ck_assert(task(bench, "a")->woken);
    expect_next(bench, "a");
    // Waiting is no failure, and a start no new beginning.
    ck_assert_int_eq(task(bench, "a")->failures, 0);
    bench->now_ns = 5000;
    schedule_start(&bench->schedule, task(bench, "a"), bench->now_ns);
    ck_assert(!task(bench, "a")->woken);
    ck_assert_int_eq(task(bench, "a")->started_ns, 1000);
    ck_assert_int_eq(task(bench, "a")->attempt, 2);
    schedule_succeed(&bench->schedule, task(bench, "a"), json_object(), bench->now_ns);
    expect_next(bench, "b");
    close_bench(bench);
}
END_TEST

START_TEST(a_waiting_task_ends_with_its_schedule_to_close)
{
    struct bench *bench = open_bench("  - {id: a, uses: echo, needs: [], timeouts: {schedule-to-close: 2s}}\n"
                                     "  - {id: b, uses: echo, needs: []}\n");
    AUTO_JSON *expired = json_array();
    ck_assert_int_eq(schedule_close_ns(&bench->schedule), INT64_MAX); // it does not wait yet
    bench->now_ns = 500000000;
    start_and_wait(bench, "a");
    start_and_wait(bench, "b");
    ck_assert_int_eq(schedule_close_ns(&bench->schedule), 2000001000); // from when it could start
    schedule_expire(&bench->schedule, 2000000999, expired);
    ck_assert_uint_eq(json_array_size(expired), 0);
    schedule_expire(&bench->schedule, 2000001000, expired);
    ck_assert_uint_eq(json_array_size(expired), 1);
    ck_assert_str_eq(json_string_value(json_array_get(expired, 0)), "a");
    ck_assert_int_eq(task(bench, "a")->status, TASK_FAILED);
    ck_assert_str_eq(json_get_text(task(bench, "a")->error, "kind", ""), "timeout");
    ck_assert_int_eq(task(bench, "b")->status, TASK_WAITING);
    ck_assert_int_eq(schedule_close_ns(&bench->schedule), INT64_MAX);
    close_bench(bench);
}
END_TEST

START_TEST(what_was_woken_starts_in_the_order_of_waking)
{
    struct bench *bench =
        open_bench("  - {id: z, uses: echo, needs: []}\n  - {id: a, uses: echo, needs: []}\n"
                   "  - {id: b, uses: echo, needs: []}\n  - {id: c, uses: echo, needs: []}\n"
                   "  - {id: d, uses: echo, needs: []}\n");
    for (const char *key = "abcd"; *key; key++)
        start_and_wait(bench, (char[]){*key, '\0'});
    AUTO_JSON *open = json_pack("[{s:s}]", "step", "d"), *none = json_array();
    // A step that has another open wait, and one that is not there, wake nobody.
    AUTO_JSON *ended = json_pack("[s,s,s,s]", "d", "c", "gone", "a");
    schedule_wake(&bench->schedule, open, ended);
    schedule_advance(&bench->schedule);
    ck_assert_int_eq(task(bench, "d")->status, TASK_WAITING);
    expect_next(bench, "c");
    schedule_wake(&bench->schedule, none, none);
    static const char *const order[] = {"c", "a", "b", "d", "z"};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        expect_next(bench, order[i]);
        succeed(bench, order[i], json_object());
    }
    ck_assert(schedule_ended(&bench->schedule));
    close_bench(bench);
}
END_TEST

START_TEST(only_waits_are_left_when_nothing_else_can_go_on)
{
    struct bench *bench =
        open_bench("  - {id: a, uses: echo, needs: []}\n"
                   "  - {id: b, uses: echo, needs: [], retry: {attempts: 2, initial: 10s}}\n"
                   "  - {id: c, uses: echo, needs: [a, b]}\n");
    ck_assert(!schedule_only_waits(&bench->schedule));
    start_and_wait(bench, "a");
    ck_assert(!schedule_only_waits(&bench->schedule));
    flunk(bench, "b", ERR_IO);
    // It is tried again later: that is not for a wait to end.
    ck_assert(!schedule_only_waits(&bench->schedule));
    ck_assert_int_lt(schedule_due_ns(&bench->schedule), INT64_MAX);
    schedule_start(&bench->schedule, task(bench, "b"), bench->now_ns);
    ck_assert(!schedule_only_waits(&bench->schedule));
    schedule_succeed(&bench->schedule, task(bench, "b"), json_object(), bench->now_ns);
    schedule_advance(&bench->schedule);
    ck_assert(schedule_only_waits(&bench->schedule));
    wake(bench, (const char *const[]){NULL});
    ck_assert(!schedule_only_waits(&bench->schedule));
    succeed(bench, "a", json_object());
    succeed(bench, "c", json_object());
    ck_assert(schedule_ended(&bench->schedule));
    ck_assert(!schedule_only_waits(&bench->schedule));
    close_bench(bench);
}
END_TEST

START_TEST(cancelling_ends_what_did_not_end)
{
    struct bench *bench =
        open_bench("  - {id: done, uses: echo, needs: []}\n  - {id: bad, uses: echo, needs: []}\n"
                   "  - {id: w, uses: echo, needs: []}\n  - {id: r, uses: echo, needs: []}\n"
                   "  - {id: e, uses: echo, needs: done, for-each: \"${{ steps.done.outputs.items }}\"}\n"
                   "  - {id: last, uses: echo, needs: [w, e]}\n");
    succeed(bench, "done", json_pack("{s:[s,s]}", "items", "x", "y"));
    flunk(bench, "bad", ERR_TARGET);
    start_and_wait(bench, "w");
    schedule_start(&bench->schedule, task(bench, "r"), bench->now_ns);
    succeed(bench, "e[x]", json_object());
    bench->now_ns = 7000;
    schedule_cancel(&bench->schedule, bench->now_ns);
    static const struct {
        const char *key;
        enum task_status status;
    } ends[] = {{"done", TASK_SUCCEEDED}, {"bad", TASK_FAILED},    {"w", TASK_CANCELLED},
                {"r", TASK_CANCELLED},    {"e", TASK_CANCELLED},   {"e[x]", TASK_SUCCEEDED},
                {"e[y]", TASK_CANCELLED}, {"last", TASK_CANCELLED}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        ck_assert_msg(task(bench, ends[i].key)->status == ends[i].status, "%s", ends[i].key);
        if (ends[i].status == TASK_CANCELLED)
            ck_assert_int_eq(task(bench, ends[i].key)->ended_ns, 7000);
    }
    ck_assert(schedule_ended(&bench->schedule));
    expect_next(bench, "nothing");
    schedule_reopen(&bench->schedule);
    ck_assert_int_eq(task(bench, "done")->status, TASK_SUCCEEDED);
    ck_assert_int_eq(task(bench, "e")->status, TASK_RUNNING);
    ck_assert_int_eq(task(bench, "e[x]")->status, TASK_SUCCEEDED);
    ck_assert_int_eq(task(bench, "e[y]")->status, TASK_PENDING);
    ck_assert_int_eq(task(bench, "w")->status, TASK_PENDING);
    succeed(bench, "bad", json_object());
    succeed(bench, "w", json_object());
    succeed(bench, "r", json_object());
    succeed(bench, "e[y]", json_object());
    succeed(bench, "last", json_object());
    ck_assert(schedule_ended(&bench->schedule));
    ck_assert_ptr_null(schedule_failed(&bench->schedule));
    close_bench(bench);
}
END_TEST

START_TEST(a_for_each_runs_as_many_items_as_it_may)
{
    struct bench *bench =
        open_bench("  - {id: a, uses: echo}\n"
                   "  - {id: b, uses: echo, for-each: \"${{ steps.a.outputs.items }}\", parallel: 2}\n"
                   "  - {id: c, uses: echo, needs: a}\n");
    succeed(bench, "a", json_pack("{s:[s,s,s,s]}", "items", "p", "q", "r", "s"));
    succeed(bench, "c", json_object());
    expect_next(bench, "b[p]");
    schedule_start(&bench->schedule, task(bench, "b[p]"), 1);
    expect_next(bench, "b[q]");
    schedule_start(&bench->schedule, task(bench, "b[q]"), 1);
    // The limit is no time: nothing is due until an item ends, and nothing only waits.
    expect_next(bench, "nothing");
    ck_assert_int_eq(schedule_due_ns(&bench->schedule), INT64_MAX);
    ck_assert(!schedule_only_waits(&bench->schedule));
    schedule_wait(&bench->schedule, task(bench, "b[p]"));
    expect_next(bench, "b[r]");
    schedule_start(&bench->schedule, task(bench, "b[r]"), 1);
    wake(bench, (const char *const[]){NULL});
    expect_next(bench, "nothing");
    schedule_succeed(&bench->schedule, task(bench, "b[q]"), json_object(), 2);
    expect_next(bench, "b[p]");
    succeed(bench, "b[p]", json_object());
    expect_next(bench, "b[s]");
    close_bench(bench);
}
END_TEST

START_TEST(a_waiting_task_comes_back_as_waiting)
{
    struct bench *bench = open_bench("  - {id: a, uses: echo}\n  - {id: b, uses: echo}\n");
    struct err err;
    AUTO_JSON *row = json_pack("{s:s, s:s, s:s, s:s, s:i}", "key", "a", "id", "a", "role", "step", "status",
                               "waiting", "attempt", 3);
    ck_assert_int_eq(schedule_restore(&bench->schedule, row, &err), 0);
    schedule_advance(&bench->schedule);
    ck_assert_int_eq(task(bench, "a")->status, TASK_WAITING);
    ck_assert(!task(bench, "a")->changed);
    ck_assert(schedule_only_waits(&bench->schedule));
    wake(bench, (const char *const[]){NULL});
    expect_next(bench, "a");
    ck_assert_int_eq(task(bench, "a")->attempt, 3);
    close_bench(bench);
}
END_TEST

UNIT_MAIN("workflow/scheduler", a_task_waits_until_it_has_no_open_wait,
          what_was_woken_starts_in_the_order_of_waking, only_waits_are_left_when_nothing_else_can_go_on,
          cancelling_ends_what_did_not_end, a_for_each_runs_as_many_items_as_it_may,
          a_waiting_task_comes_back_as_waiting, a_step_waits_for_its_needs, a_failure_skips_all_that_follows,
          retries_wait_longer_each_time_and_end, some_kinds_are_not_retried,
          what_a_step_calls_final_is_not_retried, a_waiting_task_ends_with_its_schedule_to_close,
          items_run_each_and_their_group_ends_with_them, a_failed_item_fails_its_group_and_is_compensated,
          no_items_is_a_success, inputs_that_do_not_fit_fail_the_step, a_row_of_another_pipeline_is_refused)
