// SPDX-License-Identifier: Apache-2.0
// A state with one run in it, in a folder of its own, and a wall clock that the test sets.
#ifndef ATOLL_TESTS_FAKE_RUN_H
#define ATOLL_TESTS_FAKE_RUN_H

#include "tests/unit/workflow/fake_steps.h"
#include "workflow/run.h"
#include "workflow/signal.h"

#define FAKE_STATE "s/state.db"

struct fake_run {
    int64_t now_ns;
    struct host host;
    struct state *state;
    struct run run;
    struct arena *arena;
};

static inline int64_t
fake_wall(void *context)
{
    return ((struct fake_run *)context)->now_ns;
}

static inline const char *
fake_env(void *context, const char *variable)
{
    (void)context;
    (void)variable;
    return NULL;
}

// Ends the transaction that fake_begin opened.
static inline void
fake_commit(struct fake_run *fake)
{
    struct err err = {0};
    ck_assert_msg(state_commit(fake->state, &err) == 0, "%s", err.message);
}

static inline void
fake_begin(struct fake_run *fake)
{
    struct err err = {0};
    ck_assert_msg(state_begin(fake->state, &err) == 0, "%s", err.message);
}

// Adds a run of that id and gives it; the caller releases it.
static inline struct run
fake_add_run(struct fake_run *fake, const char *id)
{
    struct err err = {0};
    struct run run = {.pin = "P", .plan = "L", .mode = "normal", .vars = json_object()};
    snprintf(run.id, sizeof(run.id), "%s", id);
    fake_begin(fake);
    ck_assert_msg(run_insert(fake->state, &run, "x", "x", STR(""), &err) == 0, "%s", err.message);
    fake_commit(fake);
    return run;
}

static inline void
fake_open(struct fake_run *fake, struct arena *arena)
{
    struct err err = {0};
    fake_folder(arena);
    *fake = (struct fake_run){.now_ns = 1000, .host = {fake, fake_wall, fake_wall, fake_env}, .arena = arena};
    fake->state = state_open(FAKE_STATE, &fake_registry, &fake->host, &err);
    ck_assert_msg(fake->state != NULL, "%s", err.message);
    fake->run = fake_add_run(fake, "R");
}

// Closes it; what is in it must fit together.
static inline void
fake_close(struct fake_run *fake)
{
    struct err err = {0};
    run_release(&fake->run);
    state_close(fake->state);
    ck_assert_msg(state_verify(FAKE_STATE, &err) == 0, "%s", err.message);
}

// Column "n" of the first row, -1 without one.
static inline int64_t
fake_number(const char *sql)
{
    struct err err = {0};
    AUTO_JSON *rows = state_query(FAKE_STATE, sql, NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return json_get_int(json_array_get(rows, 0), "n", -1);
}

// Column "t" of the first row, "" without one.
static inline const char *
fake_text(struct arena *arena, const char *sql)
{
    struct err err = {0};
    AUTO_JSON *rows = state_query(FAKE_STATE, sql, NULL, &err);
    ck_assert_msg(rows != NULL, "%s", err.message);
    return arena_dup(arena, json_get_text(json_array_get(rows, 0), "t", ""));
}

// A message arrives in the state, in a transaction of its own.
static inline void
fake_receive(struct fake_run *fake, const struct message *message)
{
    struct err err = {0};
    fake_begin(fake);
    ck_assert_msg(signal_receive(fake->state, message, &err) == 0, "%s", err.message);
    fake_commit(fake);
}

// A signal to the run, with data as JSON text or NULL.
static inline void
fake_signal(struct fake_run *fake, const char *id, const char *name, const char *sender, int64_t sent_ns,
            const char *data)
{
    struct err err = {0};
    AUTO_JSON *json = data ? json_read(str_of(data), "data", &err) : NULL;
    fake_receive(fake, &(struct message){.id = id,
                                         .kind = "signal",
                                         .run = fake->run.id,
                                         .name = name,
                                         .sender = sender,
                                         .sent_ns = sent_ns,
                                         .data = json});
}

#endif
