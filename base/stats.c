// SPDX-License-Identifier: Apache-2.0
#include "base/stats.h"

#include "base/vec.h"

#include <math.h>
#include <stdlib.h>

enum { EXACT_MAX = 50 };

double
stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

double
stats_variance(const double *values, size_t count)
{
    double mean = stats_mean(values, count), squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? squares / (double)(count - 1) : NAN;
}

static int
compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double
stats_quantile(double *values, size_t count, double q)
{
    if (count == 0)
        return NAN;
    qsort(values, count, sizeof(*values), compare_doubles);
    double place = q * (double)(count - 1);
    size_t below = (size_t)place;
    if (below + 1 >= count)
        return values[count - 1];
    return values[below] + (place - (double)below) * (values[below + 1] - values[below]);
}

double
stats_median(double *values, size_t count)
{
    return stats_quantile(values, count, 0.5);
}

double
stats_mad(double *values, size_t count)
{
    double median = stats_median(values, count);
    VEC(double) distances = {0};
    for (size_t i = 0; i < count; i++)
        *vec_push(&distances) = fabs(values[i] - median);
    double mad = stats_median(distances.items, count);
    vec_release(&distances);
    return mad;
}

// The continued fraction of the incomplete beta function by Lentz's method; fast for x < (a+1)/(a+b+2).
static double
beta_fraction(double a, double b, double x)
{
    double numerator = 1, denominator = 1 / (1 - (a + b) * x / (a + 1)), fraction = denominator;
    for (int m = 1; m < 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        denominator = 1 / (1 + even * denominator);
        numerator = 1 + even / numerator;
        fraction *= numerator * denominator;
        denominator = 1 / (1 + odd * denominator);
        numerator = 1 + odd / numerator;
        double change = numerator * denominator;
        fraction *= change;
        if (fabs(change - 1) < 1e-15)
            break;
    }
    return fraction;
}

static double
log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double
stats_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2))
        return 1 - stats_beta(b, a, 1 - x);
    double front = a * log(x) + b * log1p(-x) + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    return exp(front) * beta_fraction(a, b, x) / a;
}

bool
stats_order_interval(const double *sorted, size_t count, double confidence, double *low, double *high)
{
    *low = *high = NAN;
    if (count == 0)
        return false;
    // The median lies outside [k, n-1-k] with probability 2 P(Binomial(n, 1/2) <= k), k counted from 0.
    double outside = 1 - confidence;
    size_t inner = 0;
    while (2 * inner + 1 < count &&
           2 * stats_beta((double)(count - inner), (double)inner + 1, 0.5) <= outside)
        inner++;
    size_t k = inner > 0 ? inner - 1 : 0;
    *low = sorted[k];
    *high = sorted[count - 1 - k];
    return inner > 0;
}

double
stats_binomial_lower(uint64_t successes, uint64_t trials, double confidence)
{
    if (successes == 0 || successes > trials)
        return 0;
    double a = (double)successes, b = (double)(trials - successes) + 1, low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (stats_beta(a, b, middle) < 1 - confidence)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct ranked {
    double value;
    bool is_x;
};

static int
compare_ranked(const void *left, const void *right)
{
    return compare_doubles(&((const struct ranked *)left)->value, &((const struct ranked *)right)->value);
}

// U of the first sample; *ties gets the sum of t^3 - t over groups of t equal values.
static double
rank_statistic(struct ranked *all, size_t count, double *ties)
{
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): neither sample is empty
    qsort(all, count, sizeof(*all), compare_ranked);
    double u = 0, y_below = 0;
    *ties = 0;
    for (size_t start = 0, end; start < count; start = end) {
        double x_here = 0, y_here = 0;
        for (end = start; end < count && all[end].value == all[start].value; end++)
            *(all[end].is_x ? &x_here : &y_here) += 1;
        double group = x_here + y_here;
        u += x_here * (y_below + y_here / 2);
        y_below += y_here;
        *ties += group * group * group - group;
    }
    return u;
}

// P(U <= u) without ties, by P(u; i, j) = i/(i+j) P(u-j; i-1, j) + j/(i+j) P(u; i, j-1), row by row in place.
static double
rank_probability(size_t x_count, size_t y_count, size_t u)
{
    size_t width = x_count * y_count + 1, capacity = 0;
    double *table = vec_grow(NULL, &capacity, (y_count + 1) * width, sizeof(*table));
    for (size_t j = 0; j <= y_count; j++)
        table[j * width] = 1;
    for (size_t i = 1; i <= x_count; i++)
        for (size_t j = 1; j <= y_count; j++) {
            double *row = table + j * width, share = (double)i / (double)(i + j);
            for (size_t k = width; k-- > 0;)
                row[k] = share * (k >= j ? row[k - j] : 0) + (1 - share) * row[k - width];
        }
    double sum = 0;
    for (size_t k = 0; k <= u; k++)
        sum += table[y_count * width + k];
    vec_free(table);
    return sum;
}

struct rank_test
stats_mann_whitney(const double *x, size_t x_count, const double *y, size_t y_count)
{
    VEC(struct ranked) all = {0};
    for (size_t i = 0; i < x_count; i++)
        *vec_push(&all) = (struct ranked){x[i], true};
    for (size_t i = 0; i < y_count; i++)
        *vec_push(&all) = (struct ranked){y[i], false};
    double ties, n = (double)(x_count + y_count), pairs = (double)x_count * (double)y_count;
    struct rank_test test = {.u = rank_statistic(all.items, all.count, &ties), .p_exact = NAN};
    vec_release(&all);

    double distance = fabs(test.u - pairs / 2);
    double variance = pairs / 12 * (n + 1 - ties / (n * (n - 1)));
    test.p_normal = variance > 0 ? fmin(1, erfc((distance - 0.5) / sqrt(2 * variance))) : 1;
    if (x_count <= EXACT_MAX && y_count <= EXACT_MAX)
        test.p_exact = fmin(1, 2 * rank_probability(x_count, y_count, (size_t)ceil(pairs / 2 - distance)));
    return test;
}
