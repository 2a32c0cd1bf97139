// SPDX-License-Identifier: Apache-2.0
// Who may write a state. A POSIX record lock (fcntl(2)) on STATE.lock: it dies with its process, so a restart
// after a kill goes on at once, and children do not inherit it. Closing any descriptor of that file in this
// process gives the lock up, so nothing else opens it.
#ifndef ATOLL_WORKFLOW_LEASE_H
#define ATOLL_WORKFLOW_LEASE_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct lease {
    int fd; // -1 = not held
};

// Takes the lease of the state at `state_path`, whose folder exists. ERR_LOCKED names the process that holds
// it.
int lease_acquire(struct lease *lease, const char *state_path, struct err *err) MUST_USE;

// Gives it up; one that is not held is fine.
void lease_release(struct lease *lease);

// The process that holds the lease: its id, 0 when nobody does, -1 when it can't be told. Never call it from
// the process that holds it.
pid_t lease_holder(const char *state_path);

// A copy of a state that is published elsewhere, for reading: until when the machine that works on it is left
// alone is noted beside the copy, and read again. Always false for a state that is no copy.
int lease_note_elsewhere(const char *state_path, int64_t until_ns, struct err *err) MUST_USE;
bool lease_is_elsewhere(const char *state_path, int64_t now_ns);

#endif
