// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/sweep.h"

#include "tests/unit/unit.h"

static const struct mutator_ops table = {.name = "table", .technique = TECHNIQUE_TABLE, .systematic = true};
static const struct mutator_ops hint = {.name = "hint", .technique = TECHNIQUE_HINT, .systematic = true};
static const struct mutator_ops loop = {.name = "loop", .technique = TECHNIQUE_LOOP, .systematic = true};

static struct candidate
child(const struct candidate *parent, double speedup, const char *lineage, unsigned idle)
{
    struct candidate candidate = {.speedup = speedup, .lineage = lineage, .idle = idle, .stage = STAGE_QUICK};
    candidate.parents[0] = parent;
    return candidate;
}

START_TEST(test_order)
{
    struct sweep sweep = {0};
    struct candidate root = {.speedup = 1, .lineage = ""}, fast = child(&root, 8, "table", 0);
    struct job job;
    sweep_add(&sweep, &fast, &hint, 0);
    sweep_add(&sweep, &root, &hint, 0);
    sweep_add(&sweep, &fast, &loop, 0);
    sweep_add(&sweep, &fast, &table, 1);
    sweep_add(&sweep, &fast, &table, 0);
    sweep_add(&sweep, &root, &table, 3);
    const struct {
        const struct candidate *parent;
        const struct mutator_ops *mutator;
        size_t site;
    } wanted[] = {{&root, &table, 3}, {&fast, &table, 0}, {&fast, &table, 1},
                  {&fast, &loop, 0},  {&fast, &hint, 0},  {&root, &hint, 0}};
    for (size_t i = 0; i < 6; i++) {
        ck_assert(sweep_take(&sweep, 8, &job));
        ck_assert_ptr_eq(job.parent, wanted[i].parent);
        ck_assert_ptr_eq(job.mutator, wanted[i].mutator);
        ck_assert_uint_eq(job.site, wanted[i].site);
    }
    ck_assert(!sweep_take(&sweep, 8, &job));
    sweep_release(&sweep);
}
END_TEST

START_TEST(test_dry_mutators_wait)
{
    struct sweep sweep = {0};
    struct candidate root = {.speedup = 1, .lineage = ""}, fast = child(&root, 8, "table", 0);
    struct job job;
    sweep_add(&sweep, &fast, &table, 0);
    sweep_add(&sweep, &fast, &loop, 0);
    for (int i = 0; i < 30; i++)
        sweep_note(&sweep, &table, false);
    sweep_note(&sweep, &loop, true);
    // 3 - 1.2 is still more than 1.5; a step without gain in between makes the difference.
    fast.idle = 0;
    ck_assert(sweep_take(&sweep, 8, &job));
    ck_assert_ptr_eq(job.mutator, &table);
    struct candidate stone = child(&fast, 8, "table+loop", 1);
    sweep_add(&sweep, &stone, &table, 0);
    ck_assert(sweep_take(&sweep, 8, &job));
    ck_assert_ptr_eq(job.mutator, &loop);
    sweep_note(&sweep, &table, true);
    sweep_add(&sweep, &fast, &loop, 0);
    ck_assert(sweep_take(&sweep, 8, &job));
    ck_assert_ptr_eq(job.mutator, &table);
    sweep_release(&sweep);
}
END_TEST

START_TEST(test_stepping_stones)
{
    struct sweep sweep = {0};
    struct candidate root = {.speedup = 1, .lineage = ""}, neutral = child(&root, 1.0, "a+b", 1),
                     swapped = child(&root, 1.0, "b+a", 1), slow = child(&root, 0.5, "c", 1),
                     late = child(&root, 1.0, "d", 9), wrong = child(&root, 1.0, "e", 1),
                     twin = child(&root, 1.0, "f", 1), gained = child(&root, 1.2, "a+b", 0);
    wrong.reason = "wrong-output";
    twin.reason = "duplicate-code";
    ck_assert(sweep_admits(&sweep, &root, TECHNIQUE_EDIT));
    ck_assert(sweep_admits(&sweep, &neutral, TECHNIQUE_ALGORITHM));
    ck_assert(sweep_admits(&sweep, &swapped, TECHNIQUE_ALGORITHM)); // the same set
    ck_assert(sweep_admits(&sweep, &neutral, TECHNIQUE_ALGORITHM));
    ck_assert(!sweep_admits(&sweep, &neutral, TECHNIQUE_ALGORITHM)); // enough of that set
    ck_assert(sweep_admits(&sweep, &gained, TECHNIQUE_EDIT));        // a gain always counts
    ck_assert(!sweep_admits(&sweep, &slow, TECHNIQUE_ALGORITHM));
    ck_assert(!sweep_admits(&sweep, &late, TECHNIQUE_ALGORITHM));
    ck_assert(!sweep_admits(&sweep, &wrong, TECHNIQUE_ALGORITHM));
    ck_assert(sweep_admits(&sweep, &twin, TECHNIQUE_ALGORITHM)); // other text, same machine code
    ck_assert(!sweep_admits(&sweep, &twin, TECHNIQUE_HINT));     // a hint is no stone
    sweep_release(&sweep);
}
END_TEST

UNIT_MAIN("island-evolve/sweep", test_order, test_dry_mutators_wait, test_stepping_stones)
