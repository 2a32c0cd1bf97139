// SPDX-License-Identifier: Apache-2.0
// Everything a step needs to work on a target, opened from a benchmark record (the output of
// benchmark-generate): the target, its inputs, a launcher and a builder.
//
// The record: {"function", "file", "share", "benchmark_file", "target": {"file", "function", "params",
// "recipe", "commit"}, "train": BLOB, "holdout": BLOB, "distribution": {..}, "noise_floor": {"speedup",
// "low", "high"}, "calls": {"train", "holdout"}}.
#ifndef ATOLL_STEPS_SHARED_TARGET_WORKBENCH_H
#define ATOLL_STEPS_SHARED_TARGET_WORKBENCH_H

#include "steps/shared/target/corpus.h"
#include "steps/shared/target/target.h"
#include "workflow/journal.h"

struct workbench {
    struct target target;
    struct launcher *launcher;
    struct builder *builder;
    struct corpus train, holdout; // empty until workbench_inputs
    struct launch_limits limits;  // for cells: per call and per batch
};

// A launcher at the isolation that the pipeline requires (`sandbox: {require: .., allow-degraded: [..]}`),
// guard when it says nothing. NULL with ERR_ENVIRONMENT where this machine does not give it.
struct launcher *workbench_launcher(const struct step *step, struct err *err) MUST_USE;

// How a launcher's programs are contained, for the evidence: {"level", "landlock_abi", "losses": [part]},
// each loss accepted by name. Owned.
json_t *workbench_containment(const struct launcher *launcher);

// Where the step's private views of the repository stand (sandbox/workspace.h): in its scratch folder.
const char *workbench_views(const struct step *step);

// Opens the target {"file", "function", "params", "recipe"} with a launcher and a builder. Release it in
// every case.
int workbench_open(struct step *step, const json_t *target, struct workbench *bench,
                   struct err *err) MUST_USE;

// Reads train and holdout of a benchmark record from the state.
int workbench_inputs(struct step *step, const json_t *record, struct workbench *bench,
                     struct err *err) MUST_USE;

// Kills what runs and frees everything. A zeroed workbench is fine.
void workbench_release(struct workbench *bench);

// Compiles and links one variant to a shared object below the scratch folder. ERR_TARGET when it does not
// compile (the message holds the compiler's first line).
int workbench_object(struct workbench *bench, struct str variant, enum build_kind kind, char path[4096],
                     struct err *err) MUST_USE;

// Adds the arguments of the call that a duet over these inputs names to its detail, when it names one.
void workbench_name_call(const struct workbench *bench, const struct corpus *inputs,
                         struct duet_result *result);

// Starts a cell with an object of that kind. NULL with ERR_TARGET when it does not load.
struct cell *workbench_cell(struct workbench *bench, const char *path, enum build_kind kind,
                            struct err *err) MUST_USE;

#endif
