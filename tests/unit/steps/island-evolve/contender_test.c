// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/contender.h"
#include "steps/island-evolve/mutator.h"
#include "tests/unit/unit.h"

static struct candidate
made(double speedup, const char *text, enum technique technique)
{
    return (struct candidate){
        .speedup = speedup, .text = str_of(text), .stage = STAGE_QUICK, .techniques = 1u << technique};
}

START_TEST(test_choice)
{
    struct candidate fast = made(10, "a long text", TECHNIQUE_TABLE),
                     second = made(9.9, "a longer text", TECHNIQUE_TABLE),
                     brief = made(9.7, "brief", TECHNIQUE_EDIT), slow = made(2, "s", TECHNIQUE_EDIT),
                     hinted = made(20, "h", TECHNIQUE_HINT), wrong = made(30, "w", TECHNIQUE_EDIT),
                     idle = made(1.01, "", TECHNIQUE_EDIT);
    wrong.reason = "wrong-output";
    struct candidate *items[] = {&idle, &slow, &brief, &wrong, &second, &hinted, &fast};
    struct search search = {.candidates = {.items = items, .count = 7}};
    struct contender chosen[CONTENDERS_MAX];
    ck_assert_uint_eq(contender_choose(&search, chosen), 3);
    ck_assert_ptr_eq(chosen[0].candidate, &fast);
    ck_assert_ptr_eq(chosen[1].candidate, &second);
    ck_assert_ptr_eq(chosen[2].candidate, &brief); // slow is too far behind
    search.candidates.count = 1;
    ck_assert_uint_eq(contender_choose(&search, chosen), 0); // 1.01 is not worth a look
}
END_TEST

START_TEST(test_order)
{
    struct candidate a = made(0, "the longest of all", TECHNIQUE_TABLE), b = made(0, "brief", TECHNIQUE_EDIT),
                     c = made(0, "c", TECHNIQUE_EDIT);
    struct contender list[] = {{&c, 2}, {&a, 10}, {&b, 9.8}};
    contender_sort(list, 3);
    ck_assert_ptr_eq(list[0].candidate, &b); // as fast as the fastest, and shorter
    ck_assert_ptr_eq(list[1].candidate, &a);
    ck_assert_ptr_eq(list[2].candidate, &c);
    // 100 and 300 times as fast save 99 % and 99.7 % of the time.
    struct contender huge[] = {{&a, 300}, {&b, 100}};
    contender_sort(huge, 2);
    ck_assert_ptr_eq(huge[0].candidate, &b);
    struct contender small[] = {{&b, 1.2}, {&a, 1.3}};
    contender_sort(small, 2);
    ck_assert_ptr_eq(small[0].candidate, &a);
}
END_TEST

UNIT_MAIN("island-evolve/contender", test_choice, test_order)
