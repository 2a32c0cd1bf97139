// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"

static struct state *
open_state(const struct registry *registry, struct err *err)
{
    return state_open("s/state.db", registry, host_real(), err);
}

static int64_t
number(const char *sql)
{
    struct err err = {0};
    AUTO_JSON *rows = state_query("s/state.db", sql, NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

static int
insert(struct state *state, int value, struct err *err)
{
    return state_run(state, "INSERT INTO square(step, number) VALUES('x', ?)", json_pack("[i]", value), NULL,
                     err);
}

START_TEST(a_new_folder_is_ignored_by_git_and_an_old_one_left_alone)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    state_close(open_state(&fake_registry, &err));
    AUTO_BUF text = BUF(100);
    ck_assert_int_eq(fs_read("s/.gitignore", 100, &text, &err), 0);
    ck_assert_str_eq(buf_text(&text), "*\n");
    ck_assert_int_eq(fs_mkdirs("old", &err), 0);
    state_close(state_open("old/state.db", &fake_registry, host_real(), &err));
    ck_assert(fs_exists("old/state.db"));
    ck_assert(!fs_exists("old/.gitignore"));
}
END_TEST

START_TEST(what_is_committed_is_there_for_others_and_nothing_else)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state(&fake_registry, &err);
    ck_assert_int_eq(state_begin(state, &err), 0);
    ck_assert_int_eq(insert(state, 1, &err), 0);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 0);
    ck_assert_int_eq(state_commit(state, &err), 0);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 1);
    ck_assert_int_eq(state_begin(state, &err), 0);
    ck_assert_int_eq(insert(state, 2, &err), 0);
    state_close(state);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 1);
}
END_TEST

START_TEST(a_part_is_undone_alone)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state(&fake_registry, &err);
    ck_assert_int_eq(state_begin(state, &err), 0);
    ck_assert_int_eq(state_part(state, &err), 0);
    ck_assert_int_eq(insert(state, 1, &err), 0);
    state_event(state, (struct event){.type = "kept"}, NULL);
    ck_assert_int_eq(state_part_keep(state, &err), 0);
    ck_assert_int_eq(state_part(state, &err), 0);
    ck_assert_int_eq(insert(state, 2, &err), 0);
    state_event(state, (struct event){.type = "undone"}, NULL);
    ck_assert_int_eq(insert(state, 2, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(state_part_undo(state, &err), 0);
    ck_assert_int_eq(state_commit(state, &err), 0);
    state_close(state);
    ck_assert_int_eq(number("SELECT sum(number) AS n FROM square"), 1);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM event WHERE type = 'undone'"), 0);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM event WHERE type = 'kept'"), 1);
    ck_assert_int_eq(state_verify("s/state.db", &err), 0);
}
END_TEST

START_TEST(equal_blobs_are_one_and_a_damaged_one_is_seen)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state(&fake_registry, &err);
    char one[65], two[65], none[65];
    AUTO_BUF content = BUF(100);
    ck_assert_int_eq(state_blob_put(state, STR("abc"), one, &err), 0);
    ck_assert_int_eq(state_blob_put(state, STR("abc"), two, &err), 0);
    ck_assert_int_eq(state_blob_put(state, STR(""), none, &err), 0);
    ck_assert_str_eq(one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_str_eq(one, two);
    ck_assert_int_eq(state_blob_get(state, one, &content, &err), 0);
    ck_assert_str_eq(buf_text(&content), "abc");
    ck_assert_int_eq(state_blob_get(state, none, &content, &err), 0);
    ck_assert_uint_eq(content.len, 0);
    one[0] = '0';
    ck_assert_int_eq(state_blob_get(state, one, &content, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM blob"), 2);
    ck_assert_int_eq(state_verify("s/state.db", &err), 0);
    ck_assert_int_eq(state_run(state, "UPDATE blob SET content = x'00'", json_array(), NULL, &err), 0);
    state_close(state);
    ck_assert_int_eq(state_verify("s/state.db", &err), -1);
}
END_TEST

START_TEST(statements_go_by_name)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    fake_folder(&arena);
    struct state *state = open_state(&fake_registry, &err);
    ck_assert_str_eq(state_statement(state, "square.count", &err), fake_statements[2].sql);
    ck_assert_ptr_null(state_statement(state, "SELECT 1", &err));
    ck_assert_int_eq(err.kind, ERR_USAGE);
    // A text that is not UTF-8 is refused, not bound as NULL.
    ck_assert_int_eq(state_run(state, "SELECT ?", json_pack("[s]", "\xff"), NULL, &err), -1);
    state_close(state);
}
END_TEST

FAKE_MAIN("workflow/state", a_new_folder_is_ignored_by_git_and_an_old_one_left_alone,
          what_is_committed_is_there_for_others_and_nothing_else, a_part_is_undone_alone,
          equal_blobs_are_one_and_a_damaged_one_is_seen, statements_go_by_name)
