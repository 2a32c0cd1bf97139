// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/island.h"

#include "tests/unit/unit.h"

static struct candidate
made(double speedup, const char *technique, size_t code_bytes, const struct candidate *parent)
{
    struct candidate candidate = {.speedup = speedup, .technique = technique, .code_bytes = code_bytes};
    candidate.parents[0] = parent;
    return candidate;
}

START_TEST(test_a_cell_keeps_the_fastest)
{
    struct archipelago ring;
    struct candidate root = made(1, "baseline", 100, NULL), slow = made(2, "table", 100, &root),
                     fast = made(3, "table", 105, &root), other = made(1.5, "loop", 100, &root),
                     big = made(2.5, "table", 400, &root);
    archipelago_init(&ring, 2, 10, &root);
    ck_assert(island_offer(&ring, 0, &slow));
    ck_assert(island_offer(&ring, 0, &fast)); // same cell, beats it
    ck_assert(!island_offer(&ring, 0, &slow));
    ck_assert(!island_offer(&ring, 0, &fast)); // it is there already
    ck_assert(island_offer(&ring, 0, &other));
    ck_assert(island_offer(&ring, 0, &big)); // same technique, another size
    ck_assert_uint_eq(ring.islands[0].elites.count, 4);
    ck_assert_ptr_eq(ring.islands[0].elites.items[0], &fast);
    ck_assert_ptr_eq(ring.islands[0].elites.items[1], &big);
    ck_assert_ptr_eq(ring.islands[0].elites.items[3], &root);
    ck_assert_uint_eq(ring.islands[1].elites.count, 1);
    archipelago_release(&ring);
}
END_TEST

START_TEST(test_the_archive_is_small)
{
    struct archipelago ring;
    struct candidate root = made(1, "baseline", 100, NULL), a = made(2, "table", 100, &root),
                     b = made(3, "loop", 100, &root), c = made(0.5, "edit", 100, &root);
    archipelago_init(&ring, 1, 2, &root);
    ck_assert(island_offer(&ring, 0, &a));
    ck_assert(island_offer(&ring, 0, &b)); // pushes the baseline out
    ck_assert(!island_offer(&ring, 0, &c));
    ck_assert_uint_eq(ring.islands[0].elites.count, 2);
    ck_assert_ptr_eq(ring.islands[0].elites.items[0], &b);
    ck_assert_ptr_eq(ring.islands[0].elites.items[1], &a);
    archipelago_release(&ring);
}
END_TEST

START_TEST(test_the_best_travels_one_island_a_time)
{
    struct archipelago ring;
    struct candidate root = made(1, "baseline", 100, NULL), best = made(4, "table", 100, &root);
    archipelago_init(&ring, 3, 4, &root);
    (void)island_offer(&ring, 0, &best);
    ck_assert_ptr_eq(archipelago_best(&ring), &best);
    archipelago_migrate(&ring);
    ck_assert_ptr_eq(island_best(&ring, 1), &best);
    ck_assert_ptr_eq(island_best(&ring, 2), &root);
    archipelago_migrate(&ring);
    ck_assert_ptr_eq(island_best(&ring, 2), &best);
    archipelago_migrate(&ring); // arrives where it came from: no second copy
    ck_assert_uint_eq(ring.islands[0].elites.count, 2);
    archipelago_release(&ring);
}
END_TEST

START_TEST(test_parents_by_rank)
{
    struct archipelago ring;
    struct candidate root = made(1, "baseline", 100, NULL), a = made(2, "table", 100, &root),
                     b = made(3, "loop", 100, &root);
    unsigned first = 0, last = 0;
    archipelago_init(&ring, 1, 8, &root);
    (void)island_offer(&ring, 0, &a);
    (void)island_offer(&ring, 0, &b);
    for (uint64_t i = 0; i < 2000; i++) {
        struct rng rng;
        rng_init(&rng, 7, i);
        const struct candidate *parent = island_parent(&ring, 0, &rng);
        first += parent == &b;
        last += parent == &root;
        ck_assert(parent == &a || parent == &b || parent == &root);
    }
    ck_assert_uint_gt(first, 800);
    ck_assert_uint_lt(first, 1200);
    ck_assert_uint_gt(last, 250);
    ck_assert_uint_lt(last, 550);
    archipelago_release(&ring);
}
END_TEST

START_TEST(test_mates)
{
    struct archipelago ring;
    struct candidate root = made(1, "baseline", 100, NULL), a = made(2, "table", 100, &root),
                     b = made(3, "loop", 100, &root);
    struct rng rng;
    rng_init(&rng, 1, 1);
    archipelago_init(&ring, 2, 8, &root);
    ck_assert_ptr_null(island_mate(&ring, 0, &root, &rng)); // nobody but the baseline
    (void)island_offer(&ring, 1, &b);
    ck_assert_ptr_eq(island_mate(&ring, 0, &root, &rng), &b); // from the next island
    (void)island_offer(&ring, 0, &a);
    for (int i = 0; i < 20; i++)
        ck_assert_ptr_ne(island_mate(&ring, 0, &a, &rng), &a);
    archipelago_release(&ring);
}
END_TEST

UNIT_MAIN("island-evolve/island", test_a_cell_keeps_the_fastest, test_the_archive_is_small,
          test_the_best_travels_one_island_a_time, test_parents_by_rank, test_mates)
