// SPDX-License-Identifier: Apache-2.0
// What a step is. A step is a const table entry; it runs in a process of its own, forked by nobody but
// exec'ed by the supervisor, and reaches the state only through the journal (journal.h). Its run function
// must be resumable: work that must not be lost or repeated stands in activities and effects; everything else
// may run again.
#ifndef ATOLL_WORKFLOW_STEP_H
#define ATOLL_WORKFLOW_STEP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/host.h"
#include "base/json.h"
#include "workflow/field.h"

struct journal; // the step's end of the socketpair, workflow/journal.h

// What a running step works with. All borrowed for the time of the run.
struct step {
    const char *run_id;
    const char *id; // step id, "evolve" or "evolve[normalize_tag]" for an item of for-each
    const json_t
        *with; // inputs, expressions resolved, defaults filled in, validated against the step's table
    const char *repository; // absolute path of the target repository's work tree
    const char *scratch;    // absolute path of an empty or earlier-attempt folder that only this step uses
    const char *cell_path;  // absolute path of atoll-cell
    const char *mode;       // "normal" or "deterministic"
    uint64_t seed;          // of the run; recorded
    const json_t *sandbox;  // the pipeline's sandbox mapping (level required, limits), never NULL
    int attempt;            // 1 on the first
    const struct host *host;
    struct arena *arena; // lives as long as the run of the step
    struct journal *journal;
    json_t *outputs; // object that step_output fills
};

// Tables that a noun of steps/shared keeps in the state. Migrations run in order, each once, in one
// transaction; statements are the only SQL that steps can ask the supervisor to run, by name.
struct table_statement {
    const char *name; // "candidate.insert"
    const char *sql;  // with ?1, ?2 ...
};
struct table_set {
    const char *noun;
    const char *const *migrations;            // NULL-terminated
    const struct table_statement *statements; // ends with a NULL name
    // Tables whose rows belong to a step of a run (columns run = its id, step = its key) and go with it when
    // the step is reset; NULL-terminated, NULL = none.
    const char *const *step_tables;
};

struct step_ops {
    const char *name;            // as in `uses:`
    const char *summary;         // one sentence
    const struct field *inputs;  // of `with:`
    const struct field *outputs; // type and summary of each output; NULL = whatever it sets
    // Looks, before the first step of a run starts, whether this one can't work here. `with` is as written in
    // the file: expressions are text, defaults are missing. NULL = nothing to look at.
    int (*check)(const char *repository, const json_t *with, struct err *err);
    int (*run)(struct step *step, struct err *err);
    // Bits (1 << kind) of the kinds of failure that another attempt can't change, whatever the retry policy.
    uint64_t final_kinds;
    // One line for --dry-run: what it would run and what would leave the machine. Returns owned text in the
    // arena.
    const char *(*plan)(struct arena *arena, const json_t *with);
};

// Everything the engine can run; a const array in steps/registry.c.
struct registry {
    const struct step_ops *const *steps;   // NULL-terminated
    const struct table_set *const *tables; // NULL-terminated
};

// The step of a name, or NULL.
const struct step_ops *registry_find(const struct registry *registry, const char *name);

// Sets an output; takes `value`.
void step_output(struct step *step, const char *name, json_t *value);

// Inputs with defaults already filled in by the engine; NULL / 0 when absent.
const char *step_text(const struct step *step, const char *name);
int64_t step_int(const struct step *step, const char *name);
double step_real(const struct step *step, const char *name);
bool step_bool(const struct step *step, const char *name);

// An input path made absolute against the repository; NULL when absent. Lives in the arena.
const char *step_path(const struct step *step, const char *name);

// One line of progress for the person who watches; `details` (may be NULL, taken) is for --json and the live
// display:
// {"phase": "..", "done": 3, "of": 10, "best": 2.1, "evaluations": 40, "seconds_left": 12}.
void step_progress(struct step *step, json_t *details, const char *format, ...) PRINTF_LIKE(3, 4);

// One line that stays in the log and in `atoll history`, e.g. a warning about the input.
void step_warn(struct step *step, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
