// SPDX-License-Identifier: Apache-2.0
// The engine runs a pipeline as a durable run. `engine_run` is the supervisor: one thread, one event loop,
// the only writer of the state (workflow/state.h). Each running step is a process of its own, `argv[0]
// step-process` with a socketpair as descriptor 3, started by exec. What a step committed is never computed
// again: killed at any moment, the next engine_run goes on with the same run as long as pipeline and source
// commit are the same.
//
// Whether a run goes on: an unfinished run of the same pipeline, overrides and source commit is resumed. Any
// other unfinished run is marked `superseded`, and an event says so. A finished run stays as it is;
// engine_run starts the next one. A failed run goes on only when its id is given in `resume`.
#ifndef ATOLL_WORKFLOW_ENGINE_H
#define ATOLL_WORKFLOW_ENGINE_H

#include "base/err.h"
#include "base/host.h"
#include "base/json.h"
#include "workflow/inbox.h"
#include "workflow/step.h"

// What happens while a run goes on, for a display. All borrowed for the time of the call. Types:
//   "problem"        one complaint about the pipeline file, text is "file:line:col: ...", before ERR_CONFIG;
//                    details {"file", "line", "column", "message"}
//   "run-started"    "run-resumed"  "run-superseded"  "run-finished"; details {"pipeline", "status", "state"}
//   "overlap"        text says what becomes of this trigger, since another run is unfinished
//   "waiting"        text says for what a step waits, and until when
//   "step-started"   details {"uses", "attempt"}
//   "step-finished"  details {"status", "outputs", "error", "seconds"}
//   "step-retry"     details {"attempt", "seconds"}
//   "step-skipped"   text says why
//   "step-waiting"   "step-cancelled"
//   "progress"       from step_progress, not kept
//   "warning"        from step_warn, kept in the history
//   "output"         one line that the step process wrote to its stdout or stderr, not kept
//   "plan"           dry run: one line a step, details {"uses", "with", "for_each"}
struct engine_event {
    const char *type;
    const char *run;       // NULL before a run exists
    const char *step;      // NULL when it is about the run
    const char *text;      // one line, never NULL, may be ""
    const json_t *details; // object or NULL
};
typedef void (*engine_observer)(void *context, const struct engine_event *event);

// What a run needs. All borrowed until engine_run returns; fields that say so may be NULL or 0.
struct engine_options {
    const char *repository;    // work tree of the target repository, absolute
    const char *pipeline_path; // the pipeline file; with pipeline_text only its name in messages
    struct str pipeline_text;  // the pipeline itself, instead of the file; empty = read the file
    const char *state_path; // NULL = the pipeline's `state:`; a relative one starts at the working directory
    const char *carrier;    // where the state is published; NULL = what the pipeline says, "" = nowhere
    bool take_over;         // from a machine whose lease has not run out
    const char *resume;     // run id to go on with, whatever the pipeline file says now; NULL = see above
    const struct registry *registry;
    const struct host *host;
    const char *self_path;           // absolute path of the binary that is exec'ed for a step
    const char *const *self_argv;    // its argv, NULL-terminated; NULL = {"atoll", "step-process", NULL}
    const char *const *courier_argv; // the same for a courier; NULL = {"atoll", "courier-process", NULL}
    const char *cell_path;           // absolute path of atoll-cell
    const json_t *vars;              // object that overrides `vars:`; NULL = none
    const char *mode;                // "normal" (NULL) or "deterministic"
    bool has_seed;                   // else a random one is drawn, in deterministic mode 1
    uint64_t seed;
    int parallel;            // steps that run at the same time; 0 = what the pipeline says
    int64_t linger_ns;       // how long to stay when all that is left waits; 0 = not at all
    bool dry_run;            // tell each step's plan through the observer and start nothing
    engine_observer observe; // NULL = nobody watches
    void *context;
};

// How it ended. `status`: "succeeded", "failed", "waiting", "cancelled", "interrupted" (by a signal of the
// system; resumable) or "planned".
struct engine_outcome {
    char run[32]; // "" when no run was made
    char status[16];
    char step[128];   // the first step that failed, "" = none
    char state[4096]; // the state file that was used, absolute; "" in a dry run or before it was known
    bool resumed;
    int64_t
        due_ns; // of a waiting run: when its first wait is due by the wall clock, 0 = only a signal ends it
};

// Runs the pipeline until it ends or waits. 0: succeeded, waiting or planned. -1 with the failed step's own
// error (kind and message), ERR_CANCELLED (also by `atoll cancel`), ERR_CONFIG (pipeline, after "problem"
// events), ERR_LOCKED (another engine has the state), ERR_ENVIRONMENT (state of a newer atoll), ERR_NOT_FOUND
// (`resume`), ERR_CANCELLED (SIGINT or SIGTERM; a second signal kills at once). `outcome` is filled in every
// case. SIGINT and SIGTERM are taken over meanwhile.
int engine_run(const struct engine_options *options, struct engine_outcome *outcome,
               struct err *err) MUST_USE;

// The carrier that .atoll/pipeline.yml of a repository names, however wrong the rest of it is, or NULL. Lives
// in the arena.
const char *engine_carrier(struct arena *arena, const char *repository);

// Leaves a message (its `id` and `sent_ns` are set here) for the owner of a state (workflow/inbox.h) and,
// when nobody owns it now, takes all that lies there at once, so that the state shows it: signals are kept
// for their wait, cancelled runs end. *delivered says whether it did; an owner that does not take it in
// within two seconds still will. ERR_NOT_FOUND when the state has no run of that id, ERR_CONFLICT for a run
// that ended, ERR_LIMIT for a message larger than INBOX_MESSAGE_MAX_BYTES.
int engine_send(const char *state_path, const struct registry *registry, const struct host *host,
                const struct message *message, bool *delivered, struct err *err) MUST_USE;

// Takes a run back to the beginning of a step: the step and all that comes after it are pending again, and
// what they committed (activities, recorded values, waits, rows of step_tables) is forgotten. Effects stay
// done: a confirmed one is never done again. *steps: the ids of those steps, owned array. The run goes on
// with `resume`. ERR_NOT_FOUND for run or step, ERR_LOCKED while a supervisor works.
int engine_reset(const char *state_path, const struct registry *registry, const struct host *host,
                 const char *run, const char *step, json_t **steps, struct err *err) MUST_USE;

// The state file of a repository: what `state:` of its .atoll/pipeline.yml says, else (also when that file is
// missing or can't be read) REPOSITORY/.atoll/state/state.db. Lives in the arena.
const char *engine_state_path(struct arena *arena, const char *repository);

// {"run", "pipeline", "status", "commit", "mode", "seed", "started", "ended", "paused_by", "steps": [{"id",
// "uses", "status", "attempt", "started", "ended", "outputs", "error"}], "waiting_for": [{"step", "kind",
// "name", "who", "due"}]}; times are ISO 8601 or null. A run that is marked running and has no living
// supervisor has status "interrupted". `run` NULL = the latest. Reads only and works beside a running engine.
// Returns owned. ERR_NOT_FOUND without state or run.
json_t *engine_status(const char *state_path, const char *run, struct err *err) MUST_USE;

// Runs, latest first: [{"run", "pipeline", "status", "commit", "mode", "started", "ended", "steps",
// "waiting_for"}], the last two as counts. Filters that are NULL match all; `commit` matches by its first
// digits. Owned.
struct run_filter {
    const char *status, *pipeline, *commit;
    int64_t limit; // 0 = no limit
};
json_t *engine_list(const char *state_path, const struct run_filter *filter, struct err *err) MUST_USE;

// The run's events, oldest first: [{"seq", "at", "type", "step", "attempt", "details"}]. Returns owned.
json_t *engine_history(const char *state_path, const char *run, struct err *err) MUST_USE;

// The same of those after event `seq`. *status: as engine_status gives it, lives in the arena; it was read
// before the events, so what ended a run that it calls ended is among them. `run` NULL = the latest; *id, its
// id, lives in the arena.
json_t *engine_history_since(const char *state_path, const char *run, int64_t seq, struct arena *arena,
                             const char **id, const char **status, struct err *err) MUST_USE;

// Rows of a read-only query over the state: an array of objects, blobs as {"b64"}. Borrows `params` (array or
// NULL). Returns owned.
json_t *state_query(const char *state_path, const char *sql, const json_t *params, struct err *err) MUST_USE;

// The whole life of a step process: reads its assignment from the socketpair `fd`, runs the step, reports its
// outputs or its error. Returns the exit code of the process: 0 when it reported, 1 when the supervisor was
// lost.
int step_process_main(const struct registry *registry, int fd);

#endif
