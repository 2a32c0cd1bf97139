// SPDX-License-Identifier: Apache-2.0
#include "sandbox/scores.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

enum { QUADS = 5, LAUNCHES = 60 };

static const struct sequential_rule rule = {.alpha = 0.01, .margin = 0.01, .launches_min = 8};
static const char *const one_name[] = {"x"};

static double
normal(struct rng *rng)
{
    return sqrt(-2 * log(1 - rng_real(rng))) * cos(6.283185307179586 * rng_real(rng));
}

// A time of 1 ms with noise, and one time in thirty far off; drifts with `at`.
static double
draw(struct rng *rng, double factor, double noise, size_t at)
{
    double far = rng_below(rng, 30) == 0 ? exp(fabs(normal(rng))) : 1;
    return 1e6 * factor * exp(noise * normal(rng)) * far * (1 + 0.1 * sin((double)at / 50));
}

static void
add_launch(struct scores *scores, size_t index, struct rng *rng, double factor, double noise)
{
    for (size_t i = 0; i < QUADS; i++) {
        double a[2], b[2];
        for (size_t j = 0; j < 2; j++) {
            a[j] = draw(rng, 1, noise, i);
            b[j] = draw(rng, factor, noise, i);
        }
        scores_quad(scores, index, a, b);
    }
}

static enum sequential_verdict
play(double factor, double noise, uint64_t seed, struct scores_aa *aa)
{
    struct scores scores;
    struct rng rng;
    rng_init(&rng, seed, 7);
    scores_init(&scores, one_name, 1, rule, seed);
    for (size_t i = 0; i < LAUNCHES && !scores_is_decided(&scores); i++) {
        add_launch(&scores, 0, &rng, factor, noise);
        scores_end_launch(&scores, (double)i + 1);
    }
    enum sequential_verdict verdict = sequential_judge(&scores.benchmarks[0].test);
    if (aa != NULL)
        *aa = scores_controls(&scores);
    scores_release(&scores);
    return verdict;
}

START_TEST(equal_is_hardly_ever_different)
{
    size_t wrong = 0, same = 0, of = 0, different = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct scores_aa aa;
        enum sequential_verdict verdict = play(1, 0.05, seed, &aa);
        wrong += verdict == SEQUENTIAL_FASTER || verdict == SEQUENTIAL_SLOWER;
        same += verdict == SEQUENTIAL_EQUIVALENT;
        of += aa.of;
        different += aa.different;
    }
    ck_assert_msg(wrong <= 10, "%zu of 1000 equal pairs called different", wrong);
    ck_assert_uint_eq(of, 2000);
    ck_assert_msg(different <= 20, "%zu of 2000 controls called different", different);
    ck_assert_uint_le(same, 1000);
}
END_TEST

START_TEST(more_work_is_slower_and_less_is_faster)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        ck_assert_int_eq(play(1.1, 0.02, seed, NULL), SEQUENTIAL_SLOWER);
        ck_assert_int_eq(play(0.9, 0.02, seed, NULL), SEQUENTIAL_FASTER);
        ck_assert_int_eq(play(1, 0.001, seed, NULL), SEQUENTIAL_EQUIVALENT);
    }
}
END_TEST

START_TEST(a_quad_weighs_both_pairs)
{
    struct scores scores;
    scores_init(&scores, one_name, 1, rule, 1);
    const double a[2] = {100, 400}, b[2] = {200, 200};
    scores_quad(&scores, 0, a, b);
    scores_end_launch(&scores, 3);
    ck_assert_double_eq_tol(scores.benchmarks[0].test.process.mean, 0, 1e-12);
    ck_assert_double_eq(scores.benchmarks[0].seconds, 3);
    ck_assert_double_eq(scores_time(&scores.benchmarks[0], 0), 250);
    ck_assert_double_eq(scores_time(&scores.benchmarks[0], 1), 200);
    ck_assert(isnan(scores_launches_left(&scores)));
    scores_release(&scores);
}
END_TEST

START_TEST(error_is_shared_out)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct scores scores;
    scores_init(&scores, names, 4, rule, 1);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_double_eq(scores.benchmarks[i].test.rule.alpha, 0.0025);
        ck_assert_double_eq(scores.benchmarks[i].controls[1].test.rule.alpha, 0.0025);
    }
    scores_release(&scores);
}
END_TEST

START_TEST(a_verdict_stays)
{
    static const char *const names[] = {"clear", "open"};
    struct scores scores;
    struct rng rng;
    rng_init(&rng, 3, 3);
    scores_init(&scores, names, 2, rule, 1);
    for (size_t i = 0; i < 30; i++) {
        add_launch(&scores, 0, &rng, i < 15 ? 2 : 0.5, 0.01);
        add_launch(&scores, 1, &rng, 1.01, 0.3);
        scores_end_launch(&scores, (double)i + 1);
    }
    const struct score *clear = &scores.benchmarks[0], *open = &scores.benchmarks[1];
    ck_assert_int_eq(sequential_judge(&clear->test), SEQUENTIAL_SLOWER);
    ck_assert_uint_eq(clear->test.process.count, 8);
    ck_assert_double_eq(clear->seconds, 8);
    ck_assert_uint_eq(open->test.process.count, 30);
    ck_assert(!scores_is_decided(&scores));
    ck_assert_double_gt(scores_launches_left(&scores), 0);
    ck_assert_uint_eq(scores_control(clear).of, 2);
    scores_release(&scores);
}
END_TEST

START_TEST(controls_count_when_they_could_have_decided)
{
    struct scores scores;
    struct rng rng;
    rng_init(&rng, 3, 3);
    scores_init(&scores, one_name, 1, rule, 1);
    for (size_t i = 0; i < 7; i++) {
        add_launch(&scores, 0, &rng, 1, 0.01);
        scores_end_launch(&scores, 1);
    }
    ck_assert_uint_eq(scores_controls(&scores).of, 0);
    add_launch(&scores, 0, &rng, 1, 0.01);
    scores_end_launch(&scores, 1);
    ck_assert_uint_eq(scores_controls(&scores).of, 2);
    ck_assert(!scores_is_refused(&scores));
    scores_release(&scores);
}
END_TEST

// One far-off time in hundreds breaks no test; a side whose own halves differ in every launch does.
START_TEST(a_side_that_differs_from_itself_is_refused)
{
    struct scores scores;
    struct rng rng;
    rng_init(&rng, 3, 3);
    scores_init(&scores, one_name, 1, rule, 1);
    add_launch(&scores, 0, &rng, 1, 0.01);
    for (size_t i = 0; i < 12; i++)
        sequential_add(&scores.benchmarks[0].controls[0].test, 0.5 + 0.01 * (double)i);
    for (size_t i = 0; i < 8; i++)
        scores_end_launch(&scores, 1);
    ck_assert_uint_eq(scores_control(&scores.benchmarks[0]).different, 1);
    ck_assert(scores_is_refused(&scores));
    scores_release(&scores);
}
END_TEST

UNIT_MAIN("sandbox/scores", equal_is_hardly_ever_different, more_work_is_slower_and_less_is_faster,
          a_quad_weighs_both_pairs, error_is_shared_out, a_verdict_stays,
          controls_count_when_they_could_have_decided, a_side_that_differs_from_itself_is_refused)
