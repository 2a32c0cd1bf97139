// SPDX-License-Identifier: Apache-2.0
#include "workflow/wait.h"

#include "tests/unit/workflow/fake_run.h"

// Opens a wait of step "s" in a transaction of its own; the outcome, owned, or NULL while it is open.
static json_t *
open_wait(struct fake_run *fake, const struct wait *wait)
{
    struct err err = {0};
    json_t *outcome;
    fake_begin(fake);
    ck_assert_msg(wait_open(fake->state, fake->run.number, fake->run.epoch, wait, &outcome, &err) == 0, "%s",
                  err.message);
    fake_commit(fake);
    return outcome;
}

static const char *
status_of(const json_t *outcome)
{
    return outcome ? json_get_text(outcome, "status", "?") : "open";
}

static const char *
join(struct arena *arena, const json_t *texts)
{
    AUTO_BUF all = BUF(1000);
    size_t i;
    json_t *text;
    json_array_foreach((json_t *)(uintptr_t)texts, i, text)
        buf_printf(&all, "%s%s", i ? "," : "", json_string_value(text));
    return arena_dup(arena, buf_text(&all));
}

// The steps whose waits the last settlement ended, in its order.
static const char *ended_last;

// The steps whose waits stay open after a settlement, in the order of the rows.
static const char *
settle(struct fake_run *fake)
{
    struct err err = {0};
    fake_begin(fake);
    AUTO_JSON *ended = json_array(), *open = wait_settle(fake->state, &fake->run, ended, &err);
    ck_assert_msg(open != NULL, "%s", err.message);
    fake_commit(fake);
    ended_last = join(fake->arena, ended);
    AUTO_JSON *steps = json_array();
    size_t i;
    json_t *row;
    json_array_foreach(open, i, row) json_array_append(steps, json_object_get(row, "step"));
    return join(fake->arena, steps);
}

static const struct wait timer = {.step = "s", .name = "timer", .kind = "timer", .due_ns = 2000};
static const struct wait for_go = {.step = "s", .name = "w", .kind = "signal", .signal = "go"};

START_TEST(a_timer_fires_when_due_and_never_before)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    ck_assert_ptr_null(open_wait(&fake, &timer));
    fake.now_ns = 1999;
    ck_assert_str_eq(settle(&fake), "s");
    ck_assert_ptr_null(open_wait(&fake, &timer));
    fake.now_ns = 2000;
    ck_assert_str_eq(settle(&fake), "");
    AUTO_JSON *outcome = open_wait(&fake, &timer);
    ck_assert_str_eq(status_of(outcome), "fired");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE type = 'wait-opened'"), 1);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE type = 'wait-ended'"), 1);
    fake_close(&fake);
}
END_TEST

START_TEST(a_timer_in_the_past_ends_at_once_and_tells_how_late)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake.now_ns = 5002000;
    AUTO_JSON *outcome = open_wait(&fake, &timer);
    ck_assert_str_eq(status_of(outcome), "fired");
    ck_assert_int_eq(fake_number("SELECT details ->> 'late_ms' AS n FROM event WHERE type = 'wait-ended'"),
                     5);
    fake_close(&fake);
}
END_TEST

START_TEST(an_opened_wait_keeps_the_due_time_of_the_first_attempt)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct wait later = timer;
    later.due_ns = 9000;
    ck_assert_ptr_null(open_wait(&fake, &timer));
    ck_assert_ptr_null(open_wait(&fake, &later));
    fake.now_ns = 2000;
    AUTO_JSON *outcome = open_wait(&fake, &later);
    ck_assert_str_eq(status_of(outcome), "fired");
    fake_close(&fake);
}
END_TEST

START_TEST(missed_timers_fire_in_the_order_of_their_due_times)
{
    static const struct wait waits[] = {
        {.step = "a", .name = "t", .kind = "timer", .due_ns = 3000},
        {.step = "b", .name = "t", .kind = "timer", .due_ns = 9000},
        {.step = "c", .name = "t", .kind = "timer", .due_ns = 2000},
        {.step = "d", .name = "t", .kind = "signal", .signal = "go"},
        {.step = "e", .name = "t", .kind = "timer", .due_ns = 2500},
    };
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        ck_assert_ptr_null(open_wait(&fake, &waits[i]));
    struct db *db;
    ck_assert_int_eq(state_open_reader(FAKE_STATE, &db, &err), 0);
    AUTO_JSON *rows = wait_rows(db, fake.run.number, &err);
    ck_assert_uint_eq(json_array_size(rows), 5);
    ck_assert_int_eq(wait_rows_due_ns(rows), 2000);
    db_close(db);
    fake.now_ns = 4000;
    ck_assert_str_eq(settle(&fake), "b,d");
    ck_assert_str_eq(ended_last, "c,e,a");
    ck_assert_str_eq(fake_text(&arena, "SELECT group_concat(step) AS t FROM (SELECT step FROM event WHERE "
                                       "type = 'wait-ended' ORDER BY seq)"),
                     "c,e,a");
    fake_close(&fake);
}
END_TEST

START_TEST(rows_without_a_time_are_never_due)
{
    AUTO_JSON *none = json_array(), *untimed = json_pack("[{s:n},{}]", "due_ns");
    ck_assert_int_eq(wait_rows_due_ns(none), INT64_MAX);
    ck_assert_int_eq(wait_rows_due_ns(untimed), INT64_MAX);
}
END_TEST

START_TEST(a_signal_that_came_early_is_taken_once)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_signal(&fake, "1", "go", "me", 500, "{\"x\":7}");
    fake_signal(&fake, "2", "stop", "me", 400, NULL);
    AUTO_JSON *first = open_wait(&fake, &for_go);
    ck_assert_str_eq(status_of(first), "received");
    ck_assert_str_eq(json_get_text(first, "sender", ""), "me");
    ck_assert_int_eq(json_get_int(first, "sent_ns", 0), 500);
    ck_assert_int_eq(json_get_int(json_object_get(first, "data"), "x", 0), 7);
    AUTO_JSON *again = open_wait(&fake, &for_go);
    ck_assert(json_equal(first, again));
    struct wait other = for_go;
    other.name = "second";
    ck_assert_ptr_null(open_wait(&fake, &other));
    ck_assert_str_eq(fake_text(&arena, "SELECT step AS t FROM signal WHERE id = '1'"), "s");
    fake_close(&fake);
}
END_TEST

START_TEST(signals_are_taken_in_the_order_they_were_sent)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_signal(&fake, "2", "go", "late", 600, NULL);
    fake_signal(&fake, "1", "go", "early", 500, NULL);
    AUTO_JSON *first = open_wait(&fake, &for_go);
    struct wait other = for_go;
    other.name = "second";
    AUTO_JSON *second = open_wait(&fake, &other);
    ck_assert_str_eq(json_get_text(first, "sender", ""), "early");
    ck_assert_str_eq(json_get_text(second, "sender", ""), "late");
    fake_close(&fake);
}
END_TEST

START_TEST(a_signal_of_another_run_is_not_taken)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_receive(&fake,
                 &(struct message){.id = "1", .kind = "signal", .run = "S", .name = "go", .sender = "me"});
    ck_assert_ptr_null(open_wait(&fake, &for_go));
    ck_assert_str_eq(settle(&fake), "s");
    fake_close(&fake);
}
END_TEST

START_TEST(a_signal_counts_when_it_was_sent_in_time)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct wait wait = for_go, late = {.step = "l", .name = "w", .kind = "signal", .signal = "late"};
    wait.due_ns = late.due_ns = 2000;
    ck_assert_ptr_null(open_wait(&fake, &wait));
    ck_assert_ptr_null(open_wait(&fake, &late));
    fake.now_ns = 9000;
    fake_signal(&fake, "1", "go", "me", 2000, NULL);
    fake_signal(&fake, "2", "late", "me", 2001, NULL);
    ck_assert_str_eq(settle(&fake), "");
    AUTO_JSON *good = open_wait(&fake, &wait), *bad = open_wait(&fake, &late);
    ck_assert_str_eq(status_of(good), "received");
    ck_assert_str_eq(status_of(bad), "timed-out");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE consumed_ns IS NULL"), 1);
    fake_close(&fake);
}
END_TEST

START_TEST(an_approval_is_taken_from_who_may_give_it)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    AUTO_JSON *who = json_pack("[s,s]", "zoë", "max");
    const struct wait wait = {
        .step = "s", .name = "approval", .kind = "approval", .signal = "approve s", .who = who};
    ck_assert_ptr_null(open_wait(&fake, &wait));
    fake_signal(&fake, "1", "approve s", "eve", 500, "{\"approved\":true}");
    fake_signal(&fake, "2", "approve s", "", 501, "{\"approved\":true}");
    fake_signal(&fake, "3", "approve s", "maxi", 502, "{\"approved\":true}");
    ck_assert_str_eq(settle(&fake), "s");
    fake_signal(&fake, "4", "approve s", "max", 503, "{\"approved\":true}");
    ck_assert_str_eq(settle(&fake), "");
    AUTO_JSON *outcome = open_wait(&fake, &wait);
    ck_assert_str_eq(json_get_text(outcome, "sender", ""), "max");
    fake_close(&fake);
}
END_TEST

START_TEST(a_pause_is_waited_out_each_time_anew)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    const struct wait wait = {.step = "s", .name = "pause k", .kind = "pause"};
    struct message on = {.id = "1", .kind = "pause", .name = "", .sender = "me", .sent_ns = 1},
                   off = {.id = "2", .kind = "unpause", .name = "", .sender = "me", .sent_ns = 2};
    for (int round = 0; round < 2; round++) {
        fake_receive(&fake, &on);
        ck_assert_ptr_null(open_wait(&fake, &wait));
        ck_assert_str_eq(settle(&fake), "s");
        fake_receive(&fake, &off);
        ck_assert_str_eq(settle(&fake), "");
        AUTO_JSON *outcome = open_wait(&fake, &wait);
        ck_assert_str_eq(status_of(outcome), "fired");
        on.id = "3", on.sent_ns = 3, off.id = "4", off.sent_ns = 4;
    }
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM wait"), 1);
    fake_close(&fake);
}
END_TEST

START_TEST(a_fenced_owner_neither_opens_nor_settles)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    json_t *outcome;
    fake_open(&fake, &arena);
    struct wait other = timer;
    other.name = "other";
    ck_assert_ptr_null(open_wait(&fake, &timer));
    struct run stale = fake.run;
    fake_begin(&fake);
    ck_assert_int_eq(run_take_over(fake.state, &fake.run, &err), 0);
    fake_commit(&fake);
    fake.now_ns = 3000;
    fake_begin(&fake);
    AUTO_JSON *ended = json_array();
    ck_assert_ptr_null(wait_settle(fake.state, &stale, ended, &err));
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(wait_open(fake.state, stale.number, stale.epoch, &other, &outcome, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    state_rollback(fake.state);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM wait WHERE status = 'open'"), 1);
    fake_close(&fake);
}
END_TEST

static void
reopen(struct fake_run *fake)
{
    struct err err = {0};
    fake_begin(fake);
    ck_assert_msg(wait_reopen(fake->state, fake->run.number, "s", &err) == 0, "%s", err.message);
    fake_commit(fake);
}

START_TEST(a_retry_by_hand_waits_as_long_again)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct wait wait = for_go;
    wait.due_ns = 1600;
    ck_assert_ptr_null(open_wait(&fake, &wait));
    fake.now_ns = 1600;
    ck_assert_str_eq(settle(&fake), "");
    AUTO_JSON *out = open_wait(&fake, &wait);
    ck_assert_str_eq(status_of(out), "timed-out");
    fake.now_ns = 50000;
    reopen(&fake);
    ck_assert_ptr_null(open_wait(&fake, &wait));
    fake.now_ns = 50599;
    ck_assert_str_eq(settle(&fake), "s");
    fake_signal(&fake, "1", "go", "me", 50599, NULL);
    ck_assert_str_eq(settle(&fake), "");
    AUTO_JSON *in = open_wait(&fake, &wait);
    ck_assert_str_eq(status_of(in), "received");
    fake_close(&fake);
}
END_TEST

START_TEST(a_retry_by_hand_keeps_what_came)
{
    static const struct {
        const char *kind, *data;
        bool reopened;
    } cases[] = {
        {"approval", "{\"approved\":true}", false},
        {"approval", "{\"approved\":false}", true},
        {"approval", "{\"approved\":1}", true},
        {"approval", "[]", true},
        {"approval", NULL, true},
        {"signal", "{\"approved\":false}", false},
    };
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = arena_printf(&arena, "%zu", i);
        const struct wait wait = {.step = "s", .name = name, .kind = cases[i].kind, .signal = name};
        fake_signal(&fake, name, name, "me", 500, cases[i].data);
        AUTO_JSON *outcome = open_wait(&fake, &wait);
        ck_assert_str_eq(status_of(outcome), "received");
    }
    ck_assert_ptr_null(open_wait(&fake, &(struct wait){.step = "t", .name = "0", .kind = "signal"}));
    reopen(&fake);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = arena_printf(&arena, "%zu", i);
        const struct wait wait = {.step = "s", .name = name, .kind = cases[i].kind, .signal = name};
        AUTO_JSON *outcome = open_wait(&fake, &wait);
        ck_assert_msg((outcome == NULL) == cases[i].reopened, "case %zu", i);
    }
    fake_close(&fake);
}
END_TEST

UNIT_MAIN("workflow/wait", a_timer_fires_when_due_and_never_before,
          a_timer_in_the_past_ends_at_once_and_tells_how_late,
          an_opened_wait_keeps_the_due_time_of_the_first_attempt,
          missed_timers_fire_in_the_order_of_their_due_times, rows_without_a_time_are_never_due,
          a_signal_that_came_early_is_taken_once, signals_are_taken_in_the_order_they_were_sent,
          a_signal_of_another_run_is_not_taken, a_signal_counts_when_it_was_sent_in_time,
          an_approval_is_taken_from_who_may_give_it, a_pause_is_waited_out_each_time_anew,
          a_fenced_owner_neither_opens_nor_settles, a_retry_by_hand_waits_as_long_again,
          a_retry_by_hand_keeps_what_came)
