// SPDX-License-Identifier: Apache-2.0
// How the state of a run survives its machine: when it is fetched, when it is published, and who may work on
// it. The work itself is a courier's (workflow/courier.h). What is known of the published state is kept in
// STATE.travel beside the state: {"owner", "published"}. `owner` is drawn once for a state on a machine; the
// published head names it while somebody works, with the time until when others leave it alone.
#ifndef ATOLL_WORKFLOW_TRAVEL_H
#define ATOLL_WORKFLOW_TRAVEL_H

#include "workflow/pipeline.h"
#include "workflow/worker.h"

// A traveller: one state and where it is published. All texts live in the arena that it was opened with.
struct travel {
    const char *carrier; // NULL = the state stays here
    const char *repository, *state_path, *record, *cache;
    const char *self_path;
    const char *const *argv; // of a courier
    char owner[80], lineage[33];
    json_t *published; // owned
    int64_t every_ns, lease_ns;
    int64_t until_ns; // wall clock: how long the head that is published names us
};

// Where, and how often. `carrier` NULL or "" makes a traveller that does nothing.
struct travel_options {
    const char *carrier, *repository, *state_path, *self_path;
    const char *const *courier_argv; // NULL = {"atoll", "courier-process", NULL}
    int64_t every_ns, lease_ns;
};

// Reads STATE.travel, or makes it; the caller holds the state's lease.
int travel_open(struct travel *travel, struct arena *arena, const struct travel_options *options,
                struct err *err) MUST_USE;

// Drops what it owns.
void travel_release(struct travel *travel);

// Brings the newest state here unless it is here already, and messages into the inbox. *stale: where a state
// went that somebody else went on from, in the arena, or NULL. ERR_LOCKED while somebody else works on it.
int travel_fetch(struct travel *travel, struct arena *arena, bool take_over, const char **stale,
                 struct err *err) MUST_USE;

// Publishes and waits for it, at most `patience_ns`: others leave the state alone for as long as a lease, or
// (give_up) may work on it from now on. ERR_CONFLICT when somebody else took it.
int travel_publish(struct travel *travel, int64_t now_ns, bool give_up, int64_t patience_ns,
                   struct err *err) MUST_USE;

// The same in two parts, for a supervisor that goes on meanwhile: starts a courier (owned), and takes its
// answer, which must have ended. *until_ns says what the head will say.
struct worker *travel_start(struct travel *travel, int64_t now_ns, int64_t *until_ns,
                            struct err *err) MUST_USE;
int travel_finish(struct travel *travel, struct worker *courier, int64_t until_ns, struct err *err) MUST_USE;

#endif
