// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/migration.h"
#include "workflow/state.h"

static struct state *
open_state(void)
{
    struct err err = {0};
    struct state *state = state_open("s/state.db", &fake_registry, host_real(), &err);
    ck_assert_msg(state != NULL, "%s", err.message);
    return state;
}

static void
write_events(struct state *state, int count)
{
    static const uint8_t digest[] = {1, 2, 3, 4, 5, 6, 7, 0xab};
    struct err err = {0};
    ck_assert_int_eq(state_begin(state, &err), 0);
    if (count == 4)
        state_event(
            state,
            (struct event){.run = 1, .type = "tick", .name = "n", .key = "k", .digest = digest, .at_ns = 1},
            NULL);
    for (int i = count == 4; i < count; i++)
        state_event(state, (struct event){.run = 1, .type = "tick", .step = i % 2 ? "a" : NULL, .epoch = 1},
                    i % 3 ? json_pack("{s:i}", "i", i) : NULL);
    ck_assert_int_eq(state_commit(state, &err), 0);
}

// Changes the file behind the engine's back.
static void
tamper(const char *sql)
{
    struct err err = {0};
    struct db *db = db_open("s/state.db", DB_WRITE, &err);
    ck_assert_int_eq(db_exec(db,
                             "DROP TRIGGER event_row_no_update; DROP TRIGGER event_row_no_delete;"
                             "DROP TRIGGER word_no_update",
                             &err),
                     0);
    ck_assert_msg(db_exec(db, sql, &err) == 0, "%s", err.message);
    db_close(db);
}

static void
make_history(void)
{
    struct state *state = open_state();
    write_events(state, 3);
    write_events(state, 1);
    write_events(state, 4);
    state_close(state);
    state = open_state();
    write_events(state, 2);
    state_close(state);
}

START_TEST(a_chain_goes_on_over_reopening)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    make_history();
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "%s", err.message);
    AUTO_JSON *rows =
        state_query("s/state.db", "SELECT count(*) AS events, count(hash) AS hashes FROM event", NULL, &err);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "events", 0), 10);
    ck_assert_int_eq(json_get_int(json_array_get(rows, 0), "hashes", 0), 4);
}
END_TEST

START_TEST(what_an_event_is_about_reads_as_details)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state();
    ck_assert_int_eq(state_begin(state, &err), 0);
    state_event(state, (struct event){.type = "a", .name = "n", .key = "\"q\""}, NULL);
    state_event(state, (struct event){.type = "b", .key = ""}, NULL);
    state_event(state, (struct event){.type = "c"}, json_pack("{s:i}", "i", 1));
    state_event(state, (struct event){.type = "d"}, NULL);
    ck_assert_int_eq(state_commit(state, &err), 0);
    write_events(state, 4);
    state_close(state);
    AUTO_JSON *rows =
        state_query("s/state.db", "SELECT details FROM event WHERE seq <= 5 ORDER BY seq", NULL, &err);
    static const char *const expected[] = {"{\"name\":\"n\",\"key\":\"\\\"q\\\"\"}", "{\"key\":\"\"}",
                                           "{\"i\":1}", NULL,
                                           "{\"name\":\"n\",\"key\":\"k\",\"result\":\"01020304050607ab\"}"};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const char *details = json_get_text(json_array_get(rows, i), "details", NULL);
        ck_assert_pstr_eq(details, expected[i]);
    }
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "%s", err.message);
}
END_TEST

START_TEST(events_can_be_neither_changed_nor_removed)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    make_history();
    struct db *db = db_open("s/state.db", DB_WRITE, &err);
    ck_assert_int_eq(db_exec(db, "UPDATE event SET type = 'x' WHERE seq = 2", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "never changed"));
    ck_assert_int_eq(db_exec(db, "DELETE FROM event WHERE seq = 2", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "never removed"));
    ck_assert_int_eq(db_exec(db, "UPDATE event_row SET type = 1 WHERE seq = 2", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "never changed"));
    ck_assert_int_eq(db_exec(db, "DELETE FROM event_row WHERE seq = 2", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "never removed"));
    ck_assert_int_eq(db_exec(db, "UPDATE word SET text = 'x'", &err), -1);
    ck_assert_int_eq(db_exec(db, "DELETE FROM word", &err), -1);
    db_close(db);
}
END_TEST

static const char *const forgeries[] = {
    "UPDATE word SET text = 'tock' WHERE text = 'tick'",
    "UPDATE word SET text = 'b' WHERE text = 'a'",
    "UPDATE event_row SET type = type + 1 WHERE seq = 1",
    "UPDATE event_row SET type = 99 WHERE seq = 1",
    "UPDATE event_row SET step = type WHERE seq = 2",
    "UPDATE event_row SET step = NULL WHERE seq = 2",
    "UPDATE event_row SET at_ns = at_ns + 1 WHERE seq = 5",
    "UPDATE event_row SET attempt = 1 WHERE seq = 1",
    "UPDATE event_row SET epoch = 2 WHERE seq = 1",
    "UPDATE event_row SET run = 2 WHERE seq = 1",
    "UPDATE event_row SET details = NULL WHERE seq = 2",
    "DELETE FROM event_row WHERE seq = 6",
    "DELETE FROM event_row WHERE seq = 10",
    "DELETE FROM event_row WHERE seq < 4",
    "UPDATE event_row SET seq = 100 WHERE seq = 4; UPDATE event_row SET seq = 4 WHERE seq = 3",
    "UPDATE event_row SET hash = zeroblob(16) WHERE seq = 4",
    "UPDATE event_row SET hash = zeroblob(32) WHERE seq = 4",
    "UPDATE event_row SET hash = zeroblob(8) WHERE seq = 10",
    "UPDATE event_row SET key = 'other' WHERE seq = 5",
    "UPDATE event_row SET name = type WHERE seq = 5",
    "UPDATE event_row SET digest = x'0102030405060709' WHERE seq = 5",
    "UPDATE event_row SET digest = NULL WHERE seq = 5",
    "UPDATE event_row SET details = key, key = NULL WHERE seq = 5",
};

START_TEST(every_forgery_is_seen)
{
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        AUTO_ARENA arena = {0};
        struct err err = {0};
        fake_folder(&arena);
        make_history();
        tamper(forgeries[i]);
        ck_assert_msg(state_verify("s/state.db", &err) < 0, "not seen: %s", forgeries[i]);
        fake_clean();
    }
}
END_TEST

START_TEST(a_rolled_back_transaction_leaves_no_event)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state();
    ck_assert_int_eq(state_begin(state, &err), 0);
    state_event(state, (struct event){.type = "lost"}, NULL);
    state_rollback(state);
    write_events(state, 1);
    state_close(state);
    AUTO_JSON *rows = state_query("s/state.db", "SELECT type FROM event", NULL, &err);
    ck_assert_int_eq((int)json_array_size(rows), 1);
    ck_assert_int_eq(state_verify("s/state.db", &err), 0);
}
END_TEST

FAKE_MAIN("workflow/event", a_chain_goes_on_over_reopening, what_an_event_is_about_reads_as_details,
          events_can_be_neither_changed_nor_removed, every_forgery_is_seen,
          a_rolled_back_transaction_leaves_no_event)
