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

// Anytime-valid test of a mean: the t-mixture e-process (Lai 1976; Wang & Ramdas 2023),
// E_n = sqrt(c2/(n+c2)) * [(n+c2)V / ((n+c2)V - S^2)]^(n/2), S and V the sums of x-m and (x-m)^2. Under mean
// m it exceeds 1/alpha at any time with probability alpha at most, exactly so for normal values of unknown
// variance.
struct eprocess {
    double c2; // prior weight; .1 to .3
    uint64_t count;
    double mean;
    double squares; // sum of squared deviations from `mean`
};

// Starts without values.
void eprocess_init(struct eprocess *process, double c2);

// Adds one value.
void eprocess_add(struct eprocess *process, double value);

// Natural logarithm of E against the null hypothesis that the mean is `shift`; 0 without values.
double eprocess_log(const struct eprocess *process, double shift);

// Confidence sequence: all means m with E < 1/alpha. False (and infinite bounds) while it is unbounded.
bool eprocess_interval(const struct eprocess *process, double alpha, double *low, double *high);

#endif
