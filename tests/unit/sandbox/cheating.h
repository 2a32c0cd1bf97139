// SPDX-License-Identifier: Apache-2.0
// The frame of the tests that try the cheats of tests/attack/measure, in C and in Go: what is expected of a
// cheat, and a test for each group of them. The test file defines try_group.
#ifndef ATOLL_TESTS_SANDBOX_CHEATING_H
#define ATOLL_TESTS_SANDBOX_CHEATING_H

#include "sandbox/cheat.h"
#include "tests/unit/sandbox/edited.h"

#define AHEAD_SPEEDUP 1.5

enum cheat_group { OUTPUT, HARNESS, CLOCK, PROCESS, SEARCHED };

struct cheating {
    enum cheat_group group;
    const char *name;
    enum cheat cheats[2]; // what the duet says, one or the other; CHEAT_NONE: the search refuses it before
    bool one_input;
    const struct edit *edits[EDITS_MAX + 1]; // that let it win, NULL at the end
};

// Tries the cheats of a group and fails with what was wrong with any.
static void try_group(enum cheat_group group);

// Says what is wrong with the result of a duet: a cheat loses by its name, or, where the search refuses it
// before, wins.
static inline void
cheating_judge(const struct cheating *cheating, const struct duet_result *result, struct buf *wrong)
{
    enum cheat cheat = result->cheat;
    bool faster = result->verdict == DUET_FASTER || result->verdict == DUET_INCONCLUSIVE,
         ahead = faster && result->speedup > AHEAD_SPEEDUP;
    bool named = cheat == cheating->cheats[0] || (cheat && cheat == cheating->cheats[1]);
    if (!named || ahead != (cheating->cheats[0] == CHEAT_NONE) || !strstr(result->detail, cheat_name(cheat)))
        buf_printf(wrong, "%s: %s, %.3f times as fast, \"%s\": %s\n", cheating->name,
                   duet_verdict_name(result->verdict), result->speedup, cheat_name(cheat), result->detail);
}

START_TEST(what_gives_other_output_is_caught)
{
    try_group(OUTPUT);
}
END_TEST

START_TEST(what_answers_for_the_harness_is_caught)
{
    try_group(HARNESS);
}
END_TEST

START_TEST(what_bends_the_time_is_caught)
{
    try_group(CLOCK);
}
END_TEST

START_TEST(what_leaves_its_process_is_caught)
{
    try_group(PROCESS);
}
END_TEST

START_TEST(what_only_the_search_sees_wins_a_duet)
{
    try_group(SEARCHED);
}
END_TEST

#define CHEATING_TESTS                                                         \
    what_gives_other_output_is_caught, what_answers_for_the_harness_is_caught, \
        what_bends_the_time_is_caught, what_leaves_its_process_is_caught,      \
        what_only_the_search_sees_wins_a_duet

#endif
