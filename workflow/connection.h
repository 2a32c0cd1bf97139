// SPDX-License-Identifier: Apache-2.0
// What stands behind `struct journal`: the step's end of the socketpair, or, for tests and tools that run a
// step inside their own process, the state itself.
#ifndef ATOLL_WORKFLOW_CONNECTION_H
#define ATOLL_WORKFLOW_CONNECTION_H

#include "workflow/server.h"
#include "workflow/wire.h"

struct journal {
    struct wire wire;           // unused with a local server
    const struct server *local; // NULL = a supervisor at the other end
    struct buf stores;          // queued writes (workflow/store.h)
    json_t *details;            // of the attempt before of the activity under way, owned, NULL without
    const char *name, *key;     // of the activity under way, NULL without
    size_t unanswered;          // calls that were sent and whose replies nobody has waited for
};

// Starts on a socket that stays the caller's.
void connection_init(struct journal *journal, int fd);

// Drops what is queued.
void connection_release(struct journal *journal);

// Sends a call (taken) and waits for its reply, which the caller owns. An error reply becomes `err`.
int connection_call(struct journal *journal, json_t *call, struct str content, struct frame *reply,
                    struct err *err) MUST_USE;

// Sends a call (taken) that only says whether it failed, and does not wait: whoever calls next does, before
// it sends anything, and fails when this one did.
int connection_send(struct journal *journal, json_t *call, struct str content, struct err *err) MUST_USE;

// Waits for what was sent like that.
int connection_settle(struct journal *journal, struct err *err) MUST_USE;

// Sends a note (taken): no reply, and a lost supervisor shows with the next call.
void connection_tell(struct journal *journal, json_t *note);

#endif
