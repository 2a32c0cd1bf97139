// SPDX-License-Identifier: Apache-2.0
// Anytime-valid test of a mean: the t-mixture e-process (Lai 1976; Wang & Ramdas 2023),
//     E_n = sqrt(c2/(n+c2)) * [(n+c2)V / ((n+c2)V - S^2)]^(n/2),
// S and V the sums of x-m and (x-m)^2. Under mean m it exceeds 1/alpha at any time with probability alpha at
// most, exactly so for normal values of unknown variance: it may be looked at after every value.
#ifndef ATOLL_BASE_EPROCESS_H
#define ATOLL_BASE_EPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

// What the process would be after `more` further values of the mean and variance seen so far; needs two
// values.
struct eprocess eprocess_project(const struct eprocess *process, uint64_t more);

// e-BH (Wang & Ramdas 2022): of `count` hypotheses, each with an e-value given as its logarithm, rejects the
// k with the greatest where k is the greatest number with E_(k) >= count / (k * alpha). The expected share of
// wrong rejections is alpha at most, however the hypotheses depend on each other. Sets rejected[i]; returns
// k.
size_t eprocess_reject(const double *log_e, size_t count, double alpha, bool *rejected);

#endif
