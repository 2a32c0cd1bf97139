// SPDX-License-Identifier: Apache-2.0
// Runs that wait, as the engine goes on with them: by a clock that the test sets, and by messages.
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"

#define S CLOCK_S_NS

struct clock {
    struct host host;
    int64_t now_ns;
};

static int64_t
now_of(void *context)
{
    return ((struct clock *)context)->now_ns;
}

static const char *
env_of(void *context, const char *variable)
{
    (void)context;
    (void)variable;
    return NULL;
}

// A pipeline in a folder of its own, by a clock that stands at one second.
struct scene {
    struct arena arena;
    char *folder;
    struct clock clock;
    struct engine_options options;
    struct engine_outcome outcome;
    struct err err;
};

#define AUTO_SCENE __attribute__((cleanup(close_scene))) struct scene

static void
open_scene(struct scene *scene, const char *steps)
{
    *scene = (struct scene){.clock = {.now_ns = S}};
    scene->clock.host = (struct host){&scene->clock, now_of, now_of, env_of};
    scene->folder = fake_folder(&scene->arena);
    scene->options = fake_options(
        scene->folder, arena_printf(&scene->arena, "version: 1\nname: x\nparallel: 3\nsteps:\n%s", steps));
    scene->options.host = &scene->clock.host;
    scene->options.state_path = "state.db";
}

static void
close_scene(struct scene *scene)
{
    struct err err = {0};
    ck_assert_msg(state_verify("state.db", &err) == 0, "%s", err.message);
    arena_release(&scene->arena);
}

// One call of the engine at a time of the clock; gives the outcome's status.
static const char *
run_at(struct scene *scene, int64_t now_ns)
{
    scene->clock.now_ns = now_ns;
    scene->err = (struct err){0};
    int result = engine_run(&scene->options, &scene->outcome, &scene->err);
    if (result < 0 && scene->err.kind != ERR_CANCELLED)
        ck_assert_str_eq(scene->outcome.status, "failed");
    return scene->outcome.status;
}

// Goes on with the run of the last outcome, as `atoll resume` does.
static const char *
resume_at(struct scene *scene, int64_t now_ns)
{
    scene->options.resume = arena_dup(&scene->arena, scene->outcome.run);
    const char *status = run_at(scene, now_ns);
    scene->options.resume = NULL;
    return status;
}

static json_t *
status_of(void)
{
    struct err err = {0};
    json_t *status = engine_status("state.db", NULL, &err);
    ck_assert_msg(status != NULL, "%s", err.message);
    return status;
}

static const char *
step_status(const char *id)
{
    static char text[20];
    AUTO_JSON *status = status_of();
    size_t i;
    json_t *step;
    text[0] = '\0';
    json_array_foreach(json_object_get(status, "steps"), i, step)
    {
        if (strcmp(json_get_text(step, "id", ""), id) == 0)
            snprintf(text, sizeof(text), "%s", json_get_text(step, "status", ""));
    }
    return text;
}

// Column "t" of the first row, "" without one.
static const char *
query(struct scene *scene, const char *sql)
{
    AUTO_JSON *rows = state_query("state.db", sql, NULL, &scene->err);
    ck_assert_msg(rows != NULL, "%s", scene->err.message);
    return arena_dup(&scene->arena, json_get_text(json_array_get(rows, 0), "t", ""));
}

// Sends to the latest run; a text as data or NULL.
static bool
send_it(struct scene *scene, const char *kind, const char *name, const char *sender, const char *data)
{
    bool delivered;
    struct err err = {0};
    AUTO_JSON *status = status_of(), *json = data ? json_read(str_of(data), "data", &err) : NULL;
    bool whole = strcmp(kind, "signal") != 0 && strcmp(kind, "cancel") != 0;
    const struct message message = {.kind = kind,
                                    .run = whole ? NULL : json_get_text(status, "run", NULL),
                                    .name = name,
                                    .sender = sender,
                                    .data = json};
    ck_assert_msg(engine_send("state.db", &fake_registry, scene->options.host, &message, &delivered, &err) ==
                      0,
                  "%s", err.message);
    return delivered;
}

static void
wait_for_line(const char *line)
{
    for (int i = 0; i < 12000 && fake_count("log", line) == 0; i++)
        fake_sleep_ms(5);
    ck_assert_int_ge(fake_count("log", line), 1);
}

// The sender of a pause may lose patience with a slow owner.
static void
wait_for_pause(void)
{
    for (int i = 0; i < 12000; i++) {
        AUTO_JSON *status = status_of();
        if (!json_is_null(json_object_get(status, "paused_by")))
            return;
        fake_sleep_ms(5);
    }
    ck_abort_msg("no pause");
}

static void
open_gate(const char *name)
{
    struct err err = {0};
    ck_assert_int_eq(fs_write(name, STR(""), &err), 0);
}

// The engine in a child, by the clock of the machine unless the test says otherwise.
static pid_t
fork_engine(struct scene *scene)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    run_at(scene, scene->clock.now_ns);
    struct err err;
    _exit(fs_write("outcome", str_of(scene->outcome.status), &err) == 0 ? 0 : 1);
}

// Waits for its end; gives the outcome's status.
static const char *
join_engine(struct scene *scene, pid_t pid)
{
    int status;
    AUTO_BUF text = BUF(100);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(fs_read("outcome", 100, &text, &scene->err), 0);
    return arena_dup(&scene->arena, buf_text(&text));
}

// ---- timers

START_TEST(a_run_that_waits_ends_at_once_and_goes_on_when_due)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: echo, with: {log: log}}\n"
                       "  - {id: w, uses: wait, with: {how: timer, due: 5000000000, log: log}}\n"
                       "  - {id: b, uses: echo, with: {log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 5 * S);
    AUTO_JSON *status = status_of();
    ck_assert_str_eq(json_get_text(status, "status", ""), "waiting");
    const json_t *waits = json_object_get(status, "waiting_for"), *wait = json_array_get(waits, 0);
    ck_assert_uint_eq(json_array_size(waits), 1);
    ck_assert_str_eq(json_get_text(wait, "step", ""), "w");
    ck_assert_str_eq(json_get_text(wait, "kind", ""), "timer");
    ck_assert_str_eq(json_get_text(wait, "due", ""), "1970-01-01T00:00:05.000Z");
    ck_assert_str_eq(step_status("w"), "waiting");
    const char *run = arena_dup(&scene.arena, scene.outcome.run);
    for (int64_t early_ns = 4 * S; early_ns < 5 * S; early_ns += S - 1) {
        ck_assert_str_eq(run_at(&scene, early_ns), "waiting");
        ck_assert(scene.outcome.resumed);
        ck_assert_int_eq(scene.outcome.due_ns, 5 * S);
    }
    ck_assert_int_eq(fake_count("log", "w begins"), 1);
    ck_assert_str_eq(run_at(&scene, 9 * S), "succeeded");
    ck_assert_str_eq(scene.outcome.run, run);
    ck_assert_int_eq(scene.outcome.due_ns, 0);
    ck_assert_int_eq(fake_count("log", "a echoes"), 1);
    ck_assert_int_eq(fake_count("log", "w begins"), 2);
    ck_assert_int_eq(fake_count("log", "w goes on"), 1);
    ck_assert_int_eq(fake_count("log", "b echoes"), 1);
    // It is over: the next call begins another run.
    ck_assert_str_eq(run_at(&scene, 10 * S), "succeeded");
    ck_assert_str_ne(scene.outcome.run, run);
}
END_TEST

START_TEST(a_timer_that_is_over_holds_nobody_up)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: timer, due: 5, log: log}}\n"
                       "  - {id: v, uses: wait, with: {how: timer, due: -5, log: log}}\n"
                       "  - {id: u, uses: wait, with: {how: timer, due: 0, log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "succeeded");
    ck_assert_int_eq(fake_count("log", NULL), 6);
}
END_TEST

START_TEST(missed_timers_fire_in_order_and_others_stay)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: wait, needs: [], with: {how: timer, due: 4000000000, log: log}}\n"
                       "  - {id: b, uses: wait, needs: [], with: {how: timer, due: 90000000000, log: log}}\n"
                       "  - {id: c, uses: wait, needs: [], with: {how: timer, due: 2000000000, log: log}}\n"
                       "  - {id: d, uses: wait, needs: [], with: {how: timer, due: 3000000000, log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 2 * S);
    scene.options.parallel = 1;
    ck_assert_str_eq(run_at(&scene, 5 * S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 90 * S);
    ck_assert_str_eq(query(&scene, "SELECT group_concat(step) AS t FROM (SELECT step FROM event WHERE type ="
                                   " 'step-started' AND attempt = 2 ORDER BY seq)"),
                     "c,d,a");
    ck_assert_str_eq(query(&scene, "SELECT group_concat(step) AS t FROM (SELECT step FROM event WHERE type ="
                                   " 'wait-ended' ORDER BY seq)"),
                     "c,d,a");
    ck_assert_int_eq(fake_count("log", "b begins"), 1);
    ck_assert_str_eq(run_at(&scene, 91 * S), "succeeded");
    ck_assert_int_eq(fake_count("log", NULL), 12);
}
END_TEST

START_TEST(steps_beside_a_waiting_one_go_on)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, needs: [], with: {how: signal, key: go, log: log}}\n"
                       "  - {id: a, uses: work, needs: [], with: {count: 3, log: log}}\n"
                       "  - {id: b, uses: echo, needs: a, with: {log: log}}\n"
                       "  - {id: c, uses: echo, needs: [w, b], with: {log: log}}\n");
    // Also with one seat: who waits does not sit.
    for (int parallel = 2; parallel >= 1; parallel--) {
        scene.options.parallel = parallel;
        scene.options.vars = parallel == 1 ? json_pack("{s:i}", "other", 1) : NULL;
        ck_assert_str_eq(run_at(&scene, S), "waiting");
        ck_assert_int_eq(scene.outcome.due_ns, 0);
        ck_assert_str_eq(step_status("b"), "succeeded");
        ck_assert_str_eq(step_status("w"), "waiting");
        ck_assert_str_eq(step_status("c"), "pending");
    }
    ck_assert_int_eq(fake_count("log", "b echoes"), 2);
    json_decref((json_t *)(uintptr_t)scene.options.vars);
}
END_TEST

START_TEST(items_that_wait_leave_their_seats)
{
    AUTO_SCENE scene;
    open_scene(&scene,
               "  - {id: list, uses: echo, with: {items: [x, y, z]}}\n"
               "  - {id: each, uses: wait, for-each: \"${{ steps.list.outputs.items }}\", parallel: 1,\n"
               "     with: {how: signal, key: \"${{ item }}\", log: log}}\n"
               "  - {id: last, uses: echo, with: {value: \"${{ steps.each.outputs.count }}\", log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    AUTO_JSON *status = status_of();
    ck_assert_uint_eq(json_array_size(json_object_get(status, "waiting_for")), 3);
    ck_assert(send_it(&scene, "signal", "z", "me", NULL));
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_str_eq(step_status("each[z]"), "succeeded");
    ck_assert(send_it(&scene, "signal", "x", "me", NULL));
    ck_assert(send_it(&scene, "signal", "y", "me", NULL));
    ck_assert_str_eq(run_at(&scene, S), "succeeded");
    ck_assert_int_eq(fake_count("log", "each[y] goes on"), 1);
    ck_assert_int_eq(fake_count("log", "last echoes"), 1);
}
END_TEST

// ---- signals

START_TEST(a_signal_is_delivered_once_to_a_run_without_a_process)
{
    AUTO_SCENE scene;
    open_scene(&scene,
               "  - {id: one, uses: wait, with: {how: signal, key: go, log: log}}\n"
               "  - {id: two, uses: wait, with: {how: signal, key: go, log: log}}\n"
               "  - {id: last, uses: echo, with: {value: \"${{ steps.one.outputs.value }}\", log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    AUTO_JSON *status = status_of();
    const json_t *wait = json_array_get(json_object_get(status, "waiting_for"), 0);
    ck_assert_str_eq(json_get_text(wait, "kind", ""), "signal");
    ck_assert_str_eq(json_get_text(wait, "name", ""), "go");
    ck_assert(json_is_null(json_object_get(wait, "due")));
    ck_assert(send_it(&scene, "signal", "stop", "me", NULL));
    ck_assert(send_it(&scene, "signal", "go", "me", "\"first\""));
    ck_assert_str_eq(step_status("one"), "waiting");
    // The first wait uses it up; the second needs one of its own.
    ck_assert_str_eq(run_at(&scene, 2 * S), "waiting");
    ck_assert_str_eq(step_status("one"), "succeeded");
    ck_assert_str_eq(step_status("two"), "waiting");
    ck_assert(send_it(&scene, "signal", "go", "me", "\"second\""));
    ck_assert_str_eq(run_at(&scene, 3 * S), "succeeded");
    ck_assert_int_eq(fake_count("log", "one goes on"), 1);
    ck_assert_int_eq(fake_count("log", "two goes on"), 1);
    ck_assert_str_eq(query(&scene, "SELECT outputs ->> 'value' AS t FROM step WHERE key = 'last'"), "first");
    ck_assert_str_eq(query(&scene, "SELECT outputs ->> 'value' AS t FROM step WHERE key = 'two'"), "second");
}
END_TEST

START_TEST(a_signal_to_a_working_run_is_there_before_anybody_waits)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: ship, with: {gate: gate, log: log}}\n"
                       "  - {id: w, uses: wait, with: {how: signal, key: go, log: log}}\n");
    pid_t pid = fork_engine(&scene);
    wait_for_line("effect key/0");
    ck_assert(!send_it(&scene, "signal", "go", "me", NULL));
    for (int i = 0; i < 12000 && strcmp(query(&scene, "SELECT name AS t FROM signal"), "go") != 0; i++)
        fake_sleep_ms(5);
    ck_assert_int_eq(fake_count("log", "w begins"), 0);
    open_gate("gate");
    ck_assert_str_eq(join_engine(&scene, pid), "succeeded");
    // Nothing waited: one process of the step was enough.
    ck_assert_int_eq(fake_count("log", "w begins"), 1);
    ck_assert_int_eq(fake_count("log", "w goes on"), 1);
}
END_TEST

START_TEST(a_signal_wakes_a_run_that_lingers)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: signal, key: go, log: log}}\n"
                       "  - {id: v, uses: wait, with: {how: signal, key: on, log: log}}\n");
    scene.options.host = host_real();
    scene.options.linger_ns = 600 * S;
    pid_t pid = fork_engine(&scene);
    wait_for_line("w begins");
    ck_assert(!send_it(&scene, "signal", "go", "me", NULL));
    wait_for_line("v begins");
    ck_assert(!send_it(&scene, "signal", "on", "me", NULL));
    ck_assert_str_eq(join_engine(&scene, pid), "succeeded");
    ck_assert_int_eq(fake_count("log", "w goes on"), 1);
    ck_assert_int_eq(fake_count("log", "v goes on"), 1);
}
END_TEST

START_TEST(lingering_ends_and_never_wakes_a_timer_early)
{
    AUTO_SCENE scene;
    int64_t due_ns = clock_wall_ns() + S;
    char steps[200];
    snprintf(steps, sizeof(steps),
             "  - {id: w, uses: wait, with: {how: timer, due: %lld, log: log}}\n"
             "  - {id: v, uses: wait, with: {how: signal, key: go, log: log}}\n",
             (long long)due_ns);
    open_scene(&scene, steps);
    scene.options.host = host_real();
    scene.options.linger_ns = 3 * S;
    // It stays for the timer, then as long again for a signal that does not come.
    ck_assert_str_eq(run_at(&scene, 0), "waiting");
    ck_assert_int_ge(clock_wall_ns(), due_ns + 3 * S);
    ck_assert_str_eq(step_status("w"), "succeeded");
    ck_assert_str_eq(step_status("v"), "waiting");
    ck_assert_str_eq(
        query(&scene, arena_printf(&scene.arena,
                                   "SELECT CASE WHEN ended_ns >= %lld THEN 'late' ELSE 'early' END AS t"
                                   " FROM wait WHERE step = 'w'",
                                   (long long)due_ns)),
        "late");
}
END_TEST

START_TEST(a_wait_that_timed_out_fails_and_waits_anew_when_resumed)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: signal, key: go, due: 5000000000, log: log}}\n"
                       "  - {id: b, uses: echo, with: {log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 5 * S);
    ck_assert_str_eq(run_at(&scene, 5 * S), "failed");
    ck_assert_int_eq(scene.err.kind, ERR_TIMEOUT);
    ck_assert_str_eq(step_status("b"), "skipped");
    ck_assert_str_eq(resume_at(&scene, 100 * S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 104 * S);
    scene.clock.now_ns = 101 * S;
    ck_assert(send_it(&scene, "signal", "go", "me", NULL));
    ck_assert_str_eq(run_at(&scene, 200 * S), "succeeded");
    ck_assert_int_eq(fake_count("log", "w goes on"), 1);
    ck_assert_int_eq(fake_count("log", "b echoes"), 1);
}
END_TEST

START_TEST(a_step_that_waits_ends_with_its_schedule_to_close)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, timeouts: {schedule-to-close: 5s}, retry: {attempts: 3},\n"
                       "     with: {how: signal, key: go, due: 90000000000, log: log}}\n"
                       "  - {id: b, uses: echo, with: {log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 6 * S);
    ck_assert_str_eq(run_at(&scene, 5 * S), "waiting");
    ck_assert_str_eq(run_at(&scene, 6 * S), "failed");
    ck_assert_int_eq(scene.err.kind, ERR_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(scene.err.message, "schedule-to-close"));
    ck_assert_str_eq(query(&scene, "SELECT status AS t FROM wait WHERE step = 'w'"), "timed-out");
    ck_assert_str_eq(step_status("b"), "skipped");
    // By hand it may wait as long again.
    ck_assert_str_eq(resume_at(&scene, 100 * S), "waiting");
    ck_assert_int_eq(scene.outcome.due_ns, 105 * S);
    scene.clock.now_ns = 101 * S;
    ck_assert(send_it(&scene, "signal", "go", "me", NULL));
    ck_assert_str_eq(run_at(&scene, 102 * S), "succeeded");
}
END_TEST

START_TEST(what_ended_stays_ended_after_a_kill)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: signal, key: go, due: 5000000000, value: none,\n"
                       "     gate: gate, log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    scene.clock.now_ns = 6 * S;
    pid_t pid = fork_engine(&scene);
    wait_for_line("w goes on");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    open_gate("gate");
    // Resumed by hand as well: the step did not fail, so its wait is over for good.
    ck_assert_str_eq(resume_at(&scene, 7 * S), "succeeded");
    ck_assert_int_eq(fake_count("log", "w goes on"), 2);
}
END_TEST

// ---- approvals

static const char approved[] = "{\"approved\":true}", refused[] = "{\"approved\":false}";

START_TEST(an_approval_counts_from_the_right_person)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: approval, items: [zoe], log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    AUTO_JSON *status = status_of();
    const json_t *wait = json_array_get(json_object_get(status, "waiting_for"), 0);
    ck_assert_str_eq(json_get_text(wait, "kind", ""), "approval");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(wait, "who"), 0)), "zoe");
    send_it(&scene, "signal", "approve w", "max", approved);
    send_it(&scene, "signal", "approve v", "zoe", approved);
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(fake_count("log", "w goes on"), 0);
    send_it(&scene, "signal", "approve w", "zoe", refused);
    ck_assert_str_eq(run_at(&scene, S), "failed");
    ck_assert_int_eq(scene.err.kind, ERR_TARGET);
    ck_assert_str_eq(scene.err.message, "step w: zoe refused");
    // A refusal is not the last word when somebody tries again.
    ck_assert_str_eq(resume_at(&scene, S), "waiting");
    send_it(&scene, "signal", "approve w", "zoe", approved);
    ck_assert_str_eq(run_at(&scene, S), "succeeded");
}
END_TEST

START_TEST(an_approval_survives_a_kill)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: approval, gate: gate, log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    send_it(&scene, "signal", "approve w", "anybody", approved);
    pid_t pid = fork_engine(&scene);
    wait_for_line("w goes on");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    open_gate("gate");
    ck_assert_str_eq(resume_at(&scene, S), "succeeded");
}
END_TEST

// ---- cancelling

// Whether a process runs; one that only waits to be collected does not.
static bool
is_alive(const char *pid)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(4096);
    struct err err;
    if (fs_read(arena_printf(&arena, "/proc/%s/stat", pid), 4096, &text, &err) < 0)
        return false;
    ptrdiff_t end = str_rfind_byte(buf_str(&text), ')');
    return end >= 0 && buf_text(&text)[end + 2] != 'Z';
}

START_TEST(cancelling_stops_every_process)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: stubborn, needs: [], with: {log: pids}}\n"
                       "  - {id: b, uses: work, needs: [], with: {count: 2, sleep-ms: 100000, log: log}}\n"
                       "  - {id: c, uses: echo, needs: [a, b], with: {log: log}}\n");
    pid_t pid = fork_engine(&scene);
    for (int i = 0; i < 12000 && fake_count("pids", NULL) < 2; i++)
        fake_sleep_ms(5);
    wait_for_line("b 0");
    ck_assert(!send_it(&scene, "cancel", "", "me", NULL));
    ck_assert_str_eq(join_engine(&scene, pid), "cancelled");
    AUTO_BUF pids = BUF(1000);
    ck_assert_int_eq(fs_read("pids", 1000, &pids, &scene.err), 0);
    struct str rest = buf_str(&pids);
    for (int i = 0; i < 2; i++)
        ck_assert(!is_alive(arena_str(&scene.arena, str_cut(&rest, '\n'))));
    AUTO_JSON *status = status_of();
    ck_assert_str_eq(json_get_text(status, "status", ""), "cancelled");
    for (const char *id = "abc"; *id; id++)
        ck_assert_str_eq(step_status((char[]){*id, '\0'}), "cancelled");
    ck_assert_str_eq(query(&scene, "SELECT count(*) || '' AS t FROM signal WHERE consumed_ns IS NULL"), "0");
    ck_assert_int_eq(fake_count("log", "b 1"), 0);
}
END_TEST

START_TEST(a_cancelled_wait_can_be_taken_up_again)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: signal, key: go, log: log}}\n"
                       "  - {id: b, uses: echo, with: {log: log}}\n");
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert(send_it(&scene, "cancel", "", "me", NULL));
    AUTO_JSON *status = status_of();
    ck_assert_str_eq(json_get_text(status, "status", ""), "cancelled");
    ck_assert_uint_eq(json_array_size(json_object_get(status, "waiting_for")), 0);
    ck_assert_str_eq(step_status("w"), "cancelled");
    ck_assert_str_eq(step_status("b"), "cancelled");
    ck_assert_str_eq(resume_at(&scene, S), "waiting");
    send_it(&scene, "signal", "go", "me", NULL);
    ck_assert_str_eq(run_at(&scene, S), "succeeded");
    ck_assert_int_eq(fake_count("log", "b echoes"), 1);
}
END_TEST

START_TEST(a_lingering_run_is_cancelled_by_name)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: w, uses: wait, with: {how: signal, key: go, log: log}}\n");
    scene.options.host = host_real();
    scene.options.linger_ns = 600 * S;
    pid_t pid = fork_engine(&scene);
    wait_for_line("w begins");
    ck_assert(!send_it(&scene, "cancel", "", "zoe", NULL));
    ck_assert_str_eq(join_engine(&scene, pid), "cancelled");
    ck_assert_str_eq(step_status("w"), "cancelled");
    AUTO_JSON *history = engine_history("state.db", NULL, &scene.err);
    const json_t *last = json_array_get(history, json_array_size(history) - 1);
    ck_assert_str_eq(json_get_text(last, "type", ""), "run-finished");
    ck_assert_str_eq(json_get_text(json_object_get(last, "details"), "status", ""), "cancelled");
}
END_TEST

// ---- the kill switch

START_TEST(no_effect_acts_while_paused)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: ship, needs: [], with: {log: log}}\n"
                       "  - {id: b, uses: work, needs: [], with: {count: 2, log: log}}\n");
    bool delivered;
    const struct message message = {.kind = "pause", .name = "", .sender = "zoe"};
    ck_assert_int_eq(
        engine_send("state.db", &fake_registry, scene.options.host, &message, &delivered, &scene.err), 0);
    ck_assert_str_eq(run_at(&scene, S), "waiting");
    ck_assert_int_eq(fake_count("log", "effect key/0"), 0);
    ck_assert_str_eq(step_status("b"), "succeeded");
    AUTO_JSON *status = status_of();
    ck_assert_str_eq(json_get_text(status, "paused_by", ""), "zoe");
    const json_t *wait = json_array_get(json_object_get(status, "waiting_for"), 0);
    ck_assert_str_eq(json_get_text(wait, "kind", ""), "pause");
    ck_assert_str_eq(run_at(&scene, 100 * S), "waiting");
    ck_assert_int_eq(fake_count("log", "effect key/0"), 0);
    ck_assert(send_it(&scene, "unpause", "", "zoe", NULL));
    ck_assert_str_eq(run_at(&scene, 101 * S), "succeeded");
    ck_assert_int_eq(fake_count("log", "effect key/0"), 1);
    AUTO_JSON *after = status_of();
    ck_assert(json_is_null(json_object_get(after, "paused_by")));
}
END_TEST

START_TEST(a_pause_between_two_effects_holds_the_second)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: a, uses: ship, with: {count: 3, gate: gate, log: log}}\n"
                       "  - {id: b, uses: echo, with: {log: log}}\n");
    pid_t pid = fork_engine(&scene);
    wait_for_line("effect key/0");
    ck_assert(!send_it(&scene, "pause", "", "me", NULL));
    wait_for_pause();
    open_gate("gate");
    ck_assert_str_eq(join_engine(&scene, pid), "waiting");
    // The first was under way and is confirmed; what is confirmed is not looked up again.
    ck_assert_str_eq(query(&scene, "SELECT group_concat(key || ' ' || status) AS t FROM effect"),
                     "key/0 confirmed");
    ck_assert_int_eq(fake_count("log", NULL), 1);
    send_it(&scene, "unpause", "", "me", NULL);
    ck_assert_str_eq(run_at(&scene, 2 * S), "succeeded");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fake_count("log", arena_printf(&scene.arena, "effect key/%d", i)), 1);
    ck_assert_int_eq(fake_count("log", "b echoes"), 1);
}
END_TEST

START_TEST(a_lingering_run_goes_on_after_the_pause)
{
    AUTO_SCENE scene;
    open_scene(&scene, "  - {id: g, uses: wait, with: {how: signal, key: go, log: log}}\n"
                       "  - {id: a, uses: ship, with: {log: log}}\n");
    scene.options.host = host_real();
    scene.options.linger_ns = 600 * S;
    pid_t pid = fork_engine(&scene);
    wait_for_line("g begins");
    send_it(&scene, "pause", "", "me", NULL);
    wait_for_pause();
    send_it(&scene, "signal", "go", "me", NULL);
    for (int i = 0; i < 12000 && strcmp(step_status("a"), "waiting") != 0; i++)
        fake_sleep_ms(5);
    ck_assert_str_eq(step_status("a"), "waiting");
    ck_assert_int_eq(fake_count("log", "effect key/0"), 0);
    send_it(&scene, "unpause", "", "me", NULL);
    ck_assert_str_eq(join_engine(&scene, pid), "succeeded");
    ck_assert_int_eq(fake_count("log", "effect key/0"), 1);
}
END_TEST

START_TEST(a_step_that_waits_for_nothing_fails)
{
    AUTO_ARENA arena = {0};
    char *folder = fake_folder(&arena);
    struct engine_options options = fake_options(
        folder, "version: 1\nname: x\nsteps:\n  - {id: a, uses: trouble, with: {how: waiting, log: log}}\n");
    struct engine_outcome outcome;
    struct err err = {0};
    ck_assert_int_eq(engine_run(&options, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INTERNAL);
    ck_assert_int_eq(fake_count("log", NULL), 1);
}
END_TEST

FAKE_MAIN("workflow/engine_wait", a_run_that_waits_ends_at_once_and_goes_on_when_due,
          a_timer_that_is_over_holds_nobody_up, missed_timers_fire_in_order_and_others_stay,
          steps_beside_a_waiting_one_go_on, items_that_wait_leave_their_seats,
          a_signal_is_delivered_once_to_a_run_without_a_process,
          a_signal_to_a_working_run_is_there_before_anybody_waits, a_signal_wakes_a_run_that_lingers,
          lingering_ends_and_never_wakes_a_timer_early,
          a_wait_that_timed_out_fails_and_waits_anew_when_resumed,
          a_step_that_waits_ends_with_its_schedule_to_close, what_ended_stays_ended_after_a_kill,
          an_approval_counts_from_the_right_person, an_approval_survives_a_kill,
          cancelling_stops_every_process, a_cancelled_wait_can_be_taken_up_again,
          a_lingering_run_is_cancelled_by_name, no_effect_acts_while_paused,
          a_pause_between_two_effects_holds_the_second, a_lingering_run_goes_on_after_the_pause,
          a_step_that_waits_for_nothing_fails)
