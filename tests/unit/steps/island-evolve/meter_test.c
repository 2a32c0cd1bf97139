// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/meter.h"

#include "tests/unit/unit.h"

// What a search chose by must not be measured with again, or its luck with layouts would be taken for speed.
START_TEST(kinds_draw_layouts_of_their_own)
{
    static const char *const kinds[] = {"quick", "rank", "train", "holdout", "aa1", "aa2"};
    enum { KINDS = sizeof(kinds) / sizeof(*kinds) };
    struct meter meter = {.seed = 7};
    struct built built = {.code_hash = "abc"}, other = {.code_hash = "abd"};
    uint64_t seeds[KINDS];
    for (size_t i = 0; i < KINDS; i++) {
        const struct effort effort = {.kind = kinds[i]};
        seeds[i] = meter_seed(&meter, &built, &effort);
        ck_assert_uint_eq(seeds[i], meter_seed(&meter, &built, &effort));
        ck_assert_uint_ne(seeds[i], meter_seed(&meter, &other, &effort));
        for (size_t k = 0; k < i; k++)
            ck_assert_uint_ne(seeds[i], seeds[k]);
    }
    const struct effort effort = {.kind = "train"};
    meter.seed = 8;
    ck_assert_uint_ne(seeds[2], meter_seed(&meter, &built, &effort));
}
END_TEST

UNIT_MAIN("island-evolve/meter", kinds_draw_layouts_of_their_own)
