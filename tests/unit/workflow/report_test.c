// SPDX-License-Identifier: Apache-2.0
// What the state tells about runs: lists, and waits in a line for a person.
#include "tests/unit/workflow/fake_run.h"
#include "workflow/wait.h"

// The ids of the listed runs, as "S,R".
static const char *
listed(struct arena *arena, const struct run_filter *filter)
{
    struct err err = {0};
    AUTO_JSON *runs = engine_list(FAKE_STATE, filter, &err);
    ck_assert_msg(runs != NULL, "%s", err.message);
    AUTO_BUF ids = BUF(1000);
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run) buf_printf(&ids, "%s%s", i ? "," : "", json_get_text(run, "run", "?"));
    return arena_dup(arena, buf_text(&ids));
}

static void
sql(struct fake_run *fake, const char *text)
{
    struct err err = {0};
    fake_begin(fake);
    ck_assert_msg(state_run(fake->state, text, json_array(), NULL, &err) == 0, "%s", err.message);
    fake_commit(fake);
}

START_TEST(lists_the_latest_first_and_what_was_asked_for)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct run second = fake_add_run(&fake, "S"), third = fake_add_run(&fake, "T");
    sql(&fake, "INSERT INTO plan(hash, name, file, text, at_ns) VALUES('M', 'y', 'y', '', 0)");
    sql(&fake, "UPDATE run SET plan = 'M', source_commit = 'abc123', status = 'failed', ended_ns = 7 WHERE "
               "id = 'S'");
    sql(&fake, "UPDATE run SET status = 'waiting', source_commit = 'abd' WHERE id = 'T'");
    const struct {
        struct run_filter filter;
        const char *runs;
    } cases[] = {
        {{0}, "T,S,R"},
        {{.limit = 2}, "T,S"},
        {{.limit = 9}, "T,S,R"},
        {{.status = "failed"}, "S"},
        {{.status = "waiting"}, "T"},
        {{.status = "succeeded"}, ""},
        // Nobody works on it.
        {{.status = "interrupted"}, "R"},
        {{.status = "running"}, ""},
        {{.pipeline = "x"}, "T,R"},
        {{.pipeline = "y"}, "S"},
        {{.pipeline = "xy"}, ""},
        {{.commit = "ab"}, "T,S"},
        {{.commit = "abc"}, "S"},
        {{.commit = "abc123"}, "S"},
        {{.commit = "abc1234"}, ""},
        {{.commit = "b"}, ""},
        {{.pipeline = "x", .limit = 1}, "T"},
        {{.status = "interrupted", .limit = 1}, "R"},
        {{.status = "failed", .pipeline = "x"}, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(strcmp(listed(&arena, &cases[i].filter), cases[i].runs) == 0, "case %zu: %s", i,
                      listed(&arena, &cases[i].filter));
    run_release(&second);
    run_release(&third);
    fake_close(&fake);
}
END_TEST

START_TEST(a_list_without_a_state_is_an_error)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    ck_assert_ptr_null(engine_list(FAKE_STATE, &(struct run_filter){0}, &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

static json_t *
waits_of(const char *run)
{
    struct err err = {0};
    AUTO_JSON *status = engine_status(FAKE_STATE, run, &err);
    ck_assert_msg(status != NULL, "%s", err.message);
    return json_incref(json_object_get(status, "waiting_for"));
}

START_TEST(tells_each_wait_in_a_line)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    AUTO_JSON *who = json_pack("[s,s]", "zoe", "max");
    const struct {
        struct wait wait;
        const char *name, *text;
    } cases[] = {
        {{.kind = "timer", .due_ns = 2 * CLOCK_S_NS}, "w", "waits until 1970-01-01T00:00:02.000Z"},
        {{.kind = "signal", .signal = "go"}, "go", "waits for the signal \"go\""},
        {{.kind = "signal", .signal = "go", .due_ns = 3 * CLOCK_S_NS},
         "go",
         "waits for the signal \"go\" until 1970-01-01T00:00:03.000Z"},
        {{.kind = "approval", .signal = "approve 3"}, "w", "waits for approval"},
        {{.kind = "approval", .signal = "approve 4", .who = who, .due_ns = 4 * CLOCK_S_NS},
         "w",
         "waits for approval by zoe, max until 1970-01-01T00:00:04.000Z"},
        {{.kind = "pause"}, "w", "waits for the end of the pause (`atoll unpause`)"},
    };
    fake_receive(&fake, &(struct message){.id = "1", .kind = "pause", .name = "", .sender = "me"});
    fake_begin(&fake);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *outcome;
        struct wait wait = cases[i].wait;
        wait.step = arena_printf(&arena, "%zu", i);
        wait.name = "w";
        ck_assert_int_eq(wait_open(fake.state, fake.run.number, fake.run.epoch, &wait, &outcome, &err), 0);
        ck_assert_ptr_null(outcome);
    }
    fake_commit(&fake);
    AUTO_JSON *waits = waits_of("R");
    size_t i, of;
    json_t *wait;
    json_array_foreach(waits, i, wait)
    {
        of = (size_t)(*json_get_text(wait, "step", "0") - '0');
        ck_assert_str_eq(json_get_text(wait, "kind", ""), cases[of].wait.kind);
        ck_assert_str_eq(json_get_text(wait, "name", ""), cases[of].name);
        ck_assert_str_eq(json_get_text(wait, "text", ""), cases[of].text);
        ck_assert_int_eq(json_is_null(json_object_get(wait, "due")), cases[of].wait.due_ns == 0);
    }
    ck_assert_uint_eq(i, sizeof(cases) / sizeof(cases[0]));
    // The earliest first.
    ck_assert_str_eq(json_get_text(json_array_get(waits, 0), "step", ""), "0");
    ck_assert_str_eq(json_get_text(json_array_get(waits, 1), "step", ""), "2");
    fake_close(&fake);
}
END_TEST

START_TEST(a_run_that_ended_waits_for_nothing)
{
    static const char *const ends[] = {"failed", "cancelled", "superseded"};
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    json_t *outcome;
    fake_open(&fake, &arena);
    const struct wait wait = {.step = "s", .name = "w", .kind = "timer", .due_ns = 5000};
    fake_begin(&fake);
    ck_assert_int_eq(wait_open(fake.state, fake.run.number, fake.run.epoch, &wait, &outcome, &err), 0);
    fake_commit(&fake);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        sql(&fake, arena_printf(&arena, "UPDATE run SET status = '%s', ended_ns = 7", ends[i]));
        AUTO_JSON *none = waits_of("R"), *runs = engine_list(FAKE_STATE, &(struct run_filter){0}, &err);
        ck_assert_uint_eq(json_array_size(none), 0);
        ck_assert_int_eq(json_get_int(json_array_get(runs, 0), "waiting_for", -1), 0);
    }
    sql(&fake, "UPDATE run SET status = 'waiting', ended_ns = NULL");
    AUTO_JSON *one = waits_of("R"), *runs = engine_list(FAKE_STATE, &(struct run_filter){0}, &err);
    ck_assert_uint_eq(json_array_size(one), 1);
    ck_assert_int_eq(json_get_int(json_array_get(runs, 0), "waiting_for", -1), 1);
    fake_close(&fake);
}
END_TEST

UNIT_MAIN("workflow/report", lists_the_latest_first_and_what_was_asked_for,
          a_list_without_a_state_is_an_error, tells_each_wait_in_a_line, a_run_that_ended_waits_for_nothing)
