// SPDX-License-Identifier: Apache-2.0
// A journal without a supervisor: calls are applied to the state right here, each in a transaction of its
// own.
#include "workflow/connection.h"
#include "workflow/journal.h"
#include "workflow/run.h"

#include <stdlib.h>
#include <string.h>

#define LOCAL_ID "local"

struct local {
    struct journal journal; // first: a journal is what others see
    struct server server;
    struct run run;
    char *step;
};

// The one run of such a state, made when missing.
static int
take_run(struct local *local, struct err *err)
{
    struct run *run = &local->run;
    int found = run_find_open(local->server.state, LOCAL_ID, run, err);
    if (found != 0)
        return found < 0 ? -1 : run_take_over(local->server.state, run, err);
    memset(run, 0, sizeof(*run));
    memcpy(run->id, LOCAL_ID, sizeof(LOCAL_ID));
    memcpy(run->pin, LOCAL_ID, sizeof(LOCAL_ID));
    memcpy(run->plan, LOCAL_ID, sizeof(LOCAL_ID));
    memcpy(run->mode, "normal", sizeof("normal"));
    run->vars = json_object();
    return run_insert(local->server.state, run, LOCAL_ID, LOCAL_ID, STR(""), err);
}

static int
open_local(struct local *local, const char *state_path, const struct registry *registry, struct err *err)
{
    struct state *state = state_open(state_path, registry, host_real(), err);
    local->server.state = state;
    if (!state || state_begin(state, err) < 0)
        return -1;
    if (take_run(local, err) < 0) {
        state_rollback(state);
        return -1;
    }
    local->server.run = local->run.number;
    local->server.epoch = local->run.epoch;
    local->server.step = local->step;
    local->server.attempt = 1;
    return state_commit(state, err);
}

struct journal *
journal_open_local(const char *state_path, const struct registry *registry, const char *step_id,
                   struct err *err)
{
    struct local *local = calloc(1, sizeof(*local));
    if (!local || !(local->step = strdup(step_id)))
        abort();
    connection_init(&local->journal, -1);
    local->journal.local = &local->server;
    if (open_local(local, state_path, registry, err) == 0)
        return &local->journal;
    journal_close_local(&local->journal);
    return NULL;
}

void
journal_close_local(struct journal *journal)
{
    if (!journal)
        return;
    struct local *local = (struct local *)journal;
    connection_release(journal);
    run_release(&local->run);
    state_close(local->server.state);
    free(local->step);
    free(local);
}
