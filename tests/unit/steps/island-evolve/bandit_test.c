// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/bandit.h"

#include "tests/unit/unit.h"

START_TEST(test_every_arm_first)
{
    struct arm arms[3] = {
        {.trials_first = 1, .weight = 1}, {.trials_first = 1, .weight = 1}, {.trials_first = 3, .weight = 1}};
    struct bandit bandit = {.arms = arms, .count = 3};
    unsigned tried[3] = {0};
    for (int i = 0; i < 5; i++) {
        size_t arm = bandit_choose(&bandit);
        ck_assert_uint_lt(arm, 3);
        tried[arm]++;
        bandit_note(&bandit, arm, arm == 0 ? 1 : 0, 1);
    }
    ck_assert_uint_eq(tried[0], 1);
    ck_assert_uint_eq(tried[1], 1);
    ck_assert_uint_eq(tried[2], 3);
}
END_TEST

START_TEST(test_gain_per_second_wins)
{
    // Both gain the same a trial; the second takes a hundred times as long.
    struct arm arms[2] = {{.trials_first = 1, .weight = 1}, {.trials_first = 1, .weight = 1}};
    struct bandit bandit = {.arms = arms, .count = 2};
    for (int i = 0; i < 300; i++) {
        size_t arm = bandit_choose(&bandit);
        bandit_note(&bandit, arm, 0.1, arm == 0 ? 0.2 : 20);
    }
    ck_assert_uint_gt(arms[0].trials, 4 * arms[1].trials);
    ck_assert_uint_gt(arms[1].trials, 3); // is not given up
}
END_TEST

START_TEST(test_gone_arms)
{
    struct arm arms[2] = {{.trials_first = 1, .weight = 1}, {.trials_first = 1, .weight = 1}};
    struct bandit bandit = {.arms = arms, .count = 2};
    arms[0].gone = true;
    ck_assert_uint_eq(bandit_choose(&bandit), 1);
    arms[1].gone = true;
    ck_assert_uint_eq(bandit_choose(&bandit), 2);
}
END_TEST

START_TEST(test_cost_without_clock)
{
    struct arm arm = {.trials_first = 1, .weight = 1};
    struct bandit bandit = {.arms = &arm, .count = 1};
    bandit_note(&bandit, 0, 0.5, 0);
    ck_assert_double_eq(arm.seconds, 1);
    ck_assert_double_eq(arm.gain, 0.5);
    ck_assert_uint_eq(bandit.trials, 1);
}
END_TEST

UNIT_MAIN("island-evolve/bandit", test_every_arm_first, test_gain_per_second_wins, test_gone_arms,
          test_cost_without_clock)
