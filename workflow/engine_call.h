// SPDX-License-Identifier: Apache-2.0
// Inside of the engine: one call of engine_run, for engine*.c.
#ifndef ATOLL_WORKFLOW_ENGINE_CALL_H
#define ATOLL_WORKFLOW_ENGINE_CALL_H

#include "base/git.h"
#include "workflow/engine.h"
#include "workflow/lease.h"
#include "workflow/supervisor.h"

// One call of engine_run.
struct engine {
    const struct engine_options *options;
    struct engine_outcome *outcome;
    struct arena arena;
    struct buf text; // of the pipeline
    const char *file;
    struct pipeline *pipeline;
    struct lease lease;
    struct travel travel;
    struct state *state;
    const char *state_path;
    char commit[REPO_OID_SIZE];
    struct run run;
    struct schedule schedule;
    bool scheduled; // schedule was made
    bool again;     // a trigger was kept: the pipeline is run once more
    bool elsewhere; // the run's commit is not the one that is checked out
};

#define PIPELINE_MAX_BYTES ((size_t)1 << 20)

// Tells whoever watches about the run (its id may not be known yet). `details` is borrowed, may be NULL.
void engine_tell(const struct engine *engine, const char *type, const char *text, const json_t *details);

// Reads engine->text as the pipeline; each problem is told. ERR_CONFIG.
int engine_parse(struct engine *engine, struct err *err) MUST_USE;

// The state file of this call, absolute, in the arena.
const char *engine_choose_state(struct engine *engine);

// In one transaction: chooses the run to go on with, or makes one, takes it over (others of this pipeline are
// superseded), and loads where it stands into the schedule.
int engine_take_run(struct engine *engine, struct err *err) MUST_USE;

// Commits how the supervision ended, tells it and fills the outcome. Returns what engine_run returns.
int engine_finish(struct engine *engine, enum supervision_end end, const struct supervision *supervision,
                  struct err *err) MUST_USE;

// Finds out whether a trigger was kept while this run was unfinished: engine->again.
int engine_take_buffered(struct engine *engine, struct err *err) MUST_USE;

#endif
