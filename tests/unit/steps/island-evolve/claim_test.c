// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/claim.h"
#include "tests/unit/unit.h"

#define CALL "call g(a) instead of f()"

START_TEST(test_wrong_twice)
{
    AUTO_MAP wrong = {0};
    ck_assert(!claim_is_hopeless(&wrong, "m", CALL));
    claim_note_wrong(&wrong, "m", CALL);
    ck_assert(!claim_is_hopeless(&wrong, "m", CALL));
    claim_note_wrong(&wrong, "m", CALL);
    ck_assert(claim_is_hopeless(&wrong, "m", CALL));
    ck_assert(!claim_is_hopeless(&wrong, "other", CALL));
    ck_assert(!claim_is_hopeless(&wrong, "m", "call g(b) instead of f()"));
    ck_assert(!claim_is_hopeless(NULL, "m", CALL));
}
END_TEST

START_TEST(test_what_was_improved_after_it_does_not_count)
{
    AUTO_MAP wrong = {0};
    claim_note_wrong(&wrong, "m", CALL CLAIM_IMPROVED "8 bytes at once");
    claim_note_wrong(&wrong, "m", CALL CLAIM_IMPROVED "16 bytes at once");
    ck_assert(claim_is_hopeless(&wrong, "m", CALL));
    ck_assert(claim_is_hopeless(&wrong, "m", CALL CLAIM_IMPROVED "loops split"));
}
END_TEST

UNIT_MAIN("island-evolve/claim", test_wrong_twice, test_what_was_improved_after_it_does_not_count)
