// SPDX-License-Identifier: Apache-2.0
// A snapshot: one file with everything that was committed at one moment, nothing beside it. It is taken from
// a state that is in use, checked before anybody believes it, and put into the place of a state. Equal pages
// stand at equal places, so that two snapshots share most of their chunks.
#ifndef ATOLL_WORKFLOW_SNAPSHOT_H
#define ATOLL_WORKFLOW_SNAPSHOT_H

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>

// A path beside the state for a file that is being made: STATE.TAG-PID. Removes what killed processes left
// there.
char *snapshot_temp(struct arena *arena, const char *state_path, const char *tag);

// Copies a state (ERR_NOT_FOUND when there is none) to a new file and gives the version of its schema.
int snapshot_take(const char *state_path, const char *to, int64_t *schema, struct err *err) MUST_USE;

// Checks a file that came from elsewhere: a whole SQLite database (ERR_PARSE), of an atoll (ERR_PARSE), not
// newer than this one (ERR_ENVIRONMENT).
int snapshot_check(const char *path, struct err *err) MUST_USE;

// Refuses to go on when there is a state and it may not be replaced (ERR_CONFLICT).
int snapshot_may_install(const char *state_path, bool replace, struct err *err) MUST_USE;

// Syncs a checked file and moves it into the place of a state. After a crash the old or the new one stands
// there. The caller holds the state's lease (workflow/lease.h); ERR_LOCKED when others have the old state
// open, ERR_CONFLICT when there is one and `replace` is not set.
int snapshot_install(const char *file, const char *state_path, bool replace, struct err *err) MUST_USE;

#endif
