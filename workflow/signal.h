// SPDX-License-Identifier: Apache-2.0
// Signals as the state keeps them: messages from outside (workflow/inbox.h) become rows of table `signal`,
// once each by their id. A signal stays there until a wait of its run takes it (workflow/wait.h), so one that
// comes early is not lost. A request to cancel stays until somebody ended the run. Pause and unpause take
// effect at once: they are kept in table `meta` and hold for the whole state.
#ifndef ATOLL_WORKFLOW_SIGNAL_H
#define ATOLL_WORKFLOW_SIGNAL_H

#include "workflow/inbox.h"
#include "workflow/state.h"

// Takes a message into the open transaction; one that is known by its id changes nothing. A signal to an
// ended or unknown run is kept without use, a request to cancel an ended one is settled at once.
int signal_receive(struct state *state, const struct message *message, struct err *err) MUST_USE;

// Takes everything that lies in the inbox of the state into the open transaction. What is no message becomes
// a "message-refused" event; so does a file that can't be read, but that one stays. Gives the ids to drop
// once the transaction is committed; they live in the arena.
int signal_take_inbox(struct state *state, const char *state_path, struct arena *arena, const char ***ids,
                      size_t *count, struct err *err) MUST_USE;

// Removes what was taken and committed. What can't be removed is told to nobody: it is known by its id.
void signal_drop_taken(const char *state_path, const char *const *ids, size_t count);

// Whether somebody asked to cancel the run: 1 with who, copied to the arena, 0, -1.
int signal_wants_cancel(struct state *state, const char *run, struct arena *arena, const char **who,
                        struct err *err) MUST_USE;

// Nobody needs the requests to cancel this run any more.
int signal_settle_cancel(struct state *state, const char *run, struct err *err) MUST_USE;

// Whether effects are paused: 1 with who paused them (lives in the arena; may be NULL), 0, -1.
int signal_paused(struct state *state, struct arena *arena, const char **who, struct err *err) MUST_USE;

#endif
