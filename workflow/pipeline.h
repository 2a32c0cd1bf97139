// SPDX-License-Identifier: Apache-2.0
// The pipeline file, version 1: `version name state secrets defaults sandbox vars steps`. Reading it reports
// every problem with its place; what was read without a problem holds these: ids are unique, `needs` has no
// cycle, every path of an expression names a step, output or variable that exists.
#ifndef ATOLL_WORKFLOW_PIPELINE_H
#define ATOLL_WORKFLOW_PIPELINE_H

#include "workflow/expression.h"
#include "workflow/step.h"

// How often and how fast a failed step is tried again.
struct pipeline_retry {
    int attempts;                   // in all, at least 1
    int64_t initial_ns, maximum_ns; // wait before the second attempt; longest wait
    double coefficient;             // each wait is that many times the one before
};

// How long a step may take; 0 = no limit.
struct pipeline_timeouts {
    int64_t start_to_close_ns;    // one attempt
    int64_t schedule_to_start_ns; // from when it could start to its first attempt
    int64_t schedule_to_close_ns; // from when it could start to its end, retries included
    int64_t heartbeat_ns;         // longest time without a word from its process
};

// A step that this one comes after.
struct pipeline_need {
    size_t step; // index
    bool data;   // its outputs are read: when it was skipped, this one is skipped too
    struct yaml_mark mark;
};

// What runs: a step's table entry and its inputs as written.
struct pipeline_action {
    const struct step_ops *ops;
    const struct yaml_node *with; // mapping or NULL
    struct yaml_mark mark;
};

// One entry of `steps`.
struct pipeline_step {
    const char *id;
    struct pipeline_action action;
    struct pipeline_action on_failure; // run once when the step finally failed; ops NULL = nothing
    const struct pipeline_need *needs; // by index, each step once
    size_t need_count;
    const struct expression *condition; // `if`, or NULL
    const struct expression *for_each;  // or NULL; outputs are then {"items": [{..}], "count": n}
    struct pipeline_retry retry;        // the step's, else of `defaults`, else one attempt
    const char *publish;                // "before", "after" or NULL
    struct pipeline_timeouts timeouts;  // the step's, else of `defaults`
    int parallel;                       // items of a for-each at the same time; 0 = no limit of its own
    struct yaml_mark mark;
};

// A whole file.
struct pipeline {
    int version;
    const char *file;
    const char *name;
    const char *state;   // path of the state database as written, relative to the repository
    json_t *vars;        // object, never NULL; owned
    json_t *sandbox;     // {"require": level, "allow-degraded": [part], "memory": bytes, "wall": seconds,
                         // "processes": n, "disk": bytes}; never NULL; owned
    json_t *secrets;     // names of variables of the environment, never NULL; owned
    const char *carrier; // where the state is published, NULL = nowhere
    int64_t publish_every_ns, lease_ns;
    const char *overlap;         // "supersede", "skip" or "buffer-one"
    int parallel;                // steps and items that run at the same time, at least 1
    struct pipeline_step *steps; // in the order of the file
    size_t step_count;
    size_t *order; // indexes so that every step comes after its needs; file order where free
    const struct place_file *places;
};

// Reads a pipeline file. Everything but the JSON values lives in the arena; drop those with pipeline_release.
// `file` is the name in messages. Returns NULL when there are problems, which are then sorted by position.
struct pipeline *pipeline_read(struct arena *arena, struct str text, const char *file,
                               const struct registry *registry, struct problems *problems) MUST_USE;

// Drops the JSON values; NULL is fine.
void pipeline_release(struct pipeline *pipeline);

// Index of the step of that id, or -1.
ptrdiff_t pipeline_find(const struct pipeline *pipeline, const char *id);

// Canonical form as JSON (owned): comments, order of keys, spelling of durations and sizes do not show; the
// order of steps does.
json_t *pipeline_normalise(const struct pipeline *pipeline);

// SHA-256 in hex of the canonical form: the pin of a run.
void pipeline_pin(const struct pipeline *pipeline, char hex[65]);

// Whether the step has to be looked at, once all its needs ended: false (skip it) when a step before it, at
// any distance, failed or was cancelled, or one whose outputs it reads was skipped, and its `if` does not ask
// for that with success(), failure() or always(). Reads scope->steps[ID].status ("failed", "cancelled",
// "skipped").
bool pipeline_may_run(const struct pipeline *pipeline, const struct pipeline_step *step,
                      const struct scope *scope);

// The items of a for-each step as an owned array (null gives an empty one). ERR_CONFIG when it is no list.
json_t *pipeline_items(const struct pipeline *pipeline, const struct pipeline_step *step,
                       const struct scope *scope, struct err *err) MUST_USE;

// pipeline_may_run and then `if`, for the item in the scope where there is one: 1 run, 0 skip, -1 error.
int pipeline_condition(const struct pipeline *pipeline, const struct pipeline_step *step,
                       const struct scope *scope, struct err *err) MUST_USE;

// The inputs of an action (step->action or step->on_failure): expressions evaluated, values checked and
// coerced by the step's table, defaults filled in. *with is owned by the caller. ERR_CONFIG
// "file:line:column: key: ...".
int pipeline_resolve_with(const struct pipeline *pipeline, const struct pipeline_action *action,
                          const struct scope *scope, json_t **with, struct err *err) MUST_USE;

#endif
