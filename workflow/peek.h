// SPDX-License-Identifier: Apache-2.0
// A published state for those who do not work on it: reading it, and leaving messages for it.
#ifndef ATOLL_WORKFLOW_PEEK_H
#define ATOLL_WORKFLOW_PEEK_H

#include "base/arena.h"
#include "base/host.h"
#include "workflow/inbox.h"

// Where the published state of a repository is and where its copies on this machine go. All borrowed.
struct peek {
    const char *carrier, *repository;
    const char *state_path; // of the state that would be worked on here
    const struct host *host;
};

// Brings a copy of the newest published state and gives its path (in the arena): it is for reading only.
// ERR_NOT_FOUND when nothing was published.
const char *peek_fetch(const struct peek *peek, struct arena *arena, struct err *err) MUST_USE;

// Leaves a message at the carrier: delivered once, when somebody works on the state next.
int peek_post(const struct peek *peek, const struct message *message, struct err *err) MUST_USE;

#endif
