// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/journal.h"

// A step as its run function sees it, over a state of this process. Opened again it is the next attempt.
static struct step
open_step(struct arena *arena)
{
    struct err err = {0};
    struct step step = {.run_id = "local",
                        .id = "s",
                        .seed = 5,
                        .attempt = 1,
                        .host = host_real(),
                        .arena = arena,
                        .outputs = json_object()};
    step.journal = journal_open_local("s/state.db", &fake_registry, "s", &err);
    ck_assert_msg(step.journal != NULL, "%s", err.message);
    return step;
}

static void
close_step(struct step *step)
{
    json_decref(step->outputs);
    journal_close_local(step->journal);
}

static void
reopen(struct step *step)
{
    struct arena *arena = step->arena;
    close_step(step);
    *step = open_step(arena);
}

static int
count_up(void *context, json_t **result, struct err *err)
{
    int *calls = context;
    *result = json_integer(++*calls);
    return *calls == 13 ? err_set(err, ERR_NET, "unlucky") : 0;
}

static int64_t
rows_of_squares(struct step *step)
{
    struct err err = {0};
    json_t *rows;
    ck_assert_msg(journal_rows(step, "square.count", json_pack("[s]", "s"), &rows, &err) == 0, "%s",
                  err.message);
    AUTO_JSON *held = rows;
    return json_get_int(json_array_get(held, 0), "n", -1);
}

START_TEST(an_activity_runs_once)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    int calls = 0;
    for (int i = 0; i < 3; i++) {
        json_t *result;
        ck_assert_int_eq(journal_activity(&step, "n", "k", NULL, count_up, &calls, &result, &err), 0);
        ck_assert_int_eq((int)json_integer_value(result), 1);
        json_decref(result);
        reopen(&step);
    }
    ck_assert_int_eq(calls, 1);
    AUTO_JSON *input = json_true();
    json_t *result;
    ck_assert_int_eq(journal_activity(&step, "n", "k", input, count_up, &calls, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(calls, 1);
    close_step(&step);
}
END_TEST

START_TEST(a_failed_activity_runs_again)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    int calls = 12;
    json_t *result;
    ck_assert_int_eq(journal_activity(&step, "n", "k", NULL, count_up, &calls, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NET);
    ck_assert_int_eq(journal_activity(&step, "n", "k", NULL, count_up, &calls, &result, &err), 0);
    ck_assert_int_eq((int)json_integer_value(result), 14);
    json_decref(result);
    close_step(&step);
}
END_TEST

START_TEST(the_order_of_keys_makes_no_other_input)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    int calls = 0;
    AUTO_JSON *one = json_pack("{s:i, s:i}", "a", 1, "b", 2);
    AUTO_JSON *two = json_pack("{s:i, s:i}", "b", 2, "a", 1);
    json_t *result;
    ck_assert_int_eq(journal_activity(&step, "n", "k", one, count_up, &calls, &result, &err), 0);
    json_decref(result);
    ck_assert_int_eq(journal_activity(&step, "n", "k", two, count_up, &calls, &result, &err), 0);
    json_decref(result);
    close_step(&step);
}
END_TEST

START_TEST(stores_wait_for_the_commit_and_are_visible_before)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    json_t *result;
    ck_assert_int_eq(journal_begin(&step, "n", "k", NULL, &result, &err), 0);
    ck_assert_int_eq(journal_store(&step, "square.insert", json_pack("[si]", "s", 1), &err), 0);
    ck_assert_int_eq(rows_of_squares(&step), 1);
    reopen(&step);
    ck_assert_int_eq(rows_of_squares(&step), 0);
    ck_assert_int_eq(journal_begin(&step, "n", "k", NULL, &result, &err), 0);
    ck_assert_int_eq(journal_store(&step, "square.insert", json_pack("[si]", "s", 1), &err), 0);
    ck_assert_int_eq(journal_commit(&step, "n", "k", NULL, &err), 0);
    ck_assert_int_eq(journal_store(&step, "square.insert-once", json_pack("[si]", "s", 2), &err), 0);
    ck_assert_int_eq(journal_flush(&step, &err), 0);
    ck_assert_int_eq(journal_flush(&step, &err), 0);
    reopen(&step);
    ck_assert_int_eq(rows_of_squares(&step), 2);
    ck_assert_int_eq(journal_begin(&step, "n", "k", NULL, &result, &err), 1);
    ck_assert(json_is_null(result));
    close_step(&step);
}
END_TEST

struct world {
    int looks, acts, there; // how often asked and acted; how often it happened
    bool lose_answer;
};

static int
look(void *context, json_t **result, struct err *err)
{
    struct world *world = context;
    (void)err;
    world->looks++;
    if (!world->there)
        return 0;
    *result = json_string("seen");
    return 1;
}

static int
act(void *context, json_t **result, struct err *err)
{
    struct world *world = context;
    world->acts++;
    world->there++;
    if (world->lose_answer)
        return err_set(err, ERR_NET, "the answer was lost");
    *result = json_string("done");
    return 0;
}

static const struct journal_effect effect = {look, act};

START_TEST(a_confirmed_effect_is_neither_acted_nor_looked_up_again)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    struct world world = {0};
    for (int i = 0; i < 3; i++) {
        json_t *result;
        ck_assert_int_eq(journal_effect(&step, "e", NULL, &effect, &world, &result, &err), 0);
        ck_assert_str_eq(json_string_value(result), "done");
        json_decref(result);
        reopen(&step);
    }
    ck_assert_int_eq(world.looks, 1);
    ck_assert_int_eq(world.acts, 1);
    close_step(&step);
}
END_TEST

START_TEST(an_effect_whose_answer_was_lost_is_looked_up)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    struct world world = {.lose_answer = true};
    json_t *result;
    ck_assert_int_eq(journal_effect(&step, "e", NULL, &effect, &world, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NET);
    reopen(&step);
    ck_assert_int_eq(journal_effect(&step, "e", NULL, &effect, &world, &result, &err), 0);
    ck_assert_str_eq(json_string_value(result), "seen");
    json_decref(result);
    ck_assert_int_eq(world.acts, 1);
    ck_assert_int_eq(world.there, 1);
    close_step(&step);
}
END_TEST

START_TEST(time_and_chance_are_recorded)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    int64_t first_ns, later_ns;
    uint64_t one, two, other;
    ck_assert_int_eq(journal_now(&step, "t", &first_ns, &err), 0);
    ck_assert_int_eq(journal_random(&step, "r", &one, &err), 0);
    ck_assert_int_eq(journal_random(&step, "q", &other, &err), 0);
    fake_sleep_ms(2);
    reopen(&step);
    step.seed = 6;
    ck_assert_int_eq(journal_now(&step, "t", &later_ns, &err), 0);
    ck_assert_int_eq(journal_random(&step, "r", &two, &err), 0);
    ck_assert(first_ns == later_ns && one == two && one != other);
    close_step(&step);
}
END_TEST

START_TEST(blobs_come_back)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    char hash[65];
    AUTO_BUF content = BUF(100);
    ck_assert_int_eq(journal_blob_put(&step, STR("\0\xff"), hash, &err), 0);
    reopen(&step);
    ck_assert_int_eq(journal_blob_get(&step, hash, &content, &err), 0);
    ck_assert(str_eq(buf_str(&content), STR("\0\xff")));
    AUTO_BUF small = BUF(1);
    ck_assert_int_eq(journal_blob_get(&step, hash, &small, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    close_step(&step);
}
END_TEST

START_TEST(a_stored_blob_comes_with_the_commit)
{
    AUTO_ARENA arena = {0};
    fake_folder(&arena);
    struct step step = open_step(&arena);
    struct err err = {0};
    json_t *result;
    char hash[65], same[65];
    AUTO_BUF content = BUF(100);
    ck_assert_int_eq(journal_begin(&step, "n", "k", NULL, &result, &err), 0);
    ck_assert_int_eq(journal_blob_store(&step, STR("\0\xff"), hash, &err), 0);
    ck_assert_int_eq(journal_blob_store(&step, STR(""), same, &err), 0);
    ck_assert_int_eq(journal_blob_get(&step, hash, &content, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(journal_commit_unawaited(&step, "n", "k", NULL, &err), 0);
    reopen(&step);
    ck_assert_int_eq(journal_begin(&step, "n", "k", NULL, &result, &err), 1);
    json_decref(result);
    ck_assert_int_eq(journal_blob_get(&step, same, &content, &err), 0);
    ck_assert_uint_eq(content.len, 0);
    ck_assert_int_eq(journal_blob_get(&step, hash, &content, &err), 0);
    ck_assert(str_eq(buf_str(&content), STR("\0\xff")));
    ck_assert_int_eq(journal_blob_put(&step, STR("\0\xff"), same, &err), 0);
    ck_assert_str_eq(same, hash);
    close_step(&step);
}
END_TEST

FAKE_MAIN("workflow/journal", an_activity_runs_once, a_failed_activity_runs_again,
          the_order_of_keys_makes_no_other_input, stores_wait_for_the_commit_and_are_visible_before,
          a_confirmed_effect_is_neither_acted_nor_looked_up_again,
          an_effect_whose_answer_was_lost_is_looked_up, time_and_chance_are_recorded, blobs_come_back,
          a_stored_blob_comes_with_the_commit)
