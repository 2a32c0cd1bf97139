// SPDX-License-Identifier: Apache-2.0
// One step run in the test's own process: over a workshop's repository, with a journal in the workshop's
// folder. Begun again it is the next attempt, which finds what was committed.
#ifndef ATOLL_TESTS_STEPS_ATTEMPT_H
#define ATOLL_TESTS_STEPS_ATTEMPT_H

#include "steps/shared/ledger/ledger.h"
#include "tests/unit/steps/shared/target/workshop.h"
#include "workflow/journal.h"

struct attempt {
    struct step step;
    json_t *with, *sandbox;
    struct registry registry;
    const struct step_ops *steps[2];
    const struct table_set *tables[2];
};

#define AUTO_ATTEMPT __attribute__((cleanup(attempt_release))) struct attempt

// Opens the journal for a step whose inputs, defaults included, are the JSON text `with`.
static inline void
attempt_init(struct attempt *attempt, struct workshop *w, const struct step_ops *ops, const char *with)
{
    *attempt = (struct attempt){.steps = {ops, NULL}, .tables = {&table_ledger, NULL}};
    attempt->registry = (struct registry){attempt->steps, attempt->tables};
    attempt->with = json_read(str_of(with), "with", &w->err);
    ck_assert_msg(attempt->with != NULL, "%s", w->err.message);
    attempt->sandbox = json_object();
    attempt->step = (struct step){.run_id = "run",
                                  .id = "s",
                                  .with = attempt->with,
                                  .repository = w->repository,
                                  .scratch = w->scratch,
                                  .cell_path = w->cell,
                                  .mode = "normal",
                                  .seed = 7,
                                  .sandbox = attempt->sandbox,
                                  .attempt = 1,
                                  .host = host_real(),
                                  .arena = &w->arena,
                                  .outputs = json_object()};
    attempt->step.journal =
        journal_open_local(fs_join(&w->arena, w->folder, "state.db"), &attempt->registry, "s", &w->err);
    ck_assert_msg(attempt->step.journal != NULL, "%s", w->err.message);
}

// Closes the journal and drops inputs and outputs.
static inline void
attempt_release(struct attempt *attempt)
{
    journal_close_local(attempt->step.journal);
    json_decref(attempt->step.outputs);
    json_decref(attempt->with);
    json_decref(attempt->sandbox);
}

// Runs the step. 0 or -1 with the workshop's error.
static inline int
attempt_run(struct attempt *attempt, struct workshop *w)
{
    w->err = (struct err){0};
    return attempt->steps[0]->run(&attempt->step, &w->err);
}

// A text among the outputs, "" when there is none; borrowed.
static inline const char *
attempt_text(const struct attempt *attempt, const char *name)
{
    return json_get_text(attempt->step.outputs, name, "");
}

#endif
