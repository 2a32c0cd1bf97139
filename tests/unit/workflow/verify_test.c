// SPDX-License-Identifier: Apache-2.0
#include "workflow/verify.h"

#include "tests/unit/workflow/fake_run.h"

#define OLD "UPDATE run SET status = 'succeeded', ended_ns = 1;"

// A good state, then one statement each that breaks one thing.
static const struct {
    const char *sql, *check;
} breakages[] = {
    {"PRAGMA foreign_keys = OFF; DELETE FROM plan", "run-plan"},
    {"UPDATE run SET ended_ns = 7", "run-ended"},
    {OLD "UPDATE step SET status = 'pending' WHERE key = 'a'", "step-open"},
    {"UPDATE step SET ended_ns = NULL WHERE key = 'a'", "step-ended"},
    {"UPDATE run SET status = 'waiting'; UPDATE wait SET status = 'fired', ended_ns = 7 WHERE step = 'w'",
     "step-waits"},
    {"UPDATE wait SET ended_ns = NULL WHERE name = 'got'", "wait-ended"},
    {"DELETE FROM signal", "wait-signal"},
    {"UPDATE signal SET step = 'w'", "wait-signal"},
    {"INSERT INTO wait(run, step, name, kind, signal, since_ns, status, ended_ns)"
     " VALUES(1, 'a', 'again', 'signal', 'go', 1, 'received', 2)",
     "signal-twice"},
    {"UPDATE signal SET consumed_ns = NULL", "signal-step"},
    {"INSERT INTO event_row(run, type, attempt, epoch, at_ns, hash) VALUES(1, 1, 0, 99, 1, x'00')",
     "event-epoch"},
    {"INSERT INTO event_row(run, type, attempt, epoch, at_ns) VALUES(1, 1, 0, 1, 1)", "event-hash"},
    {"INSERT INTO event_row(run, type, attempt, epoch, at_ns, hash) VALUES(1, 99, 0, 1, 1, x'00')",
     "event-word"},
    {"DROP TRIGGER event_row_no_update; UPDATE event_row SET attempt = 7", "event-chain"},
    {"DROP TRIGGER event_row_no_delete; DELETE FROM event_row", "event-chain"},
    {"DROP TRIGGER word_no_update; UPDATE word SET text = 'x' || text", "event-chain"},
    {"INSERT INTO meta(key, value) VALUES('event-anchor', 'x')", "event-chain"},
    {"UPDATE meta SET value = 'x' WHERE key = 'event-head'", "event-chain"},
    {"DROP TRIGGER event_row_no_update", "event-guard"},
    {"DROP TRIGGER event_row_no_delete", "event-guard"},
    {"DROP TRIGGER word_no_delete", "event-guard"},
    {"UPDATE activity SET committed_ns = NULL", "activity"},
    {"UPDATE effect SET result = NULL", "effect"},
    {"UPDATE effect SET confirmed_ns = NULL", "effect"},
    {"UPDATE blob SET content = x'00'", "blob"},
};

static void
make_state(struct fake_run *fake)
{
    struct err err = {0};
    char hash[65];
    static const char *const rows[] = {
        "INSERT INTO step(run, key, id, role, position, uses, status, attempt, failures, ended_ns)"
        " VALUES(1, 'a', 'a', 'step', 0, 'x', 'succeeded', 1, 0, 5)",
        "INSERT INTO step(run, key, id, role, position, uses, status, attempt, failures)"
        " VALUES(1, 'w', 'w', 'step', 1, 'x', 'waiting', 1, 0)",
        "INSERT INTO wait(run, step, name, kind, signal, since_ns, status, ended_ns)"
        " VALUES(1, 'a', 'got', 'signal', 'go', 1, 'received', 2)",
        "INSERT INTO wait(run, step, name, kind, due_ns, since_ns, status)"
        " VALUES(1, 'w', 'timer', 'timer', 9, 1, 'open')",
        "INSERT INTO signal(id, kind, run, name, sender, sent_ns, received_ns, consumed_ns, step)"
        " VALUES('G', 'signal', 'R', 'go', 'robin', 1, 1, 2, 'a')",
        "INSERT INTO activity(run, step, name, key, input_hash, attempts, begun_ns, committed_ns, result)"
        " VALUES(1, 'a', 'n', 'k', 'i', 1, 1, 2, '1')",
        "INSERT INTO effect(key, run, step, intent, status, attempts, result, intended_ns, confirmed_ns)"
        " VALUES('e', 1, 'a', '{}', 'confirmed', 1, '1', 1, 2)",
    };
    fake_begin(fake);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(state_run(fake->state, rows[i], json_array(), NULL, &err) == 0, "%s", err.message);
    ck_assert_int_eq(state_blob_put(fake->state, STR("abc"), hash, &err), 0);
    fake_commit(fake);
}

static bool
complains(const json_t *problems, const char *check)
{
    size_t i;
    json_t *problem;
    json_array_foreach((json_t *)(uintptr_t)problems, i, problem)
    {
        if (strcmp(json_get_text(problem, "check", ""), check) == 0)
            return true;
    }
    return false;
}

START_TEST(each_invariant_is_seen_when_it_breaks)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    make_state(&fake);
    fake_close(&fake);
    AUTO_BUF whole = BUF((size_t)16 << 20);
    ck_assert_int_eq(fs_read(FAKE_STATE, (size_t)16 << 20, &whole, &err), 0);
    for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++) {
        ck_assert_int_eq(fs_write("copy.db", buf_str(&whole), &err), 0);
        struct db *db = db_open("copy.db", DB_WRITE, &err);
        ck_assert_msg(db_exec(db, breakages[i].sql, &err) == 0, "%s: %s", breakages[i].sql, err.message);
        db_close(db);
        AUTO_JSON *problems = state_problems("copy.db", &err);
        ck_assert_msg(problems && complains(problems, breakages[i].check), "%s", breakages[i].sql);
        ck_assert_int_eq(state_verify("copy.db", &err), -1);
        ck_assert_int_eq(err.kind, ERR_IO);
    }
}
END_TEST

START_TEST(all_problems_are_told)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct fake_run fake;
    fake_open(&fake, &arena);
    make_state(&fake);
    ck_assert_int_eq(state_run(fake.state, "UPDATE effect SET result = NULL", json_array(), NULL, &err), 0);
    ck_assert_int_eq(state_run(fake.state, "UPDATE run SET ended_ns = 7", json_array(), NULL, &err), 0);
    run_release(&fake.run);
    state_close(fake.state);
    AUTO_JSON *problems = state_problems(FAKE_STATE, &err);
    ck_assert_uint_eq(json_array_size(problems), 2);
    ck_assert_str_eq(json_get_text(json_array_get(problems, 0), "what", ""), "R");
    ck_assert_str_eq(json_get_text(json_array_get(problems, 1), "what", ""), "e");
    ck_assert_ptr_null(state_problems("none.db", &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

FAKE_MAIN("workflow/verify", each_invariant_is_seen_when_it_breaks, all_problems_are_told)
