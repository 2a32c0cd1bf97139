// SPDX-License-Identifier: Apache-2.0
#include "workflow/signal.h"

#include "tests/unit/workflow/fake_run.h"

static struct message
message_of(const char *id, const char *kind, int64_t sent_ns)
{
    return (struct message){
        .id = id, .kind = kind, .run = "R", .name = "", .sender = "me", .sent_ns = sent_ns};
}

// Who paused effects, NULL for nobody.
static const char *
paused_by(struct fake_run *fake)
{
    struct err err = {0};
    const char *who;
    int paused = signal_paused(fake->state, fake->arena, &who, &err);
    ck_assert_int_ge(paused, 0);
    return paused ? who : NULL;
}

static const char *
cancelled_by(struct fake_run *fake)
{
    struct err err = {0};
    const char *who;
    int wanted = signal_wants_cancel(fake->state, "R", fake->arena, &who, &err);
    ck_assert_int_ge(wanted, 0);
    return wanted ? who : NULL;
}

START_TEST(a_signal_is_received_once)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_signal(&fake, "1", "go", "me", 500, "{\"a\":1}");
    fake_signal(&fake, "1", "go", "me", 500, "{\"a\":1}");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal"), 1);
    ck_assert_int_eq(fake_number("SELECT received_ns AS n FROM signal WHERE consumed_ns IS NULL"), 1000);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE type = 'signal-received'"), 1);
    ck_assert_str_eq(fake_text(&arena, "SELECT data AS t FROM signal"), "{\"a\":1}");
    fake_close(&fake);
}
END_TEST

START_TEST(the_history_does_not_hold_what_a_signal_brings)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_signal(&fake, "1", "go", "me", 500, "\"hunter2\"");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE details LIKE '%hunter2%'"), 0);
    ck_assert_str_eq(fake_text(&arena, "SELECT details ->> 'name' AS t FROM event WHERE type = "
                                       "'signal-received'"),
                     "go");
    fake_close(&fake);
}
END_TEST

START_TEST(a_signal_to_an_unknown_run_is_kept)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct message message = message_of("1", "signal", 1);
    message.run = "elsewhere";
    message.name = "go";
    fake_receive(&fake, &message);
    ck_assert_int_eq(
        fake_number("SELECT count(*) AS n FROM signal WHERE run = 'elsewhere' AND consumed_ns IS NULL"), 1);
    fake_close(&fake);
}
END_TEST

START_TEST(the_later_of_pause_and_unpause_holds)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct message pause = message_of("1", "pause", 100), end = message_of("2", "unpause", 200),
                   late = message_of("3", "pause", 150), again = message_of("4", "pause", 300);
    again.sender = "you";
    ck_assert_ptr_null(paused_by(&fake));
    fake_receive(&fake, &pause);
    ck_assert_str_eq(paused_by(&fake), "me");
    fake_receive(&fake, &end);
    ck_assert_ptr_null(paused_by(&fake));
    fake_receive(&fake, &late);
    ck_assert_ptr_null(paused_by(&fake));
    fake_receive(&fake, &again);
    ck_assert_str_eq(paused_by(&fake), "you");
    // A message that is delivered again changes nothing.
    fake_receive(&fake, &end);
    ck_assert_str_eq(paused_by(&fake), "you");
    fake_close(&fake);
}
END_TEST

START_TEST(a_request_to_cancel_stays_until_it_is_settled)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct message cancel = message_of("1", "cancel", 1);
    ck_assert_ptr_null(cancelled_by(&fake));
    fake_receive(&fake, &cancel);
    ck_assert_str_eq(cancelled_by(&fake), "me");
    fake_begin(&fake);
    ck_assert_int_eq(signal_settle_cancel(fake.state, "R", &err), 0);
    fake_commit(&fake);
    ck_assert_ptr_null(cancelled_by(&fake));
    fake_close(&fake);
}
END_TEST

START_TEST(an_ended_run_is_not_cancelled_when_it_is_tried_again)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    fake_begin(&fake);
    ck_assert_int_eq(run_finish(fake.state, &fake.run, "failed", NULL, &err), 0);
    fake_commit(&fake);
    struct message cancel = message_of("1", "cancel", 1);
    fake_receive(&fake, &cancel);
    fake_begin(&fake);
    ck_assert_int_eq(run_take_over(fake.state, &fake.run, &err), 0);
    fake_commit(&fake);
    ck_assert_ptr_null(cancelled_by(&fake));
    fake_close(&fake);
}
END_TEST

START_TEST(others_that_nobody_works_on_are_cancelled_and_only_they)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct run other = fake_add_run(&fake, "S"), third = fake_add_run(&fake, "T");
    fake_begin(&fake);
    ck_assert_int_eq(
        state_run(fake.state,
                  "INSERT INTO step(run, key, id, role, position, uses, status, attempt, failures, ended_ns)"
                  " VALUES(2, 'a', 'a', 'step', 0, 'echo', 'waiting', 1, 0, NULL),"
                  " (2, 'b', 'b', 'step', 0, 'echo', 'succeeded', 1, 0, 900),"
                  " (3, 'a', 'a', 'step', 0, 'echo', 'waiting', 1, 0, NULL)",
                  json_array(), NULL, &err),
        0);
    fake_commit(&fake);
    struct message mine = message_of("1", "cancel", 1), theirs = message_of("2", "cancel", 2);
    theirs.run = "S";
    fake_receive(&fake, &mine);
    fake_receive(&fake, &theirs);
    fake_begin(&fake);
    ck_assert_msg(run_cancel_others(fake.state, &fake.run, &err) == 0, "%s", err.message);
    fake_commit(&fake);
    ck_assert_str_eq(fake_text(&arena, "SELECT group_concat(status) AS t FROM run"),
                     "running,cancelled,running");
    ck_assert_str_eq(fake_text(&arena, "SELECT group_concat(status) AS t FROM step"),
                     "cancelled,succeeded,waiting");
    ck_assert_str_eq(cancelled_by(&fake), "me");
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE consumed_ns IS NULL"), 1);
    // Whoever worked on it is fenced off.
    ck_assert_int_eq(run_check_epoch(fake.state, other.number, other.epoch, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    run_release(&other);
    run_release(&third);
    fake_close(&fake);
}
END_TEST

// Takes the inbox in a transaction of its own; gives how many files may go.
static size_t
take(struct fake_run *fake, bool drop)
{
    struct err err = {0};
    const char **ids;
    size_t count;
    fake_begin(fake);
    ck_assert_msg(signal_take_inbox(fake->state, FAKE_STATE, fake->arena, &ids, &count, &err) == 0, "%s",
                  err.message);
    fake_commit(fake);
    if (drop)
        signal_drop_taken(FAKE_STATE, ids, count);
    return count;
}

static void
put(struct fake_run *fake, const char *id, const char *text)
{
    struct err err = {0};
    ck_assert_int_eq(inbox_put(inbox_folder(fake->arena, FAKE_STATE), id, str_of(text), &err), 0);
}

START_TEST(the_inbox_is_taken_once_whoever_is_killed_when)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    struct message message = message_of("1", "signal", 1);
    message.name = "go";
    char *text = message_write(&message);
    put(&fake, "1", text);
    free(text);
    // Killed between the commit and the removal.
    ck_assert_uint_eq(take(&fake, false), 1);
    ck_assert_uint_eq(take(&fake, true), 1);
    ck_assert_uint_eq(take(&fake, true), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal"), 1);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE type = 'signal-received'"), 1);
    fake_close(&fake);
}
END_TEST

START_TEST(what_is_no_message_is_refused_and_stops_nobody)
{
    AUTO_ARENA arena = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    AUTO_BUF large = BUF(INBOX_MESSAGE_MAX_BYTES + 2);
    for (size_t i = 0; i <= INBOX_MESSAGE_MAX_BYTES; i++)
        buf_puts(&large, "1");
    put(&fake, "1", "not JSON");
    put(&fake, "2", buf_text(&large));
    put(&fake, "3", "{\"version\":1,\"kind\":\"signal\",\"run\":\"R\",\"name\":\"go\"}");
    ck_assert_uint_eq(take(&fake, true), 3);
    ck_assert_uint_eq(take(&fake, true), 0);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM signal WHERE id = '3' AND name = 'go'"), 1);
    ck_assert_int_eq(fake_number("SELECT count(*) AS n FROM event WHERE type = 'message-refused'"), 2);
    ck_assert_str_eq(fake_text(&arena, "SELECT group_concat(details ->> 'id') AS t FROM event WHERE type = "
                                       "'message-refused'"),
                     "1,2");
    fake_close(&fake);
}
END_TEST

UNIT_MAIN("workflow/signal", a_signal_is_received_once, the_history_does_not_hold_what_a_signal_brings,
          a_signal_to_an_unknown_run_is_kept, the_later_of_pause_and_unpause_holds,
          a_request_to_cancel_stays_until_it_is_settled, an_ended_run_is_not_cancelled_when_it_is_tried_again,
          others_that_nobody_works_on_are_cancelled_and_only_they,
          the_inbox_is_taken_once_whoever_is_killed_when, what_is_no_message_is_refused_and_stops_nobody)
