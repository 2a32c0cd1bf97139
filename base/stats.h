// SPDX-License-Identifier: Apache-2.0
// The statistics that verdicts stand on. Values are finite; of no values the answer is NAN.
#ifndef ATOLL_BASE_STATS_H
#define ATOLL_BASE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Arithmetic mean.
double stats_mean(const double *values, size_t count);

// Sample variance (n-1); NAN below two values.
double stats_variance(const double *values, size_t count);

// Quantile q in 0..1, linear between order statistics (Hyndman & Fan type 7). Sorts `values`.
double stats_quantile(double *values, size_t count, double q);

// Median; sorts `values`.
double stats_median(double *values, size_t count);

// Median absolute deviation from the median, not scaled; sorts `values`.
double stats_mad(double *values, size_t count);

// Distribution-free interval for the median: the innermost pair of order statistics that covers it with
// probability `confidence` or more. False when there are too few values: then low and high are the extremes.
bool stats_order_interval(const double *sorted, size_t count, double confidence, double *low, double *high);

// Clopper & Pearson's (1934) exact one-sided lower bound for a probability after `successes` of `trials`.
double stats_binomial_lower(uint64_t successes, uint64_t trials, double confidence);

// Regularised incomplete beta function I_x(a, b), a and b > 0 (continued fraction, DLMF 8.17.22).
double stats_beta(double a, double b, double x);

// Mann & Whitney's (1947) test of two samples.
struct rank_test {
    double u;        // pairs with x > y, a tie counts half
    double p_exact;  // two-sided, from the distribution without ties; NAN above 50 values a side
    double p_normal; // two-sided, normal with tie and continuity correction
};

// Compares two samples of at least one value each.
struct rank_test stats_mann_whitney(const double *x, size_t x_count, const double *y, size_t y_count);

#endif
