// SPDX-License-Identifier: Apache-2.0
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

// Published results: R's manual of wilcox.test (permeability of membranes after Hollander & Wolfe, W = 35,
// one-sided p = 0.1272; ozone in May and in August with ties and continuity correction, W = 127.5, p =
// 0.0001208), and SciPy's of mannwhitneyu (W = 17, exact p = 0.1111, asymptotic p = 0.1113469).
START_TEST(mann_whitney_published)
{
    static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                        early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct rank_test test = stats_mann_whitney(at_term, LEN(at_term), early, LEN(early));
    ck_assert_double_eq(test.u, 35);
    ck_assert_double_eq_tol(test.p_exact, 2 * 0.1272, 1e-4);

    static const double may[] = {41, 36, 12, 18, 28, 23, 19, 8, 7,  16, 11, 14,  18,
                                 14, 34, 6,  30, 11, 1,  11, 4, 32, 23, 45, 115, 37},
                        august[] = {39, 9,  16, 78, 35, 66, 122, 89,  110, 44, 28,  65, 22,
                                    59, 23, 31, 44, 21, 9,  45,  168, 73,  76, 118, 84, 85};
    test = stats_mann_whitney(may, LEN(may), august, LEN(august));
    ck_assert_double_eq(test.u, 127.5);
    ck_assert_double_eq_tol(test.p_normal, 0.0001208, 5e-8);

    static const double males[] = {19, 22, 16, 29, 24}, females[] = {20, 11, 17, 12};
    test = stats_mann_whitney(males, 5, females, 4);
    ck_assert_double_eq(test.u, 17);
    ck_assert_double_eq_tol(test.p_exact, 1.0 / 9, 1e-14);
    ck_assert_double_eq_tol(test.p_normal, 0.11134688653314041, 1e-12);
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

UNIT_MAIN("base/stats", describes_samples, of_nothing_the_answer_is_nan, incomplete_beta,
          order_statistics_bracket_the_median, clopper_pearson, mann_whitney_vector, mann_whitney_published,
          mann_whitney_corners)
