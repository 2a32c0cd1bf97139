// SPDX-License-Identifier: Apache-2.0
// One run of a user's own program, timed from its start to its end. There is no policy around it: it may do
// what its user may. It is a session's own process group, so that all of it can be ended; it gets default
// signals, the caller's environment and a padding variable, whose size moves the stack.
#ifndef ATOLL_SANDBOX_TIMED_RUN_H
#define ATOLL_SANDBOX_TIMED_RUN_H

#include "base/buf.h"

struct timed_spec {
    const char *path;        // of the program
    const char *const *argv; // NULL at the end
    const char *stdin_path;  // NULL is /dev/null
    size_t padding_bytes;    // of the environment variable ATOLL_PADDING
    int64_t wall_max_ns;     // then its process group is killed; 0 is no limit
    int cancel_fd;           // when it can be read, the run is killed; -1 is none
    struct buf *out, *err;   // what it prints, replaced, as much as fits; NULL drops it unseen
};

struct timed_result {
    int64_t wall_ns, cpu_ns; // user and system time of it and of all descendants that were waited for
    long waits;              // how often it gave up the CPU of its own will; the end of a process is one
    int exit_code;           // -1 when a signal ended it
    int signal;
    bool timed_out, cancelled;
};

// Runs it to its end. -1 when it could not be started: ERR_USAGE for a program that is not there or can't be
// executed, ERR_IO else.
int timed_run(const struct timed_spec *spec, struct timed_result *result, struct err *err) MUST_USE;

#endif
