// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/workflow/fake_steps.h"
#include "workflow/lease.h"
#include "workflow/state.h"

static const char pipeline[] = "version: 1\nname: x\nsteps:\n"
                               "  - {id: one, uses: work, with: {count: 2, log: log}}\n"
                               "  - {id: two, uses: work, with: {count: 2, log: log}}\n"
                               "  - {id: ship, uses: ship, with: {count: 1, log: world}}\n"
                               "  - {id: side, uses: work, needs: one, with: {count: 1, log: log}}\n";

struct house {
    struct arena arena;
    struct engine_options options;
    struct engine_outcome outcome;
    struct err err;
};

static void
run_all(struct house *house)
{
    house->options = fake_options(fake_folder(&house->arena), pipeline);
    ck_assert_msg(engine_run(&house->options, &house->outcome, &house->err) == 0, "%s", house->err.message);
}

static int
reset(struct house *house, const char *step, json_t **steps)
{
    return engine_reset(house->outcome.state, &fake_registry, host_real(), house->outcome.run, step, steps,
                        &house->err);
}

START_TEST(the_step_and_what_follows_is_done_again_and_effects_are_not)
{
    struct house house = {0};
    run_all(&house);
    char run[32];
    snprintf(run, sizeof(run), "%s", house.outcome.run);
    json_t *steps;
    ck_assert_msg(reset(&house, "two", &steps) == 0, "%s", house.err.message);
    char *text = json_compact(steps);
    ck_assert_str_eq(text, "[\"two\",\"ship\"]");
    free(text);
    json_decref(steps);
    ck_assert_int_eq(state_verify(house.outcome.state, &house.err), 0);
    house.options.resume = run;
    ck_assert_msg(engine_run(&house.options, &house.outcome, &house.err) == 0, "%s", house.err.message);
    ck_assert_str_eq(house.outcome.run, run);
    ck_assert_int_eq(fake_count("log", "one 0"), 1);
    ck_assert_int_eq(fake_count("log", "side 0"), 1);
    ck_assert_int_eq(fake_count("log", "two 0"), 2);
    ck_assert_int_eq(fake_count("log", "two 1"), 2);
    ck_assert_int_eq(fake_count("world", NULL), 1);
    ck_assert_int_eq(state_verify(house.outcome.state, &house.err), 0);
    arena_release(&house.arena);
}
END_TEST

START_TEST(an_unknown_run_or_step_is_told_and_changes_nothing)
{
    struct house house = {0};
    json_t *steps;
    run_all(&house);
    ck_assert_int_eq(reset(&house, "tow", &steps), -1);
    ck_assert_int_eq(house.err.kind, ERR_NOT_FOUND);
    ck_assert_msg(strstr(house.err.message, "did you mean two?") != NULL, "%s", house.err.message);
    house.outcome.run[3] = house.outcome.run[3] == '0' ? '1' : '0';
    ck_assert_int_eq(reset(&house, "two", &steps), -1);
    ck_assert_int_eq(house.err.kind, ERR_NOT_FOUND);
    AUTO_JSON *rows = state_query(house.outcome.state, "SELECT status FROM run", NULL, &house.err);
    ck_assert_str_eq(json_get_text(json_array_get(rows, 0), "status", ""), "succeeded");
    arena_release(&house.arena);
}
END_TEST

START_TEST(a_state_that_is_worked_on_is_left_alone)
{
    struct house house = {0};
    json_t *steps;
    run_all(&house);
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct lease lease;
        struct err err;
        _exit(lease_acquire(&lease, house.outcome.state, &err) == 0 && write(ready[1], "x", 1) == 1 ? pause()
                                                                                                    : 1);
    }
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(reset(&house, "two", &steps), -1);
    ck_assert_int_eq(house.err.kind, ERR_LOCKED);
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    arena_release(&house.arena);
}
END_TEST

FAKE_MAIN("workflow/reset", the_step_and_what_follows_is_done_again_and_effects_are_not,
          an_unknown_run_or_step_is_told_and_changes_nothing, a_state_that_is_worked_on_is_left_alone)
