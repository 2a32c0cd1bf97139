// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/run.h"
#include "workflow/scheduler.h"

static struct state *
open_state(struct arena *arena)
{
    struct err err = {0};
    fake_folder(arena);
    struct state *state = state_open("s/state.db", &fake_registry, host_real(), &err);
    ck_assert_ptr_nonnull(state);
    ck_assert_int_eq(state_begin(state, &err), 0);
    return state;
}

static struct run
insert(struct state *state, const char *id, const char *pin)
{
    struct err err = {0};
    struct run run = {
        .plan = "L", .commit = "C", .mode = "normal", .seed = UINT64_MAX / 3, .vars = json_object()};
    snprintf(run.id, sizeof(run.id), "%s", id);
    snprintf(run.pin, sizeof(run.pin), "%s", pin);
    ck_assert_int_eq(run_insert(state, &run, "x", "x.yml", STR("text: 1"), &err), 0);
    return run;
}

static void
end(struct state *state)
{
    struct err err = {0};
    ck_assert_int_eq(state_commit(state, &err), 0);
    state_close(state);
    ck_assert_msg(state_verify("s/state.db", &err) == 0, "%s", err.message);
}

START_TEST(ids_are_26_characters_and_sort_by_time)
{
    static const uint8_t low[10] = {0}, high[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    char one[27], two[27], three[27];
    run_make_id(1469918176385000000, low, one);
    ck_assert_str_eq(one, "01ARYZ6S410000000000000000");
    run_make_id(1469918176385000000, high, two);
    ck_assert_str_eq(two, "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
    run_make_id(1469918176386000000, low, three);
    ck_assert_int_lt(strcmp(two, three), 0);
}
END_TEST

START_TEST(a_run_comes_back_as_it_was)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct state *state = open_state(&arena);
    struct run made = insert(state, "A", "P"), found;
    ck_assert_int_eq(run_find_open(state, "other", &found, &err), 0);
    ck_assert_int_eq(run_find_open(state, "P", &found, &err), 1);
    ck_assert_int_eq(found.number, made.number);
    ck_assert_str_eq(found.id, "A");
    ck_assert_str_eq(found.commit, "C");
    ck_assert_str_eq(found.mode, "normal");
    ck_assert(found.seed == UINT64_MAX / 3);
    run_release(&found);
    AUTO_BUF text = BUF(100);
    const char *file;
    ck_assert_int_eq(run_plan(state, &made, &arena, &text, &file, &err), 0);
    ck_assert_str_eq(buf_text(&text), "text: 1");
    ck_assert_str_eq(file, "x.yml");
    ck_assert_int_eq(run_load(state, "B", &found, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_int_eq(run_finish(state, &made, "succeeded", NULL, &err), 0);
    ck_assert_int_eq(run_find_open(state, "P", &found, &err), 0);
    run_release(&made);
    end(state);
}
END_TEST

START_TEST(taking_over_raises_the_epoch_and_fences_the_old_owner)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct state *state = open_state(&arena);
    struct run old = insert(state, "A", "P"), new;
    ck_assert_int_eq(run_load(state, "A", &new, &err), 0);
    ck_assert_int_eq(run_take_over(state, &new, &err), 0);
    ck_assert_int_eq(new.epoch, old.epoch + 1);
    ck_assert_int_eq(run_finish(state, &old, "failed", NULL, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, "taken over"));
    ck_assert_int_eq(run_take_over(state, &old, &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_int_eq(run_finish(state, &new, "succeeded", NULL, &err), 0);
    run_release(&old);
    run_release(&new);
    end(state);
}
END_TEST

START_TEST(other_unfinished_runs_are_superseded)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct state *state = open_state(&arena);
    struct run a = insert(state, "A", "P"), b = insert(state, "B", "Q"), c = insert(state, "C", "R");
    ck_assert_int_eq(run_finish(state, &a, "succeeded", NULL, &err), 0);
    AUTO_JSON *ids = run_supersede_others(state, &c, &err);
    ck_assert_int_eq((int)json_array_size(ids), 1);
    ck_assert_str_eq(json_string_value(json_array_get(ids, 0)), "B");
    ck_assert_int_eq(run_finish(state, &b, "succeeded", NULL, &err), -1);
    ck_assert_int_eq(run_finish(state, &c, "succeeded", NULL, &err), 0);
    run_release(&a);
    run_release(&b);
    run_release(&c);
    end(state);
}
END_TEST

START_TEST(tasks_are_written_and_fenced)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    AUTO_PROBLEMS problems = {0};
    struct state *state = open_state(&arena);
    struct run run = insert(state, "A", "P");
    struct pipeline *pipeline = pipeline_read(
        &arena, STR("version: 1\nname: x\nsteps:\n  - {id: a, uses: echo}\n  - {id: b, uses: echo}\n"), "x",
        &fake_registry, &problems);
    ck_assert_ptr_nonnull(pipeline);
    struct schedule schedule, again;
    schedule_init(&schedule, pipeline, NULL, run.id, host_real(), &arena);
    schedule_init(&again, pipeline, NULL, run.id, host_real(), &arena);
    struct task *task = schedule.tasks.items[0];
    ck_assert_int_eq(run_write_task(state, &run, &schedule, task, &err), 0);
    schedule_start(&schedule, task, 5);
    ck_assert_int_eq(run_write_task(state, &run, &schedule, task, &err), 0);
    schedule_succeed(&schedule, task, json_pack("{s:i}", "x", 1), 9);
    ck_assert_int_eq(run_write_task(state, &run, &schedule, task, &err), 0);
    ck_assert(!task->changed);
    AUTO_JSON *rows = run_tasks(state, &run, &err);
    ck_assert_int_eq((int)json_array_size(rows), 1);
    ck_assert_int_eq(schedule_restore(&again, json_array_get(rows, 0), &err), 0);
    const struct task *back = again.tasks.items[0];
    ck_assert_int_eq(back->status, TASK_SUCCEEDED);
    ck_assert_int_eq(back->attempt, 1);
    ck_assert_int_eq(back->started_ns, 5);
    ck_assert_int_eq(back->ended_ns, 9);
    ck_assert_int_eq(json_get_int(back->outputs, "x", 0), 1);
    ck_assert_int_eq(state_run(state, "UPDATE run SET epoch = epoch + 1", json_array(), NULL, &err), 0);
    ck_assert_int_eq(run_write_task(state, &run, &schedule, schedule.tasks.items[1], &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    schedule.tasks.items[0]->attempt = 9;
    ck_assert_int_eq(run_write_task(state, &run, &schedule, schedule.tasks.items[0], &err), -1);
    AUTO_JSON *after = run_tasks(state, &run, &err);
    ck_assert(json_equal(rows, after));
    schedule_release(&schedule);
    schedule_release(&again);
    pipeline_release(pipeline);
    run_release(&run);
    end(state);
}
END_TEST

FAKE_MAIN("workflow/run", ids_are_26_characters_and_sort_by_time, a_run_comes_back_as_it_was,
          taking_over_raises_the_epoch_and_fences_the_old_owner, other_unfinished_runs_are_superseded,
          tasks_are_written_and_fenced)
