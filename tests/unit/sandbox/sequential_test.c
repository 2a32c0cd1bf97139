// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "sandbox/sequential.h"
#include "tests/unit/unit.h"

#include <math.h>

enum { LOOKS = 1000, LAYOUTS_MAX = 64 };

#define ALPHA 0.01
#define LAUNCHES_MIN 8

static const struct sequential_rule rule = {ALPHA, 0, LAUNCHES_MIN};

// Where the launches of a simulated comparison come from: an effect, noise, and a layout of each side.
struct world {
    double effect, noise;
    double layout_sd;
    size_t layouts;                         // 0: drawn anew for every launch; else re-used
    double (*draw_layout)(struct rng *rng); // mean 0, variance 1
    double pool[2][LAYOUTS_MAX];
};

// Box and Muller.
static double
normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(1 - rng_real(rng)));
    return radius * cos(2 * acos(-1) * rng_real(rng));
}

// One layout in ten is much slower than the others.
static double
lopsided(struct rng *rng)
{
    return rng_below(rng, 10) == 0 ? 3 : -1.0 / 3;
}

static double
layout_of(struct world *world, size_t side, struct rng *rng)
{
    if (world->layouts == 0)
        return world->layout_sd * world->draw_layout(rng);
    return world->pool[side][rng_below(rng, world->layouts)];
}

static double
launch(struct world *world, struct rng *rng)
{
    double baseline = layout_of(world, 0, rng), candidate = layout_of(world, 1, rng);
    return world->effect + baseline - candidate + world->noise * normal(rng);
}

static void
begin(struct world *world, struct rng *rng)
{
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < world->layouts; i++)
            world->pool[side][i] = world->layout_sd * world->draw_layout(rng);
}

// Launches until there is a verdict, at most `looks`.
static enum sequential_verdict
compare(struct world *world, struct sequential_rule with, size_t looks, struct rng *rng,
        struct sequential *test)
{
    enum sequential_verdict verdict = SEQUENTIAL_INCONCLUSIVE;
    sequential_init(test, with);
    begin(world, rng);
    for (size_t look = 0; look < looks && verdict == SEQUENTIAL_INCONCLUSIVE; look++) {
        sequential_add(test, launch(world, rng));
        verdict = sequential_judge(test);
    }
    return verdict;
}

// How many of `runs` comparisons of equal variants are called different at any look.
static unsigned
called_different(struct world world, unsigned runs, size_t looks)
{
    unsigned different = 0;
    for (unsigned run = 0; run < runs; run++) {
        struct rng rng;
        struct sequential test;
        rng_init(&rng, 20261127, run);
        different += compare(&world, rule, looks, &rng, &test) != SEQUENTIAL_INCONCLUSIVE;
    }
    return different;
}

START_TEST(gaussian_launches_keep_the_error)
{
    struct world world = {.noise = 0.003, .draw_layout = normal};
    unsigned different = called_different(world, 4000, LOOKS);
    ck_assert_msg(different <= 40, "%u of 4000 equal pairs called different", different);
    ck_assert_msg(different >= 4, "%u of 4000: the looks do not happen", different);
}
END_TEST

START_TEST(fresh_layouts_keep_the_error)
{
    struct world world = {.noise = 0.003, .layout_sd = 0.03, .draw_layout = normal};
    unsigned different = called_different(world, 4000, LOOKS);
    ck_assert_msg(different <= 40, "%u of 4000 equal pairs called different", different);
    world.draw_layout = lopsided;
    different = called_different(world, 4000, LOOKS);
    ck_assert_msg(different <= 40, "%u of 4000 equal pairs called different, layouts lopsided", different);
}
END_TEST

START_TEST(reused_layouts_do_not)
{
    struct world world = {.noise = 0.003, .layout_sd = 0.03, .layouts = 8, .draw_layout = normal};
    unsigned early = called_different(world, 1000, 40), late = called_different(world, 1000, 240);
    ck_assert_msg(early > 100, "%u of 1000 after 40 launches", early);
    ck_assert_msg(late > 400, "%u of 1000 after 240 launches", late);
}
END_TEST

// Looking at Student's t after every launch, at its own level.
START_TEST(peeking_at_t_does_not)
{
    unsigned different = 0;
    for (unsigned run = 0; run < 1000; run++) {
        struct rng rng;
        struct eprocess process;
        rng_init(&rng, 20261127, run);
        eprocess_init(&process, 1);
        bool crossed = false;
        for (int look = 0; look < LOOKS && !crossed; look++) {
            eprocess_add(&process, normal(&rng));
            double n = (double)process.count;
            // 3.5 is the two-sided 1 % point with 7 degrees of freedom; with more it is less.
            crossed = process.count >= LAUNCHES_MIN &&
                      fabs(process.mean) > 3.5 * sqrt(process.squares / (n - 1) / n);
        }
        different += crossed;
    }
    ck_assert_msg(different > 15, "%u of 1000", different);
}
END_TEST

// How many of 400 comparisons of a true effect end with `verdict` within `looks` launches.
static unsigned
told(struct world world, struct sequential_rule with, enum sequential_verdict verdict, size_t looks)
{
    unsigned right = 0;
    for (unsigned run = 0; run < 400; run++) {
        struct rng rng;
        struct sequential test;
        rng_init(&rng, 7, run);
        right += compare(&world, with, looks, &rng, &test) == verdict;
    }
    return right;
}

START_TEST(real_differences_are_told)
{
    struct world world = {.effect = 0.05, .noise = 0.003, .layout_sd = 0.01, .draw_layout = normal};
    ck_assert_uint_ge(told(world, rule, SEQUENTIAL_FASTER, 10), 395);
    world.effect = -0.05;
    ck_assert_uint_ge(told(world, rule, SEQUENTIAL_SLOWER, 10), 395);
    world.effect = 0.02;
    ck_assert_uint_ge(told(world, rule, SEQUENTIAL_FASTER, 24), 380);
    world.effect = 0.01;
    ck_assert_uint_ge(told(world, rule, SEQUENTIAL_FASTER, 70), 380);
    world.effect = 0.05;
    world.layout_sd = 0.03;
    ck_assert_uint_ge(told(world, rule, SEQUENTIAL_FASTER, 30), 380);
}
END_TEST

START_TEST(equal_ones_within_the_margin_are_equivalent)
{
    struct sequential_rule within = {ALPHA, 0.02, LAUNCHES_MIN};
    struct world world = {.noise = 0.003, .layout_sd = 0.01, .draw_layout = normal};
    ck_assert_uint_ge(told(world, within, SEQUENTIAL_EQUIVALENT, 40), 390);
    world.effect = 0.03;
    ck_assert_uint_le(told(world, within, SEQUENTIAL_EQUIVALENT, 200), 4);
    // A true effect that is smaller than the margin is not worth being called faster once it is known to be.
    world = (struct world){.effect = 0.004, .noise = 0.002, .draw_layout = normal};
    ck_assert_uint_ge(told(world, within, SEQUENTIAL_EQUIVALENT, 20), 390);
}
END_TEST

START_TEST(no_verdict_before_its_time)
{
    struct sequential test;
    sequential_init(&test, rule);
    ck_assert(sequential_judge(&test) == SEQUENTIAL_INCONCLUSIVE);
    struct sequential_estimate estimate = sequential_estimate(&test);
    ck_assert(estimate.speedup == 1 && estimate.low == 0 && isinf(estimate.high));
    for (int i = 0; i < LAUNCHES_MIN - 1; i++) {
        sequential_add(&test, 0.7 + 0.001 * i);
        ck_assert(sequential_judge(&test) == SEQUENTIAL_INCONCLUSIVE);
    }
    sequential_add(&test, 0.7);
    ck_assert_str_eq(sequential_verdict_name(sequential_judge(&test)), "faster");
    estimate = sequential_estimate(&test);
    ck_assert(estimate.low > 1.9 && estimate.low < estimate.speedup && estimate.speedup < estimate.high);
}
END_TEST

START_TEST(says_how_many_launches_it_takes)
{
    struct sequential test;
    sequential_init(&test, rule);
    sequential_add(&test, 0.5);
    ck_assert(isnan(sequential_launches_left(&test)));
    sequential_add(&test, 0.501);
    ck_assert_double_eq(sequential_launches_left(&test), LAUNCHES_MIN - 2);
    sequential_init(&test, rule);
    sequential_add(&test, 1);
    sequential_add(&test, -1);
    ck_assert(isinf(sequential_launches_left(&test)));

    // Halfway to a verdict, what is told is within a factor of two in nine of ten comparisons.
    struct world world = {.effect = 0.02, .noise = 0.003, .layout_sd = 0.02, .draw_layout = normal};
    unsigned near = 0;
    for (unsigned run = 0; run < 400; run++) {
        struct rng rng;
        sequential_init(&test, rule);
        rng_init(&rng, 11, run);
        double said[LOOKS] = {0};
        size_t total = 0;
        while (total < LOOKS && sequential_judge(&test) == SEQUENTIAL_INCONCLUSIVE) {
            sequential_add(&test, launch(&world, &rng));
            said[total++] = sequential_launches_left(&test);
        }
        ck_assert_double_eq(said[total - 1], 0);
        double all = (double)(total / 2 + 1) + said[total / 2];
        near += all < 2 * (double)total && all > (double)total / 2;
    }
    ck_assert_msg(near >= 360, "%u of 400", near);
}
END_TEST

UNIT_MAIN("sandbox/sequential", gaussian_launches_keep_the_error, fresh_layouts_keep_the_error,
          reused_layouts_do_not, peeking_at_t_does_not, real_differences_are_told,
          equal_ones_within_the_margin_are_equivalent, no_verdict_before_its_time,
          says_how_many_launches_it_takes)
