// SPDX-License-Identifier: Apache-2.0
#include "base/eprocess.h"
#include "base/rng.h"
#include "tests/unit/unit.h"

#include <math.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(eprocess_by_hand)
{
    struct eprocess process;
    eprocess_init(&process, 1);
    ck_assert_double_eq(eprocess_log(&process, 0), 0);
    eprocess_add(&process, 1);
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)), 1, 1e-12);
    eprocess_add(&process, 2);
    // n = 2, S = 3, V = 5: sqrt(1/3) * 15 / (15 - 9).
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)), sqrt(1.0 / 3) * 2.5, 1e-12);
    // Against 1.5: S = 0, V = .5, the bracket is 1.
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 1.5)), sqrt(1.0 / 3), 1e-12);

    eprocess_init(&process, 0.2);
    const double values[] = {0.3, 0.5, 0.1, 0.45, 0.2, 0.4};
    for (size_t i = 0; i < LEN(values); i++)
        eprocess_add(&process, values[i]);
    // n = 6, S = 1.95, V = .7525.
    double expected = sqrt(0.2 / 6.2) * pow(6.2 * 0.7525 / (6.2 * 0.7525 - 1.95 * 1.95), 3);
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)), expected, 1e-9);
}
END_TEST

START_TEST(eprocess_of_equal_values)
{
    struct eprocess process;
    eprocess_init(&process, 0.2);
    for (int i = 0; i < 4; i++)
        eprocess_add(&process, 3);
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)), pow(4.2 / 0.2, 1.5), 1e-9);
    ck_assert_double_eq_tol(exp(eprocess_log(&process, 3)), sqrt(0.2 / 4.2), 1e-12);
}
END_TEST

START_TEST(interval_ends_where_the_test_does)
{
    struct eprocess process;
    double low, high;
    eprocess_init(&process, 0.2);
    ck_assert(!eprocess_interval(&process, 0.01, &low, &high));
    eprocess_add(&process, 10.1);
    ck_assert(!eprocess_interval(&process, 0.01, &low, &high));
    ck_assert(isinf(low) && low < 0 && isinf(high) && high > 0);
    const double values[] = {9.7, 10.4, 9.9, 10.2, 10.0, 9.8, 10.3, 10.1, 9.6};
    for (size_t i = 0; i < LEN(values); i++)
        eprocess_add(&process, values[i]);
    ck_assert(eprocess_interval(&process, 0.01, &low, &high));
    ck_assert(low > 9 && low < 10 && high > 10 && high < 11);
    ck_assert_double_eq_tol(eprocess_log(&process, low), log(100), 1e-9);
    ck_assert_double_eq_tol(eprocess_log(&process, high), log(100), 1e-9);
    ck_assert_double_eq_tol((low + high) / 2, process.mean, 1e-12);
    double wide_low, wide_high;
    ck_assert(eprocess_interval(&process, 0.001, &wide_low, &wide_high));
    ck_assert(wide_low < low && wide_high > high);
}
END_TEST

// Student's sleep data (1908), of which the t statistic is published: 4.0621 with 9 degrees of freedom. E is
// the Bayes factor of Gonen et al. (2005) for a normal prior of variance 1/c2 on the effect size.
START_TEST(students_sleep)
{
    static const double extra[] = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
    const double t2 = 4.0621 * 4.0621 / 9;
    for (double c2 = 0.1; c2 < 2; c2 += 0.3) {
        struct eprocess process;
        eprocess_init(&process, c2);
        for (size_t i = 0; i < LEN(extra); i++)
            eprocess_add(&process, extra[i]);
        double factor = pow(1 + 10 / c2, -0.5) * pow((1 + t2) / (1 + t2 / (1 + 10 / c2)), 5);
        ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)) / factor, 1, 1e-4);
    }
}
END_TEST

// E by its definition: the likelihood ratio of values scaled by an unknown sigma (prior 1/sigma), mixed over
// effect sizes delta of a normal prior with variance 1/c2; both integrals by trapezoids, sigma on a log
// scale.
static double
mixed_ratio(const double *values, size_t count, double c2)
{
    double sum = 0, squares = 0, mixed = 0, null = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    for (double log_sigma = -6; log_sigma < 5; log_sigma += 0.02) {
        double precision = exp(-log_sigma), rest = 0;
        for (double delta = -20; delta < 20; delta += 0.05) {
            double misfit = squares * precision * precision - 2 * delta * sum * precision + n * delta * delta;
            rest += exp(-n * log_sigma - misfit / 2 - c2 * delta * delta / 2);
        }
        mixed += rest * 0.05 * sqrt(c2 / (2 * acos(-1)));
        null += exp(-n * log_sigma - squares * precision * precision / 2);
    }
    return mixed / null;
}

START_TEST(is_the_mixture_that_it_claims_to_be)
{
    static const double values[] = {0.3, 0.5, -0.1, 0.45, 0.2, 0.4, 0.7};
    static const double weights[] = {0.1, 0.2, 0.3, 1};
    for (size_t w = 0; w < LEN(weights); w++) {
        struct eprocess process;
        eprocess_init(&process, weights[w]);
        for (size_t i = 0; i < LEN(values); i++) {
            eprocess_add(&process, values[i]);
            if (i < 2)
                continue;
            double expected = mixed_ratio(values, i + 1, weights[w]);
            ck_assert_double_eq_tol(exp(eprocess_log(&process, 0)) / expected, 1, 1e-6);
        }
    }
}
END_TEST

START_TEST(projects_what_it_has_seen)
{
    struct eprocess process, twice;
    eprocess_init(&process, 0.2);
    eprocess_add(&process, 1);
    eprocess_add(&process, 3);
    eprocess_add(&process, 2);
    twice = eprocess_project(&process, 3);
    ck_assert_uint_eq(twice.count, 6);
    ck_assert_double_eq(twice.mean, 2);
    ck_assert_double_eq_tol(twice.squares, 5, 1e-12);
    ck_assert_double_eq(eprocess_project(&process, 0).squares, process.squares);
}
END_TEST

START_TEST(rejects_several_at_once)
{
    // Of four at .1 the thresholds are 40, 20, 13.3 and 10.
    static const struct {
        double e[4], alpha;
        size_t rejected;
    } cases[] = {
        {{1, 200, 30, 50}, 0.1, 3},   {{1, 200, 30, 50}, 0.01, 0}, {{13.5, 14, 1, 15}, 0.1, 3},
        {{13.3, 14, 1, 15}, 0.1, 0},  {{39, 1, 1, 1}, 0.1, 0},     {{41, 1, 1, 1}, 0.1, 1},
        {{10, 10.1, 99, 11}, 0.1, 4}, {{0, 0, 0, 0}, 0.1, 0},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        double log_e[4], least = INFINITY, most_left = 0;
        bool rejected[4];
        for (size_t j = 0; j < 4; j++)
            log_e[j] = log(cases[i].e[j]) + 1e-12;
        size_t k = eprocess_reject(log_e, 4, cases[i].alpha, rejected), counted = 0;
        for (size_t j = 0; j < 4; j++) {
            counted += rejected[j];
            if (rejected[j])
                least = fmin(least, cases[i].e[j]);
            else
                most_left = fmax(most_left, cases[i].e[j]);
        }
        ck_assert_uint_eq(k, cases[i].rejected);
        ck_assert_uint_eq(counted, k);
        ck_assert(least > most_left);
    }
    ck_assert_uint_eq(eprocess_reject(NULL, 0, 0.1, NULL), 0);
}
END_TEST

// Box and Muller.
static double
normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(1 - rng_real(rng)));
    return radius * cos(2 * acos(-1) * rng_real(rng));
}

// How many of `runs` cross 1/alpha at any of 100 looks.
static unsigned
crossings(unsigned runs, double mean, double alpha)
{
    unsigned crossed = 0;
    for (unsigned run = 0; run < runs; run++) {
        struct rng rng;
        struct eprocess process;
        rng_init(&rng, 20261121, run);
        eprocess_init(&process, 0.2);
        for (int look = 0; look < 100; look++) {
            eprocess_add(&process, mean + normal(&rng));
            if (eprocess_log(&process, 0) >= -log(alpha)) {
                crossed++;
                break;
            }
        }
    }
    return crossed;
}

START_TEST(peeking_keeps_the_error_rate)
{
    // A z-test that is peeked at 100 times crosses in 37 % of the runs.
    unsigned crossed = crossings(2000, 0, 0.05);
    ck_assert_uint_le(crossed, 100);
    ck_assert_uint_ge(crossed, 20);
    ck_assert_uint_ge(crossings(300, 0.7, 0.05), 295);
}
END_TEST

UNIT_MAIN("base/eprocess", eprocess_by_hand, eprocess_of_equal_values, interval_ends_where_the_test_does,
          students_sleep, is_the_mixture_that_it_claims_to_be, projects_what_it_has_seen,
          rejects_several_at_once, peeking_keeps_the_error_rate)
