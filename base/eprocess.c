// SPDX-License-Identifier: Apache-2.0
#include "base/eprocess.h"

#include <math.h>

void
eprocess_init(struct eprocess *process, double c2)
{
    *process = (struct eprocess){.c2 = c2};
}

void
eprocess_add(struct eprocess *process, double value)
{
    double before = value - process->mean;
    process->count++;
    process->mean += before / (double)process->count;
    process->squares += before * (value - process->mean);
}

double
eprocess_log(const struct eprocess *process, double shift)
{
    double n = (double)process->count, c2 = process->c2, distance = process->mean - shift;
    double explained = n * distance * distance, squares = process->squares;
    double front = log(c2 / (n + c2)) / 2;
    if (explained + squares <= 0)
        return process->count > 0 ? front : 0;
    // V = squares + explained and S^2 = n * explained.
    return front + n / 2 * log((n + c2) * (squares + explained) / ((n + c2) * squares + c2 * explained));
}

bool
eprocess_interval(const struct eprocess *process, double alpha, double *low, double *high)
{
    double n = (double)process->count, c2 = process->c2;
    *low = -INFINITY;
    *high = INFINITY;
    if (process->count == 0)
        return false;
    // E = 1/alpha at ratio = (n+c2)V / ((n+c2)V - S^2), which stays below (n+c2)/c2 however far the mean is.
    double ratio = exp((log((n + c2) / c2) - 2 * log(alpha)) / n);
    double room = n + c2 - ratio * c2;
    if (room <= 0)
        return false;
    double reach = sqrt((n + c2) * process->squares * (ratio - 1) / (n * room));
    *low = process->mean - reach;
    *high = process->mean + reach;
    return true;
}

struct eprocess
eprocess_project(const struct eprocess *process, uint64_t more)
{
    struct eprocess then = *process;
    then.count += more;
    then.squares += (double)more * process->squares / (double)(process->count - 1);
    return then;
}

// How many of the values are `least` or more.
static size_t
count_from(const double *values, size_t count, double least)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += values[i] >= least;
    return found;
}

size_t
eprocess_reject(const double *log_e, size_t count, double alpha, bool *rejected)
{
    size_t k = count;
    double least = INFINITY;
    for (; k > 0; k--) {
        least = log((double)count / ((double)k * alpha));
        if (count_from(log_e, count, least) >= k)
            break;
    }
    for (size_t i = 0; i < count; i++)
        rejected[i] = k > 0 && log_e[i] >= least;
    return k;
}
