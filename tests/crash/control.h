// SPDX-License-Identifier: Apache-2.0
// What a crash test and the processes under test share: a small file that all of them map. The test says in
// it what shall happen at which call; the shim and the power cut count there, so counts go on from process to
// process. Only libc, since a preloaded library uses it too.
#ifndef ATOLL_TESTS_CONTROL_H
#define ATOLL_TESTS_CONTROL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Environment variable with the path of the file.
#define CONTROL_VARIABLE "CRASH_CONTROL"
#define CONTROL_SHOTS_MAX 8

// Who makes a call: `pipeline run`, `pipeline step-process`, `pipeline send`.
enum control_role { CONTROL_SUPERVISOR, CONTROL_STEP, CONTROL_SENDER, CONTROL_ROLES };

// What happens at a call.
enum control_how {
    CONTROL_NOTHING,
    CONTROL_KILL_BEFORE,
    CONTROL_KILL_HALF, // half of the bytes are written; a call without bytes is done first
    CONTROL_ENOSPC,
    CONTROL_EIO,
    CONTROL_SHORT, // half of the bytes are written, and the call says so
};

struct control_shot {
    uint32_t role, how;
    uint64_t at; // number of the call of that role, from 1
    uint32_t fired;
    uint32_t lasting; // ENOSPC and EIO: until the process ends
};

// How the answer of an effect that took place is lost, once for every effect.
enum control_loss { CONTROL_KEEP, CONTROL_STEP_DIES, CONTROL_SUPERVISOR_DIES, CONTROL_ACT_FAILS };

// What an activity does that holds still until the test lets it go on.
enum control_hold {
    CONTROL_GO,
    CONTROL_HOLD,           // nothing more
    CONTROL_HOLD_THEN_WARN, // leaves a warning
    CONTROL_HOLD_THEN_FAIL,
};

struct control {
    uint64_t calls[CONTROL_ROLES];
    uint32_t files_only; // count calls on files and folders only, and those that make them
    uint32_t shot_count;
    struct control_shot shots[CONTROL_SHOTS_MAX];
    // The power cut: counted and asked for by syncs or by writes of the database; 0 = never.
    uint64_t syncs, writes, cut_at_sync, cut_at_write, cut_seed;
    uint32_t power, cut_done, synchronous_off;
    // The pipeline.
    uint32_t parallel, linger_ms, look_up_off, loss, hold;
    char hits[4096]; // path of the log of calls that were hit
};

// Maps the file; NULL when there is none.
static inline struct control *
control_open(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

// The role of a process by its arguments.
static inline enum control_role
control_role_of(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "step-process") == 0)
        return CONTROL_STEP;
    return strcmp(word, "send") == 0 ? CONTROL_SENDER : CONTROL_SUPERVISOR;
}

#endif
