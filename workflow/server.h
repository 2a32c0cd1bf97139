// SPDX-License-Identifier: Apache-2.0
// The supervisor's side of the journal: applies the calls of a step (workflow/journal.h) to the state. Each
// call is a part of the open transaction, so that one that fails leaves nothing behind and the others of the
// transaction stand. The supervisor sends replies only after the COMMIT.
//
// Calls (JSON of the frame), and behind the arrow what the reply adds to {"ok": true}:
//   begin     name key input [policy] -> result, when it was committed before; wait_ns, before a retry;
//             details; left_ns of schedule-to-close
//   fail      name key policy final kind message -> again
//   heartbeat name key details; no reply
//   commit    name key result, tail: stores
//   effect    key intent -> result, when it was confirmed before; waiting, while effects are paused
//   confirm   key result
//   wait      name kind signal who due_ns -> result, when it ended (workflow/wait.h); else waiting
//   record    name value -> value, the one that was first
//   put       tail: content -> hash
//   get       hash -> tail: content
//   flush     tail: stores
//   rows      statement params, tail: stores, which are not kept -> rows
//   warn      text; no reply
// `stores` are queued writes (workflow/store.h).
#ifndef ATOLL_WORKFLOW_SERVER_H
#define ATOLL_WORKFLOW_SERVER_H

#include "workflow/state.h"
#include "workflow/wire.h"

// On whose behalf calls are applied.
struct server {
    struct state *state;
    int64_t run;      // number
    int64_t epoch;    // of the run, as its owner knows it
    const char *step; // key
    int attempt;
};

// Applies one call. *reply is owned by the caller and NULL for a note; `tail` is replaced. ERR_CONFLICT also
// when the run was taken over (`*fenced` is set then), ERR_USAGE for an unknown call.
int server_apply(const struct server *server, const struct frame *call, json_t **reply, struct buf *tail,
                 bool *fenced, struct err *err) MUST_USE;

// {"error": {"kind", "message"}}, owned.
json_t *server_error(const struct err *err);

#endif
