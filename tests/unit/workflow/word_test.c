// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"
#include "workflow/word.h"

static struct db *
open_db(struct arena *arena)
{
    struct err err = {0};
    fake_folder(arena);
    state_close(state_open("s/state.db", &fake_registry, host_real(), &err));
    struct db *db = db_open("s/state.db", DB_WRITE, &err);
    ck_assert_msg(db != NULL, "%s", err.message);
    return db;
}

static int64_t
number(struct words *words, struct db *db, const char *word)
{
    struct err err = {0};
    int64_t number = 0;
    ck_assert_msg(words_number(words, db, word, &number, &err) == 0, "%s", err.message);
    ck_assert_int_gt(number, 0);
    return number;
}

START_TEST(a_word_has_one_number)
{
    AUTO_ARENA arena = {0};
    struct db *db = open_db(&arena);
    struct words words = {0}, others = {0};
    int64_t one = number(&words, db, "one"), empty = number(&words, db, "");
    ck_assert_int_ne(one, empty);
    ck_assert_int_eq(number(&words, db, "one"), one);
    ck_assert_int_eq(number(&others, db, ""), empty);
    ck_assert_int_eq(number(&others, db, "one"), one);
    words_forget(&words);
    words_forget(&others);
    db_close(db);
}
END_TEST

START_TEST(a_word_that_was_rolled_back_is_added_again)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct db *db = open_db(&arena);
    struct words words = {0};
    ck_assert_int_eq(db_begin(db, &err), 0);
    number(&words, db, "lost");
    db_rollback(db);
    words_forget(&words);
    int64_t other = number(&words, db, "other");
    ck_assert_int_ne(number(&words, db, "lost"), other);
    words_forget(&words);
    db_close(db);
}
END_TEST

START_TEST(events_behind_a_rolled_back_word_keep_their_own)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = state_open("s/state.db", &fake_registry, host_real(), &err);
    ck_assert_int_eq(state_begin(state, &err), 0);
    state_event(state, (struct event){.type = "first"}, NULL);
    // Noticed only by COMMIT, when the words were added.
    ck_assert_int_eq(state_run(state, "PRAGMA defer_foreign_keys=ON", json_array(), NULL, &err), 0);
    ck_assert_int_eq(state_run(state,
                               "INSERT INTO activity(run, step, name, key, input_hash, attempts, begun_ns)"
                               " VALUES(99, '', '', '', '', 0, 0)",
                               json_array(), NULL, &err),
                     0);
    ck_assert_int_eq(state_commit(state, &err), -1);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(state_begin(state, &err), 0);
        state_event(state, (struct event){.type = i ? "first" : "second"}, NULL);
        ck_assert_int_eq(state_commit(state, &err), 0);
    }
    state_close(state);
    AUTO_JSON *rows = state_query("s/state.db", "SELECT group_concat(type) AS t FROM event", NULL, &err);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "t", ""), "second,first");
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "%s", err.message);
}
END_TEST

FAKE_MAIN("workflow/word", a_word_has_one_number, a_word_that_was_rolled_back_is_added_again,
          events_behind_a_rolled_back_word_keep_their_own)
