// SPDX-License-Identifier: Apache-2.0
// One run of the pipeline from an empty folder to its end, through as many lives as crashes leave it, watched
// from outside. After every life all processes are gone, the state is verified, and what it says is compared
// with what steps saw acknowledged and with what really happened.
#ifndef ATOLL_TESTS_STORY_H
#define ATOLL_TESTS_STORY_H

#include "base/arena.h"
#include "base/json.h"
#include "tests/crash/control.h"

// What went wrong, as counts over all stories. In memory that all processes of a test share.
struct tally {
    uint64_t stories, lives, hits;
    uint64_t unended;    // runs that do not end
    uint64_t lost;       // committed or acknowledged, and not in the state any more
    uint64_t repeated;   // committed, and executed again
    uint64_t doubled;    // effects that took place twice, or not at all
    uint64_t different;  // ends with other outputs, rows or blobs
    uint64_t unverified; // states that do not pass state_verify
    uint64_t early;      // timers that fired early
    uint64_t refused;    // lives that failed with an error
    uint64_t unclear;    // of those: not one line, or no file named
};

struct story {
    struct arena arena;
    const char *folder, *state, *outside, *program, *shim;
    struct control *control;
    struct tally *tally;
    const char *expected; // how an undisturbed story ends; NULL = not compared
    json_t *committed;    // line -> how often it was executed when it was first seen committed
    bool sent;
    bool wrong; // anything
    bool loud;  // says on stderr what is wrong, and keeps the folder then
};

// Makes the folder of a story, new, below `base`.
void story_open(struct story *story, const char *base, const char *name);

// Runs one life: "run" or "send", with the shim when there is one. Returns the exit code, or -1 when a signal
// ended it; waits for all its processes, at most a minute.
int story_live(struct story *story, const char *what);

// The same in two parts, for lives side by side: starts one whose messages go to the file `errors` in the
// folder, and waits for that process alone, at most a minute.
pid_t story_start(struct story *story, const char *what, const char *errors);
int story_wait(struct story *story, pid_t pid);

// Compares the state with what happened, and says what is wrong.
void story_check(struct story *story);

// Lives until the run ended and checks. Shots in the control file hit on the way.
void story_finish(struct story *story);

// How the story ended: statuses and outputs of steps, rows, blobs. Lives in the arena.
const char *story_end(struct story *story);

// Frees, and removes the folder.
void story_close(struct story *story);

#endif
