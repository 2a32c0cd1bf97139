// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/run.h"
#include "workflow/server.h"
#include "workflow/signal.h"
#include "workflow/store.h"

struct bench {
    struct state *state;
    struct run run;
    struct server server;
};

static struct bench
open_bench(struct arena *arena)
{
    struct err err = {0};
    fake_folder(arena);
    struct bench bench = {.state = state_open("s/state.db", &fake_registry, host_real(), &err)};
    ck_assert_ptr_nonnull(bench.state);
    bench.run = (struct run){.id = "R", .pin = "P", .plan = "L", .mode = "normal", .vars = json_object()};
    ck_assert_int_eq(state_begin(bench.state, &err), 0);
    ck_assert_int_eq(run_insert(bench.state, &bench.run, "x", "x", STR(""), &err), 0);
    ck_assert_int_eq(state_commit(bench.state, &err), 0);
    bench.server = (struct server){
        .state = bench.state, .run = bench.run.number, .epoch = bench.run.epoch, .step = "s", .attempt = 1};
    return bench;
}

static void
close_bench(struct bench *bench)
{
    struct err err = {0};
    run_release(&bench->run);
    state_close(bench->state);
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "%s", err.message);
}

// A call's member "stores", a list of [statement, params], as the tail that they travel in.
static void
queue_stores(json_t *json, struct buf *tail)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(json, "stores"), i, store)
    {
        struct err err = {0};
        ck_assert_int_eq(
            store_add(tail, json_string_value(json_array_get(store, 0)), json_array_get(store, 1), &err), 0);
    }
    json_object_del(json, "stores");
}

// One call in a transaction of its own, which is committed also when the call fails. Takes `json`.
static json_t *
call(struct bench *bench, json_t *json, struct str content, struct buf *tail, struct err *err)
{
    ck_assert_ptr_nonnull(json);
    AUTO_FRAME frame = {.json = json, .tail = BUF(WIRE_MAX_BYTES)};
    buf_add_str(&frame.tail, content);
    queue_stores(json, &frame.tail);
    struct err outer = {0};
    bool fenced = false;
    json_t *reply = NULL;
    ck_assert_int_eq(state_begin(bench->state, &outer), 0);
    int result = server_apply(&bench->server, &frame, &reply, tail, &fenced, err);
    ck_assert_int_eq(state_commit(bench->state, &outer), 0);
    ck_assert(result == 0 || !reply);
    ck_assert(!fenced || err->kind == ERR_CONFLICT);
    return reply;
}

static json_t *
good(struct bench *bench, json_t *json)
{
    struct err err = {0};
    AUTO_BUF tail = BUF(1 << 20);
    json_t *reply = call(bench, json, STR(""), &tail, &err);
    ck_assert_msg(reply != NULL, "%s", err.message);
    return reply;
}

static enum err_kind
bad(struct bench *bench, json_t *json)
{
    struct err err = {0};
    AUTO_BUF tail = BUF(1 << 20);
    ck_assert_ptr_null(call(bench, json, STR(""), &tail, &err));
    return err.kind;
}

static json_t *
begin(const char *key, const char *input)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "call", "begin", "name", "n", "key", key, "input", input);
}

static json_t *
commit(const char *key, int result, json_t *stores)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:o}", "call", "commit", "name", "n", "key", key, "result", result,
                     "stores", stores);
}

static int64_t
number(const char *sql)
{
    struct err err = {0};
    AUTO_JSON *rows = state_query("s/state.db", sql, NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

START_TEST(a_committed_activity_gives_its_result)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    AUTO_JSON *first = good(&bench, begin("k", "i"));
    ck_assert_ptr_null(json_object_get(first, "result"));
    AUTO_JSON *again = good(&bench, begin("k", "i"));
    ck_assert_ptr_null(json_object_get(again, "result"));
    ck_assert_int_eq(number("SELECT attempts AS n FROM activity"), 2);
    AUTO_JSON *stores = json_pack("[[s,[s,i]]]", "square.insert", "s", 7);
    json_decref(good(&bench, commit("k", 42, json_incref(stores))));
    AUTO_JSON *third = good(&bench, begin("k", "i"));
    ck_assert_int_eq(json_get_int(third, "result", 0), 42);
    ck_assert_int_eq(number("SELECT attempts AS n FROM activity"), 2);
    ck_assert_int_eq(number("SELECT number AS n FROM square"), 7);
    ck_assert_int_eq(bad(&bench, commit("k", 43, json_array())), ERR_CONFLICT);
    ck_assert_int_eq(bad(&bench, commit("other", 1, json_array())), ERR_CONFLICT);
    ck_assert_int_eq(number("SELECT result AS n FROM activity WHERE result = '43'"), -1);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM event WHERE type LIKE 'activity-%'"), 3);
    close_bench(&bench);
}
END_TEST

START_TEST(another_input_than_the_committed_one_is_a_conflict)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    struct err err = {0};
    AUTO_BUF tail = BUF(100);
    json_decref(good(&bench, begin("k", "i")));
    json_decref(good(&bench, begin("k", "j"))); // nothing was committed yet
    json_decref(good(&bench, commit("k", 1, json_array())));
    AUTO_JSON *kept = good(&bench, begin("k", "j"));
    ck_assert_int_eq(json_get_int(kept, "result", 0), 1);
    ck_assert_ptr_null(call(&bench, begin("k", "i"), STR(""), &tail, &err));
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_msg(strstr(err.message, "atoll resume"), "%s", err.message);
    close_bench(&bench);
}
END_TEST

START_TEST(stores_and_result_commit_together_or_not_at_all)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    json_decref(good(&bench, begin("k", "i")));
    json_t *twice =
        json_pack("[[s,[s,i]], [s,[s,i]]]", "square.insert-once", "s", 1, "square.insert-once", "s", 1);
    ck_assert_int_eq(bad(&bench, commit("k", 1, twice)), ERR_CONFLICT);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 0);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM activity WHERE committed_ns IS NULL"), 1);
    ck_assert_int_eq(bad(&bench, commit("k", 1, json_pack("[[s,[]]]", "DROP TABLE run"))), ERR_USAGE);
    json_decref(good(&bench, commit("k", 1, json_pack("[[s,[s,i]]]", "square.insert-once", "s", 1))));
    close_bench(&bench);
}
END_TEST

START_TEST(rows_see_queued_stores_and_keep_nothing)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    json_t *query = json_pack("{s:s, s:s, s:[s], s:[[s,[s,i]]]}", "call", "rows", "statement", "square.count",
                              "params", "s", "stores", "square.insert", "s", 5);
    AUTO_JSON *reply = good(&bench, query);
    ck_assert_int_eq(json_get_int(json_array_get(json_object_get(reply, "rows"), 0), "n", 0), 1);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 0);
    json_decref(
        good(&bench, json_pack("{s:s, s:[[s,[s,i]]]}", "call", "flush", "stores", "square.insert", "s", 5)));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 1);
    close_bench(&bench);
}
END_TEST

START_TEST(an_effect_is_intended_then_confirmed_once)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    AUTO_JSON *effect = json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "e", "intent");
    AUTO_JSON *confirm = json_pack("{s:s, s:s, s:s}", "call", "confirm", "key", "e", "result", "done");
    ck_assert_int_eq(bad(&bench, json_incref(confirm)), ERR_CONFLICT);
    AUTO_JSON *first = good(&bench, json_incref(effect));
    ck_assert_ptr_null(json_object_get(first, "result"));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM effect WHERE status = 'intended'"), 1);
    json_decref(good(&bench, json_incref(effect)));
    ck_assert_int_eq(number("SELECT attempts AS n FROM effect"), 2);
    json_decref(good(&bench, json_incref(confirm)));
    ck_assert_int_eq(bad(&bench, json_incref(confirm)), ERR_CONFLICT);
    bench.server.step = "another";
    AUTO_JSON *later = good(&bench, json_incref(effect));
    ck_assert_str_eq(json_get_text(later, "result", ""), "done");
    close_bench(&bench);
}
END_TEST

static void
set_pause(struct bench *bench, const char *id, const char *kind, int64_t sent_ns)
{
    struct err err = {0};
    const struct message message = {.id = id, .kind = kind, .name = "", .sender = "me", .sent_ns = sent_ns};
    ck_assert_int_eq(state_begin(bench->state, &err), 0);
    ck_assert_msg(signal_receive(bench->state, &message, &err) == 0, "%s", err.message);
    ck_assert_int_eq(state_commit(bench->state, &err), 0);
}

START_TEST(no_effect_is_intended_while_paused)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    AUTO_JSON *effect = json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "e", "intent");
    AUTO_JSON *confirm = json_pack("{s:s, s:s, s:s}", "call", "confirm", "key", "e", "result", "done");
    set_pause(&bench, "1", "pause", 1);
    AUTO_JSON *held = good(&bench, json_incref(effect));
    ck_assert(json_get_bool(held, "waiting", false));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM effect"), 0);
    set_pause(&bench, "2", "unpause", 2);
    AUTO_JSON *free_now = good(&bench, json_incref(effect));
    ck_assert(!json_get_bool(free_now, "waiting", false));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM effect WHERE status = 'intended'"), 1);
    // What was intended before acts no more, what was done may be told.
    set_pause(&bench, "3", "pause", 3);
    AUTO_JSON *again = good(&bench, json_incref(effect));
    ck_assert(json_get_bool(again, "waiting", false));
    ck_assert_int_eq(number("SELECT attempts AS n FROM effect"), 1);
    json_decref(good(&bench, json_incref(confirm)));
    AUTO_JSON *done = good(&bench, json_incref(effect));
    ck_assert_str_eq(json_get_text(done, "result", ""), "done");
    close_bench(&bench);
}
END_TEST

START_TEST(a_stale_owner_is_not_told_to_act_while_paused)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct bench bench = open_bench(&arena);
    set_pause(&bench, "1", "pause", 1);
    ck_assert_int_eq(state_begin(bench.state, &err), 0);
    ck_assert_int_eq(state_run(bench.state, "UPDATE run SET epoch = epoch + 1", json_array(), NULL, &err), 0);
    ck_assert_int_eq(state_commit(bench.state, &err), 0);
    ck_assert_int_eq(bad(&bench, json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "e", "intent")),
                     ERR_CONFLICT);
    ck_assert_int_eq(bad(&bench, json_pack("{s:s, s:s, s:s, s:i}", "call", "wait", "name", "w", "kind",
                                           "timer", "due_ns", 5)),
                     ERR_CONFLICT);
    close_bench(&bench);
}
END_TEST

START_TEST(a_wait_answers_with_how_it_ended)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    AUTO_JSON *past =
        json_pack("{s:s, s:s, s:s, s:i}", "call", "wait", "name", "p", "kind", "timer", "due_ns", 5);
    AUTO_JSON *open =
        json_pack("{s:s, s:s, s:s, s:s}", "call", "wait", "name", "o", "kind", "signal", "signal", "go");
    AUTO_JSON *fired = good(&bench, json_incref(past)), *waits = good(&bench, json_incref(open));
    ck_assert_str_eq(json_get_text(json_object_get(fired, "result"), "status", ""), "fired");
    ck_assert(!json_get_bool(fired, "waiting", false));
    ck_assert(json_get_bool(waits, "waiting", false));
    ck_assert_ptr_null(json_object_get(waits, "result"));
    ck_assert_int_eq(bad(&bench, json_pack("{s:s, s:s, s:s}", "call", "wait", "name", "x", "kind", "moon")),
                     ERR_CONFLICT);
    close_bench(&bench);
}
END_TEST

START_TEST(a_recorded_value_is_the_first)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    AUTO_JSON *one =
        good(&bench, json_pack("{s:s, s:s, s:i}", "call", "record", "name", "now:x", "value", 5));
    AUTO_JSON *two =
        good(&bench, json_pack("{s:s, s:s, s:i}", "call", "record", "name", "now:x", "value", 6));
    ck_assert_int_eq(json_get_int(one, "value", 0), 5);
    ck_assert_int_eq(json_get_int(two, "value", 0), 5);
    close_bench(&bench);
}
END_TEST

START_TEST(blobs_travel_in_the_tail)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    struct err err = {0};
    AUTO_BUF tail = BUF(100);
    AUTO_JSON *put = call(&bench, json_pack("{s:s}", "call", "put"), STR("a\0b"), &tail, &err);
    ck_assert_ptr_nonnull(put);
    AUTO_JSON *get =
        call(&bench, json_pack("{s:s, s:O}", "call", "get", "hash", json_object_get(put, "hash")), STR(""),
             &tail, &err);
    ck_assert_ptr_nonnull(get);
    ck_assert(str_eq(buf_str(&tail), STR("a\0b")));
    ck_assert_int_eq(bad(&bench, json_pack("{s:s, s:s}", "call", "get", "hash", "nope")), ERR_NOT_FOUND);
    ck_assert_int_eq(bad(&bench, json_pack("{s:s}", "call", "drop")), ERR_USAGE);
    close_bench(&bench);
}
END_TEST

// Every call that completes something, on a run that somebody else took over.
START_TEST(a_stale_owner_completes_nothing)
{
    AUTO_ARENA arena = {0};
    struct bench bench = open_bench(&arena);
    json_decref(good(&bench, begin("k", "i")));
    json_decref(good(&bench, json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "e", "intent")));
    struct err err = {0};
    ck_assert_int_eq(state_run(bench.state, "UPDATE run SET epoch = epoch + 1", json_array(), NULL, &err), 0);
    AUTO_JSON *before = state_query("s/state.db", "SELECT * FROM activity, effect", NULL, &err);
    json_t *const calls[] = {
        begin("k", "i"),
        begin("new", "i"),
        commit("k", 1, json_array()),
        json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "e", "intent"),
        json_pack("{s:s, s:s, s:{}}", "call", "effect", "key", "new", "intent"),
        json_pack("{s:s, s:s, s:s}", "call", "confirm", "key", "e", "result", "done"),
        json_pack("{s:s, s:s, s:i}", "call", "record", "name", "now:x", "value", 5),
        json_pack("{s:s, s:[[s,[s,i]]]}", "call", "flush", "stores", "square.insert", "s", 5),
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        AUTO_BUF tail = BUF(100);
        err.message[0] = '\0';
        ck_assert_msg(call(&bench, calls[i], STR(""), &tail, &err) == NULL, "call %zu went through", i);
        ck_assert_msg(strstr(err.message, "taken over"), "call %zu: %s", i, err.message);
    }
    AUTO_JSON *after = state_query("s/state.db", "SELECT * FROM activity, effect", NULL, &err);
    ck_assert(json_equal(before, after));
    ck_assert_int_eq(number("SELECT count(*) AS n FROM square"), 0);
    ck_assert_int_eq(number("SELECT count(*) AS n FROM recorded"), 0);
    close_bench(&bench);
}
END_TEST

FAKE_MAIN("workflow/server", a_committed_activity_gives_its_result,
          another_input_than_the_committed_one_is_a_conflict, stores_and_result_commit_together_or_not_at_all,
          rows_see_queued_stores_and_keep_nothing, an_effect_is_intended_then_confirmed_once,
          a_recorded_value_is_the_first, blobs_travel_in_the_tail, no_effect_is_intended_while_paused,
          a_stale_owner_is_not_told_to_act_while_paused, a_wait_answers_with_how_it_ended,
          a_stale_owner_completes_nothing)
