// SPDX-License-Identifier: Apache-2.0
// What the kernel says about a process that hosts a variant, read from outside while it waits for a request:
// what nothing inside of it can change. Compared with what it says about the baseline's process.
#ifndef ATOLL_SANDBOX_WITNESS_H
#define ATOLL_SANDBOX_WITNESS_H

#include "sandbox/cheat.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct witness {
    int64_t threads;
    uint64_t caught;      // signals with a handler, a bit each
    uint64_t cpus;        // those it may run on, hashed
    int64_t nice, policy; // as it is scheduled
    int64_t depth;        // bytes of stack in use while it waits; -1 unknown, 0 it does not wait
};

// Looks at a process, which has nothing to do; gives it a while to come to rest. What the kernel does not
// tell is 0, depth then -1. With `managed` its runtime starts threads when it likes: they are not counted,
// and the depth is that of the thread that waits for the doorbell, modulo 2 KiB where the runtime made its
// stack, for only the end of such a stack is known, and only so far.
void witness_take(pid_t pid, bool managed, struct witness *witness);

// How often a process gave up the CPU of its own will so far. With `managed` all of its threads, but those
// that sleep for a time just now: a runtime has one that does nothing else. 0 when the kernel does not tell.
int64_t witness_waits(pid_t pid, bool managed);

// What the candidate has that the baseline has not. A variant that answers from inside of a call stands
// deeper in its stack than a host that waits for the next one.
enum cheat witness_compare(const struct witness *baseline, const struct witness *candidate);

#endif
