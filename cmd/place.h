// SPDX-License-Identifier: Apache-2.0
// Where the state of an invocation is: the options --state and --carrier, else what the pipeline file says.
#ifndef ATOLL_CMD_PLACE_H
#define ATOLL_CMD_PLACE_H

#include "cmd/command.h"
#include "workflow/inbox.h"

// The options, for a command's table.
#define PLACE_STATE_OPTION                                   \
    {                                                        \
        "state", OPTION_TEXT, "FILE", "the state file", NULL \
    }
#define PLACE_CARRIER_OPTION                                                                              \
    {                                                                                                     \
        "carrier", OPTION_TEXT, "WHERE",                                                                  \
            "where the state is published: dir:PATH or git:REMOTE#REF (default: what the pipeline says)", \
            NULL                                                                                          \
    }

// The state file to work on.
const char *place_state(const struct invocation *invocation);

// The state file that tells of candidates: the one to work on, or else that of `atoll evolve`.
const char *place_candidates(const struct invocation *invocation);

// A state file to read: the one to work on when it does not travel or is being worked on here, else a copy of
// what was published last. When that can't be had, a warning and the one that is here. NULL on error.
const char *place_readable(struct invocation *invocation, struct err *err) MUST_USE;

// Leaves a message where the owner of the state will find it. *where: "state" (it shows there already),
// "supervisor" or "carrier". `run` NULL in a message for no run.
int place_send(struct invocation *invocation, const struct message *message, const char **where,
               struct err *err) MUST_USE;

#endif
