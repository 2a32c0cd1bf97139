// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"

static int
run(const struct engine_options *options, struct engine_outcome *outcome)
{
    struct err err = {0};
    int result = engine_run(options, outcome, &err);
    if (result < 0)
        fprintf(stderr, "engine_run: %s: %s\n", err_name(err.kind), err.message);
    return result;
}

static void
assert_valid_state(const char *path)
{
    struct err err = {0};
    ck_assert_msg(state_verify(path, &err) == 0, "%s", err.message);
}

// The step of that id in engine_status; borrowed.
static const json_t *
step_in(const json_t *status, const char *id)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(status, "steps"), i, step)
    {
        if (strcmp(json_get_text(step, "id", ""), id) == 0)
            return step;
    }
    ck_abort_msg("no step %s", id);
    return NULL;
}

static json_t *
status_of(const char *folder, struct arena *arena)
{
    struct err err = {0};
    json_t *status = engine_status(engine_state_path(arena, folder), NULL, &err);
    ck_assert_msg(status != NULL, "%s", err.message);
    return status;
}

START_TEST(runs_steps_in_order_and_passes_outputs)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\n"
                             "name: two\n"
                             "steps:\n"
                             "  - {id: last, uses: echo, with: {value: \"${{ "
                             "steps.first.outputs.sum }}\", log: log}}\n"
                             "  - {id: first, uses: work, needs: [], with: {count: 4, log: log}}\n");
    struct engine_outcome outcome;
    ck_assert_int_eq(run(&options, &outcome), 0);
    ck_assert_str_eq(outcome.status, "succeeded");
    ck_assert(!outcome.resumed);
    AUTO_JSON *status = status_of(folder, &arena);
    ck_assert_str_eq(json_get_text(status, "status", ""), "succeeded");
    ck_assert_str_eq(json_get_text(status, "pipeline", ""), "two");
    ck_assert_int_eq(json_get_int(json_object_get(step_in(status, "last"), "outputs"), "value", -1), 14);
    ck_assert_int_eq(fake_count("log", NULL), 5);
    assert_valid_state(engine_state_path(&arena, folder));
}
END_TEST

START_TEST(a_finished_run_is_followed_by_a_new_one)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder, "version: 1\nname: x\nsteps:\n  - {id: a, uses: work, with: {count: 2, log: log}}\n");
    struct engine_outcome one, two;
    ck_assert_int_eq(run(&options, &one), 0);
    ck_assert_int_eq(run(&options, &two), 0);
    ck_assert_str_ne(one.run, two.run);
    ck_assert_int_eq(fake_count("log", "a 0"), 2);
}
END_TEST

START_TEST(a_failed_step_fails_the_run_and_skips_what_needs_it)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: bad, uses: trouble, with: {how: no-improvement, log: log},\n"
                             "     on-failure: {uses: echo, with: {log: log}}}\n"
                             "  - {id: after, uses: echo, needs: bad, with: {log: log}}\n"
                             "  - {id: clean, uses: echo, needs: bad, if: always(), with: {log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NO_IMPROVEMENT);
    ck_assert_str_eq(err.message, "step bad: trouble no-improvement");
    ck_assert_str_eq(outcome.status, "failed");
    ck_assert_str_eq(outcome.step, "bad");
    AUTO_JSON *status = status_of(folder, &arena);
    ck_assert_str_eq(json_get_text(step_in(status, "after"), "status", ""), "skipped");
    ck_assert_str_eq(json_get_text(step_in(status, "clean"), "status", ""), "succeeded");
    ck_assert_int_eq(fake_count("log", "after echoes"), 0);
    ck_assert_int_eq(fake_count("log", "clean echoes"), 1);
    ck_assert_int_eq(fake_count("log", "bad on-failure echoes"), 1);
    ck_assert_int_eq(fake_count("log", "bad attempt 1"), 1);
    assert_valid_state(engine_state_path(&arena, folder));
}
END_TEST

START_TEST(for_each_makes_an_item_each_and_gathers_outputs)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder, "version: 1\nname: x\nsteps:\n"
                "  - id: list\n    uses: echo\n"
                "    with: {items: [{function: f, n: 2}, {name: g, n: 3}, {n: 4}, {function: f, n: 5}]}\n"
                "  - id: each\n    uses: work\n    for-each: ${{ steps.list.outputs.items }}\n"
                "    if: item.n != 4\n    with: {count: \"${{ item.n }}\", log: log}\n"
                "  - {id: end, uses: echo, with: {value: \"${{ steps.each.outputs.items }}\"}}\n");
    options.parallel = 2;
    struct engine_outcome outcome;
    ck_assert_int_eq(run(&options, &outcome), 0);
    AUTO_JSON *status = status_of(folder, &arena);
    ck_assert_str_eq(json_get_text(step_in(status, "each[f]"), "status", ""), "succeeded");
    ck_assert_str_eq(json_get_text(step_in(status, "each[g]"), "status", ""), "succeeded");
    ck_assert_str_eq(json_get_text(step_in(status, "each[2]"), "status", ""), "skipped");
    ck_assert_str_eq(json_get_text(step_in(status, "each[f#3]"), "status", ""), "succeeded");
    const json_t *items = json_object_get(json_object_get(step_in(status, "end"), "outputs"), "value");
    char *text = json_compact(items);
    ck_assert_str_eq(text, "[{\"sum\":1},{\"sum\":5},{},{\"sum\":30}]");
    free(text);
}
END_TEST

START_TEST(retries_as_the_policy_says)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: flaky, uses: trouble, with: {how: io, until: 3, log: log},\n"
                             "     retry: {attempts: 3, initial: 10ms, coefficient: 1}}\n"
                             "  - {id: crash, uses: trouble, with: {how: crash, log: log},\n"
                             "     retry: {attempts: 2, initial: 10ms}}\n"
                             "  - {id: config, uses: trouble, with: {how: config, log: log},\n"
                             "     retry: {attempts: 5, initial: 10ms}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    AUTO_JSON *status = status_of(folder, &arena);
    ck_assert_str_eq(json_get_text(step_in(status, "flaky"), "status", ""), "succeeded");
    ck_assert_str_eq(json_get_text(step_in(status, "crash"), "status", ""), "failed");
    const char *message = json_get_text(json_object_get(step_in(status, "crash"), "error"), "message", "");
    ck_assert_msg(strstr(message, "signal 6"), "%s", message);
    ck_assert_int_eq(fake_count("log", "crash attempt 2"), 1);
    ck_assert_int_eq(fake_count("log", "crash attempt 3"), 0);
    ck_assert_int_eq(fake_count("log", "config attempt 2"), 0);
}
END_TEST

START_TEST(a_killed_step_process_is_started_again_without_using_an_attempt)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: a, uses: trouble, with: {how: killed, until: 3, log: log}}\n"
                             "  - {id: b, uses: trouble, needs: a, with: {how: killed, log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_str_eq(outcome.step, "b");
    ck_assert_int_eq(fake_count("log", "a attempt 3"), 1);
    ck_assert_int_eq(fake_count("log", "b attempt 4"), 1);
    ck_assert_int_eq(fake_count("log", "b attempt 5"), 0);
}
END_TEST

START_TEST(a_step_whose_sandbox_was_killed_is_started_again)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: a, uses: trouble, with: {how: lost, until: 3, log: log}}\n"
                             "  - {id: b, uses: trouble, needs: a, with: {how: lost, log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_str_eq(outcome.step, "b");
    ck_assert_int_eq(err.kind, ERR_LOST);
    ck_assert_int_eq(fake_count("log", "a attempt 3"), 1);
    ck_assert_int_eq(fake_count("log", "b attempt 4"), 1);
    ck_assert_int_eq(fake_count("log", "b attempt 5"), 0);
}
END_TEST

START_TEST(a_step_is_stopped_at_its_timeout)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder, "version: 1\nname: x\nsteps:\n"
                "  - {id: slow, uses: trouble, timeout: 200ms, with: {sleep-ms: 30000, log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    int64_t start = clock_mono_ns();
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TIMEOUT);
    ck_assert(clock_mono_ns() - start < 10000000000);
}
END_TEST

// Runs one pipeline that has to fail by a time-out; the error's text.
static const char *
time_out(struct arena *arena, const char *steps, int parallel)
{
    char *folder = fake_folder(arena);
    struct engine_options options =
        fake_options(folder, arena_printf(arena, "version: 1\nname: x\nsteps:\n%s", steps));
    options.parallel = parallel;
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_TIMEOUT);
    return arena_dup(arena, err.message);
}

START_TEST(a_step_without_a_word_is_stopped_and_one_that_speaks_goes_on)
{
    AUTO_ARENA arena = {0};
    const char *said = time_out(&arena,
                                "  - {id: speaks, uses: work, timeouts: {heartbeat: 2s}, with: {count: 30,"
                                " sleep-ms: 100, log: log}}\n"
                                "  - {id: silent, uses: trouble, timeouts: {heartbeat: 300ms},"
                                " with: {sleep-ms: 60000, log: log}}\n",
                                1);
    ck_assert_msg(strstr(said, "step silent: ") && strstr(said, "heartbeat"), "%s", said);
    ck_assert_int_eq(fake_count("log", "speaks 29"), 1);
}
END_TEST

START_TEST(schedule_to_close_covers_all_attempts)
{
    AUTO_ARENA arena = {0};
    const char *said = time_out(&arena,
                                "  - {id: slow, uses: trouble, timeouts: {schedule-to-close: 700ms},"
                                " timeout: 200ms, retry: {attempts: 100, initial: 1ms, coefficient: 1},"
                                " with: {sleep-ms: 60000, log: log}}\n",
                                1);
    ck_assert_msg(strstr(said, "step slow: ") != NULL, "%s", said);
    ck_assert_int_ge(fake_count("log", NULL), 1);
    ck_assert_int_le(fake_count("log", NULL), 5);
}
END_TEST

START_TEST(what_waits_too_long_for_its_seat_is_not_started)
{
    AUTO_ARENA arena = {0};
    const char *said =
        time_out(&arena,
                 "  - {id: long, uses: work, needs: [], with: {count: 1, sleep-ms: 600, log: log}}\n"
                 "  - {id: late, uses: work, needs: [], timeouts: {schedule-to-start: 100ms},"
                 " retry: {attempts: 5, initial: 1ms}, with: {count: 1, log: log}}\n",
                 1);
    ck_assert_msg(strstr(said, "step late: it did not start within") != NULL, "%s", said);
    ck_assert_int_eq(fake_count("log", "late 0"), 0);
    ck_assert_int_eq(fake_count("log", "long 0"), 1);
}
END_TEST

// Runs the engine in a child; gives its process.
static pid_t
fork_engine(const struct engine_options *options)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    struct engine_outcome outcome;
    struct err err = {0};
    int result = engine_run(options, &outcome, &err);
    _exit(result == 0 ? 0 : err.kind == ERR_CANCELLED ? 50 : err.kind == ERR_LOCKED ? 51 : 1);
}

static void
wait_for_lines(const char *path, int count)
{
    for (int i = 0; i < 12000 && fake_count(path, NULL) < count; i++)
        fake_sleep_ms(5);
    ck_assert_int_ge(fake_count(path, NULL), count);
}

START_TEST(a_signal_leaves_a_run_that_goes_on)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder,
        "version: 1\nname: x\nsteps:\n  - {id: a, uses: work, with: {count: 12, sleep-ms: 600, log: log}}\n");
    pid_t pid = fork_engine(&options);
    wait_for_lines("log", 3);
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LOCKED);
    char holder[40];
    snprintf(holder, sizeof(holder), "process %d", (int)pid);
    ck_assert_msg(strstr(err.message, holder), "%s", err.message);
    kill(pid, SIGTERM);
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(WEXITSTATUS(status), 50);
    AUTO_JSON *before = status_of(folder, &arena);
    ck_assert_str_eq(json_get_text(before, "status", ""), "interrupted");
    ck_assert_str_eq(json_get_text(step_in(before, "a"), "status", ""), "pending");
    ck_assert_int_eq(run(&options, &outcome), 0);
    ck_assert(outcome.resumed);
    ck_assert_str_eq(outcome.run, json_get_text(before, "run", ""));
    ck_assert_int_le(fake_count("log", NULL), 13);
    AUTO_JSON *after = status_of(folder, &arena);
    ck_assert_int_eq(json_get_int(json_object_get(step_in(after, "a"), "outputs"), "sum", 0), 506);
    ck_assert_int_eq(json_get_int(step_in(after, "a"), "attempt", 0), 2);
    assert_valid_state(engine_state_path(&arena, folder));
}
END_TEST

START_TEST(another_pipeline_supersedes_an_unfinished_run)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder,
        "version: 1\nname: x\nsteps:\n  - {id: a, uses: work, with: {count: 50, sleep-ms: 500, log: log}}\n");
    pid_t pid = fork_engine(&options);
    wait_for_lines("log", 2);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    AUTO_JSON *before = status_of(folder, &arena);
    options.pipeline_text = str_of(
        "version: 1\nname: x\nsteps:\n  - {id: a, uses: work, with: {count: 2, sleep-ms: 0, log: log}}\n");
    struct engine_outcome outcome;
    ck_assert_int_eq(run(&options, &outcome), 0);
    ck_assert(!outcome.resumed);
    struct err err = {0};
    AUTO_JSON *old = engine_status(engine_state_path(&arena, folder), json_get_text(before, "run", ""), &err);
    ck_assert_str_eq(json_get_text(old, "status", ""), "superseded");
    assert_valid_state(engine_state_path(&arena, folder));
}
END_TEST

START_TEST(a_failed_run_goes_on_when_asked_for)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: a, uses: work, with: {count: 2, log: log}}\n"
                             "  - {id: b, uses: trouble, needs: a, with: {how: io, until: 2, log: log},\n"
                             "     on-failure: {uses: echo, with: {log: log}}}\n"
                             "  - {id: c, uses: echo, needs: b, with: {log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    options.resume = outcome.run;
    options.pipeline_text = (struct str){0};
    struct engine_outcome again;
    ck_assert_int_eq(run(&options, &again), 0);
    ck_assert_str_eq(again.status, "succeeded");
    ck_assert_int_eq(fake_count("log", "a 0"), 1);
    ck_assert_int_eq(fake_count("log", "b attempt 2"), 1);
    ck_assert_int_eq(fake_count("log", "c echoes"), 1);
    ck_assert_int_eq(fake_count("log", "b on-failure echoes"), 1);
    assert_valid_state(engine_state_path(&arena, folder));
    options.resume = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    ck_assert_int_eq(engine_run(&options, &again, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(the_next_run_removes_what_a_failed_one_left)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder, "version: 1\nname: x\nsteps:\n  - {id: a, uses: trouble, with: {how: config, log: log}}\n");
    struct engine_outcome first, second;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &first, &err), -1);
    const char *left = arena_printf(&arena, ".atoll/state/work/%s", first.run);
    ck_assert(fs_exists(left));
    ck_assert_int_eq(fs_mkdirs(".atoll/state/work/of-another-state", &err), 0);
    ck_assert_int_eq(engine_run(&options, &second, &err), -1);
    ck_assert(!fs_exists(left));
    ck_assert(fs_exists(arena_printf(&arena, ".atoll/state/work/%s", second.run)));
    ck_assert(fs_exists(".atoll/state/work/of-another-state"));
}
END_TEST

START_TEST(a_label_is_cut_between_characters)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    AUTO_BUF text = BUF(4096);
    buf_puts(&text, "version: 1\nname: x\nsteps:\n"
                    "  - id: list\n    uses: echo\n    with: {items: [\"x");
    for (int i = 0; i < 60; i++)
        buf_puts(&text, "\xc3\xa9");
    buf_puts(&text, "\"]}\n  - id: each\n    uses: echo\n    for-each: ${{ steps.list.outputs.items }}\n");
    struct engine_options options = fake_options(folder, buf_text(&text));
    struct engine_outcome outcome;
    ck_assert_int_eq(run(&options, &outcome), 0);
}
END_TEST

struct seen {
    int outputs, warnings, progress, finished, problems, plans;
};

static void
see(void *context, const struct engine_event *event)
{
    struct seen *seen = context;
    seen->outputs += strcmp(event->type, "output") == 0 && strcmp(event->text, "hello from b") == 0;
    seen->warnings += strcmp(event->type, "warning") == 0 && strcmp(event->text, "about b") == 0;
    seen->progress += strcmp(event->type, "progress") == 0;
    seen->finished += strcmp(event->type, "step-finished") == 0;
    seen->problems += strcmp(event->type, "problem") == 0;
    seen->plans += strcmp(event->type, "plan") == 0;
}

START_TEST(the_observer_sees_what_happens)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options =
        fake_options(folder, "version: 1\nname: x\nsteps:\n"
                             "  - {id: a, uses: work, with: {count: 3, log: log}}\n"
                             "  - {id: b, uses: echo}\n");
    struct seen seen = {0};
    options.observe = see;
    options.context = &seen;
    struct engine_outcome outcome;
    options.dry_run = true;
    ck_assert_int_eq(run(&options, &outcome), 0);
    ck_assert_str_eq(outcome.status, "planned");
    ck_assert_int_eq(seen.plans, 2);
    ck_assert(!fs_exists(".atoll"));
    options.dry_run = false;
    ck_assert_int_eq(run(&options, &outcome), 0);
    ck_assert_int_eq(seen.outputs, 1);
    ck_assert_int_eq(seen.warnings, 1);
    ck_assert_int_eq(seen.progress, 3);
    ck_assert_int_eq(seen.finished, 2);
    struct err err = {0};
    AUTO_JSON *history = engine_history(engine_state_path(&arena, folder), outcome.run, &err);
    ck_assert_int_eq((int)json_array_size(history), 2 + 2 * 2 + 2 * 3 + 1);
    options.pipeline_text =
        STR("version: 1\nname: x\nsteps:\n  - {id: a, uses: wrok}\n  - {id: a, uses: echo}\n");
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFIG);
    ck_assert_int_ge(seen.problems, 2);
}
END_TEST

FAKE_MAIN("workflow/engine", runs_steps_in_order_and_passes_outputs, a_finished_run_is_followed_by_a_new_one,
          a_failed_step_fails_the_run_and_skips_what_needs_it,
          for_each_makes_an_item_each_and_gathers_outputs, retries_as_the_policy_says,
          a_killed_step_process_is_started_again_without_using_an_attempt,
          a_step_whose_sandbox_was_killed_is_started_again, a_step_is_stopped_at_its_timeout,
          a_signal_leaves_a_run_that_goes_on, another_pipeline_supersedes_an_unfinished_run,
          a_failed_run_goes_on_when_asked_for, the_next_run_removes_what_a_failed_one_left,
          a_label_is_cut_between_characters, the_observer_sees_what_happens,
          a_step_without_a_word_is_stopped_and_one_that_speaks_goes_on, schedule_to_close_covers_all_attempts,
          what_waits_too_long_for_its_seat_is_not_started)
