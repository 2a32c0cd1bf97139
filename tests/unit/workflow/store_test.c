// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/state.h"
#include "workflow/store.h"

static const char *const migrations[] = {"CREATE TABLE kept(a ANY, b ANY) STRICT", NULL};
static const struct table_statement statements[] = {
    {"kept.insert", "INSERT INTO kept(a, b) VALUES(?1, ?2)"},
    {"kept.single", "INSERT INTO kept(a, b) VALUES(?1, 'single') RETURNING a"},
    {NULL, NULL},
};
static const struct table_set kept = {.noun = "kept", .migrations = migrations, .statements = statements};
static const struct table_set *const tables[] = {&kept, NULL};
static const struct step_ops *const no_steps[] = {NULL};
static const struct registry registry = {no_steps, tables};

static struct state *
open_state(struct arena *arena)
{
    struct err err = {0};
    fake_folder(arena);
    struct state *state = state_open("s/state.db", &registry, host_real(), &err);
    ck_assert_msg(state != NULL, "%s", err.message);
    return state;
}

static void
add(struct buf *stores, const char *statement, json_t *params)
{
    struct err err = {0};
    AUTO_JSON *held = params;
    ck_assert_msg(store_add(stores, statement, held, &err) == 0, "%s", err.message);
}

// All rows as text.
static char *
rows_of(struct state *state)
{
    struct err err = {0};
    AUTO_JSON *rows =
        state_rows(state, "SELECT a, b, typeof(a) AS t FROM kept ORDER BY rowid", json_array(), &err);
    ck_assert_ptr_nonnull(rows);
    return json_compact(rows);
}

START_TEST(every_type_arrives)
{
    AUTO_ARENA arena = {0};
    struct state *state = open_state(&arena);
    struct err err = {0};
    AUTO_BUF stores = BUF(1000);
    add(&stores, "kept.insert", json_pack("[s, I]", "x", (json_int_t)INT64_MIN));
    add(&stores, "kept.insert", json_pack("[f, b]", 0.25, 1));
    add(&stores, "kept.single", json_pack("[n]"));
    add(&stores, "kept.insert", json_pack("[{s:s}, s]", "b64", "AAH/", ""));
    add(&stores, "kept.insert", NULL);
    add(&stores, "kept.insert", json_pack("[i]", 7));
    ck_assert_int_eq(state_begin(state, &err), 0);
    ck_assert_msg(store_run(state, buf_str(&stores), &err) == 0, "%s", err.message);
    ck_assert_int_eq(state_commit(state, &err), 0);
    char *text = rows_of(state);
    ck_assert_str_eq(text, "[{\"a\":\"x\",\"b\":-9223372036854775808,\"t\":\"text\"},"
                           "{\"a\":0.25,\"b\":1,\"t\":\"real\"},"
                           "{\"a\":null,\"b\":\"single\",\"t\":\"null\"},"
                           "{\"a\":{\"b64\":\"AAH/\"},\"b\":\"\",\"t\":\"blob\"},"
                           "{\"a\":null,\"b\":null,\"t\":\"null\"},"
                           "{\"a\":7,\"b\":null,\"t\":\"integer\"}]");
    free(text);
    state_close(state);
}
END_TEST

START_TEST(a_wrong_parameter_or_too_many_bytes_append_nothing)
{
    struct err err = {0};
    AUTO_BUF stores = BUF(60);
    add(&stores, "kept.insert", json_pack("[s]", "x"));
    size_t before = stores.len;
    AUTO_JSON *nested = json_pack("[i, [i]]", 1, 2);
    ck_assert_int_eq(store_add(&stores, "kept.insert", nested, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_msg(strstr(err.message, "parameter 2"), "%s", err.message);
    ck_assert_uint_eq(stores.len, before);
    AUTO_JSON *large = json_pack("[s]", "0123456789012345678901234567890123456789");
    ck_assert_int_eq(store_add(&stores, "kept.insert", large, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_uint_eq(stores.len, before);
    add(&stores, "kept.insert", NULL);
}
END_TEST

START_TEST(what_is_cut_off_or_unknown_is_refused)
{
    AUTO_ARENA arena = {0};
    struct state *state = open_state(&arena);
    struct err err = {0};
    AUTO_BUF stores = BUF(1000);
    add(&stores, "kept.insert", json_pack("[s, i]", "x", 1));
    ck_assert_int_eq(state_begin(state, &err), 0);
    for (size_t len = 1; len < stores.len; len++) {
        ck_assert_int_eq(store_run(state, str_n(stores.ptr, len), &err), -1);
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
    char hash[65];
    AUTO_BUF blob = BUF(60);
    ck_assert_int_eq(store_add_blob(&blob, STR("content"), hash, &err), 0);
    for (size_t len = 1; len < blob.len; len++) {
        ck_assert_int_eq(store_run(state, str_n(blob.ptr, len), &err), -1);
        ck_assert_int_eq(err.kind, ERR_PARSE);
    }
    size_t before = blob.len;
    ck_assert_int_eq(store_add_blob(&blob, str_n((char[60]){0}, 60), hash, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_uint_eq(blob.len, before);
    AUTO_BUF other = BUF(1000);
    add(&other, "kept.delete", NULL);
    ck_assert_int_eq(store_run(state, buf_str(&other), &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    state_rollback(state);
    state_close(state);
}
END_TEST

FAKE_MAIN("workflow/store", every_type_arrives, a_wrong_parameter_or_too_many_bytes_append_nothing,
          what_is_cut_off_or_unknown_is_refused)
