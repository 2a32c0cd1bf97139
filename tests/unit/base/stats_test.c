// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "base/stats.h"
#include "tests/unit/unit.h"

#include <math.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(describes_samples)
{
    double values[] = {9, 1, 4, 2, 100};
    ck_assert_double_eq_tol(stats_mean(values, 5), 23.2, 1e-12);
    ck_assert_double_eq_tol(stats_variance(values, 5), 1852.7, 1e-9);
    ck_assert_double_eq(stats_median(values, 5), 4);
    ck_assert_double_eq(values[0], 1);
    ck_assert_double_eq(stats_mad(values, 5), 3);
    ck_assert_double_eq(stats_quantile(values, 5, 0), 1);
    ck_assert_double_eq(stats_quantile(values, 5, 1), 100);
    ck_assert_double_eq_tol(stats_quantile(values, 5, 0.9), 63.6, 1e-9);
    ck_assert_double_eq_tol(stats_quantile(values, 5, 0.3), 2.4, 1e-12);
    double pair[] = {3, 1};
    ck_assert_double_eq(stats_median(pair, 2), 2);
    ck_assert_double_eq(stats_mean(pair, 1), pair[0]);
}
END_TEST

START_TEST(of_nothing_the_answer_is_nan)
{
    double low, high;
    ck_assert(isnan(stats_mean(NULL, 0)) && isnan(stats_median(NULL, 0)) && isnan(stats_mad(NULL, 0)));
    ck_assert(isnan(stats_variance((double[]){1}, 1)));
    ck_assert(!stats_order_interval(NULL, 0, 0.95, &low, &high));
    ck_assert(isnan(low) && isnan(high));
}
END_TEST

START_TEST(incomplete_beta)
{
    ck_assert_double_eq_tol(stats_beta(2, 3, 0.5), 0.6875, 1e-13);
    ck_assert_double_eq_tol(stats_beta(2, 2, 0.3), 0.216, 1e-13);
    ck_assert_double_eq_tol(stats_beta(0.5, 0.5, 0.25), 1.0 / 3, 1e-13);
    ck_assert_double_eq_tol(stats_beta(10, 1, 0.9), pow(0.9, 10), 1e-13);
    ck_assert_double_eq_tol(stats_beta(1, 10, 0.9), 1 - pow(0.1, 10), 1e-13);
    ck_assert_double_eq_tol(stats_beta(5000, 5000, 0.5), 0.5, 1e-9);
    ck_assert_double_eq(stats_beta(2, 3, 0), 0);
    ck_assert_double_eq(stats_beta(2, 3, 1), 1);
}
END_TEST

START_TEST(order_statistics_bracket_the_median)
{
    // Coverage of [x(k+1), x(n-k)] is 1 - 2 P(Bin(n, 1/2) <= k); n=10, k=1: .9785; n=20, k=5: .9586.
    static const struct {
        size_t count;
        double confidence;
        size_t low, high;
        bool enough;
    } cases[] = {{5, 0.95, 0, 4, false},   {6, 0.95, 0, 5, true},   {10, 0.95, 1, 8, true},
                 {10, 0.98, 0, 9, true},   {20, 0.95, 5, 14, true}, {25, 0.95, 7, 17, true},
                 {20, 0.99, 3, 16, true},  {1, 0.95, 0, 0, false},  {5, 0.90, 0, 4, true},
                 {25, 0.957, 6, 18, true}, {3, 0.1, 0, 2, true},    {2, 0.4, 0, 1, true}};
    double sorted[25];
    for (size_t i = 0; i < LEN(sorted); i++)
        sorted[i] = (double)i;
    for (size_t i = 0; i < LEN(cases); i++) {
        double low, high;
        ck_assert(stats_order_interval(sorted, cases[i].count, cases[i].confidence, &low, &high) ==
                  cases[i].enough);
        ck_assert_double_eq(low, (double)cases[i].low);
        ck_assert_double_eq(high, (double)cases[i].high);
    }
}
END_TEST

// Reference values from exact rational arithmetic.
START_TEST(clopper_pearson)
{
    ck_assert_double_eq_tol(stats_binomial_lower(8, 10, 0.975), 0.4439045376923332, 1e-10);
    ck_assert_double_eq_tol(stats_binomial_lower(10, 10, 0.95), 0.7411344491069372, 1e-10);
    ck_assert_double_eq_tol(stats_binomial_lower(1, 20, 0.95), 0.0025613787765053075, 1e-10);
    ck_assert_double_eq_tol(stats_binomial_lower(59, 59, 0.95), 0.9504923901117479, 1e-10);
    ck_assert_double_eq_tol(stats_binomial_lower(45, 50, 0.95), 0.8011669974835627, 1e-10);
    ck_assert_double_eq(stats_binomial_lower(0, 10, 0.95), 0);
    ck_assert_double_eq(stats_binomial_lower(0, 0, 0.95), 0);
    ck_assert_double_eq_tol(stats_binomial_lower(100000, 100000, 0.95), pow(0.05, 1e-5), 1e-9);
}
END_TEST

START_TEST(mann_whitney_vector)
{
    double x[10], y[10];
    for (int i = 0; i < 10; i++) {
        x[i] = i + 1;
        y[i] = 2 * i + 3;
    }
    struct rank_test test = stats_mann_whitney(x, 10, y, 10);
    ck_assert_double_eq(test.u, 18);
    ck_assert_double_eq_tol(test.p_exact, .01468964, 1e-8);
    ck_assert_double_eq_tol(test.p_normal, .01709003, 1e-8);
    struct rank_test swapped = stats_mann_whitney(y, 10, x, 10);
    ck_assert_double_eq(swapped.u, 82);
    ck_assert_double_eq_tol(swapped.p_exact, test.p_exact, 1e-15);
    ck_assert_double_eq_tol(swapped.p_normal, test.p_normal, 1e-15);
}
END_TEST

START_TEST(mann_whitney_corners)
{
    const double low[] = {1, 2, 3}, high[] = {4, 5, 6, 7}, same[] = {5, 5, 5};
    struct rank_test test = stats_mann_whitney(low, 3, high, 4);
    ck_assert_double_eq(test.u, 0);
    ck_assert_double_eq_tol(test.p_exact, 2.0 / 35, 1e-14);
    test = stats_mann_whitney(same, 3, same, 3);
    ck_assert_double_eq(test.u, 4.5);
    ck_assert_double_eq(test.p_exact, 1);
    ck_assert_double_eq(test.p_normal, 1);

    double many[60], shifted[60];
    for (int i = 0; i < 60; i++) {
        many[i] = i;
        shifted[i] = i + 10.5;
    }
    test = stats_mann_whitney(many, 60, shifted, 60);
    ck_assert(isnan(test.p_exact));
    ck_assert_double_eq(test.u, 49 * 50 / 2);
    struct rank_test fifty = stats_mann_whitney(many, 50, shifted, 50);
    ck_assert_double_eq_tol(fifty.p_exact, fifty.p_normal, 0.0005);
}
END_TEST

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

UNIT_MAIN("base/stats", describes_samples, of_nothing_the_answer_is_nan, incomplete_beta,
          order_statistics_bracket_the_median, clopper_pearson, mann_whitney_vector, mann_whitney_corners,
          eprocess_by_hand, eprocess_of_equal_values, interval_ends_where_the_test_does,
          peeking_keeps_the_error_rate)
