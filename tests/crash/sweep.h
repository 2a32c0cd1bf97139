// SPDX-License-Identifier: Apache-2.0
// What the crash tests have in common: many stories side by side, and their results in TAP (one line a
// promise).
#ifndef ATOLL_TESTS_SWEEP_H
#define ATOLL_TESTS_SWEEP_H

#include "tests/crash/story.h"

// What one story meets.
struct point {
    uint32_t shot_count;
    struct control_shot shots[CONTROL_SHOTS_MAX];
    uint64_t cut_at_sync, cut_at_write, seed;
    uint32_t parallel, loss;
};

// A test, and how its stories are set up.
struct sweep {
    struct arena arena;
    const char *base, *program, *shim;
    struct tally *tally; // shared
    const char *expected;
    uint64_t wanted;          // points; 0 = as the test thinks
    const char *progress;     // file of the nightly test, or NULL
    const char *single;       // one point, "ROLE:CALL:HOW,..", or NULL
    uint32_t parallel;        // steps side by side in it
    int jobs;                 // stories at a time
    bool preload, files_only; // the shim is loaded; counts calls on files only
    bool power, synchronous_off, look_up_off;
    bool quiet; // a control: what is wrong is what it wants
    int number; // of TAP lines so far
    bool failed;
};

// Runs an undisturbed story, sets `expected` and gives its counts in *control.
void sweep_reference(struct sweep *sweep, struct control *control);

// Reads "step:12:half,supervisor:40:before" into a point; false when it is something else.
bool sweep_read_point(const char *text, struct point *point);

// A story of this test; open it with story_open.
struct story sweep_story(const struct sweep *sweep);

// Runs one story a point.
void sweep_points(struct sweep *sweep, const struct point *points, size_t count);

// Sets all counts of the tally to 0.
void sweep_clear(struct sweep *sweep);

// One line of TAP.
void sweep_say(struct sweep *sweep, bool good, const char *format, ...) PRINTF_LIKE(3, 4);

// The promises that hold for every story, one line each.
void sweep_judge(struct sweep *sweep, const char *what);

// The tests: each prints its TAP lines.
void kills_test(struct sweep *sweep);
void nightly_test(struct sweep *sweep);
void power_test(struct sweep *sweep);
void faults_test(struct sweep *sweep);
void answers_test(struct sweep *sweep);
void owners_test(struct sweep *sweep);

#endif
