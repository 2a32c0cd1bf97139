// SPDX-License-Identifier: Apache-2.0
#include "workflow/gc.h"

#include "tests/unit/workflow/fake_run.h"

#include <sys/wait.h>

static const char *const square_tables[] = {"trace", NULL};
static const char *const trace_migrations[] = {
    "CREATE TABLE trace(run TEXT NOT NULL, step TEXT NOT NULL, note TEXT NOT NULL) STRICT", NULL};
static const struct table_statement no_statements[] = {{NULL, NULL}};
static const struct table_set trace_set = {"trace", trace_migrations, no_statements, square_tables};
static const struct table_set *const trace_sets[] = {&trace_set, NULL};
static const struct registry trace_registry = {.tables = trace_sets};

static void
sql(struct state *state, const char *text, json_t *params)
{
    struct err err = {0};
    ck_assert_msg(state_run(state, text, params, NULL, &err) == 0, "%s", err.message);
}

// A run of that id which ended, with a row in every table and a blob that its note points to.
static void
add_ended(struct fake_run *fake, const char *id, bool effect)
{
    struct err err = {0};
    char inner[65], outer[65];
    struct run run = fake_add_run(fake, id);
    json_int_t number = (json_int_t)run.number;
    fake_begin(fake);
    sql(fake->state,
        "INSERT INTO step(run, key, id, role, position, uses, status, attempt, failures, ended_ns)"
        " VALUES(?, 's', 's', 'step', 0, 'x', 'succeeded', 1, 0, 5)",
        json_pack("[I]", number));
    sql(fake->state, "INSERT INTO recorded(run, step, name, value) VALUES(?, 's', 'n', 1)",
        json_pack("[I]", number));
    ck_assert_int_eq(state_blob_put(fake->state, str_of(id), inner, &err), 0);
    ck_assert_int_eq(
        state_blob_put(fake->state, str_of(arena_printf(fake->arena, "{\"%s\"}", inner)), outer, &err), 0);
    sql(fake->state, "INSERT INTO trace VALUES(?, 's', ?)", json_pack("[ss]", id, outer));
    if (effect)
        sql(fake->state,
            "INSERT INTO effect(key, run, step, intent, status, attempts, result, intended_ns, confirmed_ns)"
            " VALUES(?, ?, 's', '{}', 'confirmed', 1, '1', 1, 2)",
            json_pack("[sI]", id, number));
    ck_assert_int_eq(run_finish(fake->state, &run, "succeeded", NULL, &err), 0);
    fake_commit(fake);
    run_release(&run);
}

// Five runs: the open R, then A, B (with an effect), C, D.
static void
make_state(struct fake_run *fake, struct arena *arena, bool end_first)
{
    struct err err = {0};
    fake_folder(arena);
    *fake = (struct fake_run){.now_ns = 1000, .arena = arena};
    fake->host = (struct host){fake, fake_wall, fake_wall, fake_env};
    fake->state = state_open(FAKE_STATE, &trace_registry, &fake->host, &err);
    ck_assert_msg(fake->state != NULL, "%s", err.message);
    fake->run = fake_add_run(fake, "R");
    if (end_first) {
        fake_begin(fake);
        ck_assert_int_eq(run_finish(fake->state, &fake->run, "failed", NULL, &err), 0);
        fake_commit(fake);
    }
    add_ended(fake, "A", false);
    add_ended(fake, "B", true);
    add_ended(fake, "C", false);
    add_ended(fake, "D", false);
    fake_close(fake);
}

static json_t *
collect(struct fake_run *fake, int64_t keep, int64_t age_ns, bool dry_run)
{
    struct err err = {0};
    struct gc_policy policy = {keep, age_ns, dry_run};
    json_t *report = state_gc(FAKE_STATE, &trace_registry, &fake->host, &policy, &err);
    ck_assert_msg(report != NULL, "%s", err.message);
    ck_assert_msg(state_verify(FAKE_STATE, &err) == 0, "%s", err.message);
    return report;
}

START_TEST(old_runs_go_and_effects_stay)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    make_state(&fake, &arena, true);
    fake.now_ns = 100000;
    AUTO_JSON *dry = collect(&fake, 2, 5000, true);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM run"), 5);
    AUTO_JSON *report = collect(&fake, 2, 5000, false);
    static const char *const same[] = {"runs", "rows", "events", "blobs", "plans"};
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(json_get_int(dry, same[i], -1), json_get_int(report, same[i], -2));
    ck_assert_int_eq(json_get_int(report, "runs", 0), 2);
    ck_assert_int_eq(json_get_int(report, "blobs", 0), 4);
    ck_assert_int_eq(json_get_int(report, "rows", 0), 6);
    ck_assert_str_eq(
        fake_text(&arena, "SELECT group_concat(id, '') AS t FROM (SELECT id FROM run ORDER BY number)"),
        "BCD");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM effect"), 1);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM blob"), 4);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM trace"), 2);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE run < 4 AND run > 0"), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE run = 4"), 2);
    AUTO_JSON *again = collect(&fake, 2, 5000, false);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(json_get_int(again, same[i], -1), 0);
    // The chain goes on behind the anchor, and events stay as guarded as they were.
    struct err err = {0};
    fake.state = state_open(FAKE_STATE, &trace_registry, &fake.host, &err);
    fake.run = fake_add_run(&fake, "E");
    ck_assert_int_eq(state_run(fake.state, "DELETE FROM event", json_array(), NULL, &err), -1);
    ck_assert_int_eq(state_run(fake.state, "DELETE FROM event_row", json_array(), NULL, &err), -1);
    fake_close(&fake);
}
END_TEST

START_TEST(young_latest_and_open_runs_stay)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    make_state(&fake, &arena, false);
    fake.now_ns = 100000;
    json_decref(collect(&fake, 1, 100000, false));
    json_decref(collect(&fake, 4, 0, false));
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM run"), 5);
    int64_t events = fake_number("SELECT count(*) AS n FROM event WHERE run > 0");
    json_decref(collect(&fake, 1, 0, false));
    ck_assert_str_eq(
        fake_text(&arena, "SELECT group_concat(id, '') AS t FROM (SELECT id FROM run ORDER BY number)"),
        "RBD");
    // The first events are the open run's.
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE run > 0"), events);
    struct gc_policy nothing = {.keep = 0};
    ck_assert_ptr_null(state_gc(FAKE_STATE, &trace_registry, &fake.host, &nothing, &err));
    ck_assert_int_eq(err.kind, ERR_USAGE);
    struct gc_policy fine = {.keep = 1};
    ck_assert_ptr_null(state_gc("s/none.db", &trace_registry, &fake.host, &fine, &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

// Killed after more and more time, until one gc comes to its end.
START_TEST(a_killed_gc_leaves_a_whole_state)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    make_state(&fake, &arena, true);
    fake.now_ns = 100000;
    for (long patience_ns = 0;; patience_ns += 500000) {
        pid_t pid = fork();
        if (pid == 0) {
            struct gc_policy policy = {.keep = 1};
            _exit(state_gc(FAKE_STATE, &trace_registry, &fake.host, &policy, &err) ? 0 : 1);
        }
        nanosleep(&(struct timespec){.tv_sec = patience_ns / 1000000000, .tv_nsec = patience_ns % 1000000000},
                  NULL);
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(state_verify(FAKE_STATE, &err) == 0, "%s", err.message);
        int64_t runs = fake_number("SELECT count(*) AS n FROM run");
        ck_assert_msg(runs == 5 || runs == 2, "%d runs", (int)runs);
        if (WIFEXITED(status)) {
            ck_assert_int_eq(WEXITSTATUS(status), 0);
            break;
        }
    }
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM run"), 2);
}
END_TEST

FAKE_MAIN("workflow/gc", old_runs_go_and_effects_stay, young_latest_and_open_runs_stay,
          a_killed_gc_leaves_a_whole_state)
