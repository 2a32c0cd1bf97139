// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sequential.h"

#include <math.h>

// Weight of the mixture's prior: decides after about as many launches as a strong effect needs.
#define PRIOR_C2 0.2
#define INTERVAL_ALPHA 0.05
#define LEFT_MAX 1000000

static const char *const names[] = {
    [SEQUENTIAL_INCONCLUSIVE] = "inconclusive",
    [SEQUENTIAL_FASTER] = "faster",
    [SEQUENTIAL_SLOWER] = "slower",
    [SEQUENTIAL_EQUIVALENT] = "equivalent",
};

const char *
sequential_verdict_name(enum sequential_verdict verdict)
{
    return names[verdict];
}

void
sequential_init(struct sequential *sequential, struct sequential_rule rule)
{
    sequential->rule = rule;
    eprocess_init(&sequential->process, PRIOR_C2);
}

void
sequential_add(struct sequential *sequential, double log_ratio)
{
    eprocess_add(&sequential->process, log_ratio);
}

static enum sequential_verdict
judge(const struct sequential_rule *rule, const struct eprocess *process)
{
    double low, high, margin = log1p(rule->margin);
    if (process->count == 0 || process->count < rule->launches_min)
        return SEQUENTIAL_INCONCLUSIVE;
    if (rule->margin > 0 && eprocess_interval(process, rule->alpha, &low, &high) && low >= -margin &&
        high <= margin)
        return SEQUENTIAL_EQUIVALENT;
    if (eprocess_log(process, 0) < -log(rule->alpha))
        return SEQUENTIAL_INCONCLUSIVE;
    return process->mean > 0 ? SEQUENTIAL_FASTER : SEQUENTIAL_SLOWER;
}

enum sequential_verdict
sequential_judge(const struct sequential *sequential)
{
    return judge(&sequential->rule, &sequential->process);
}

struct sequential_estimate
sequential_estimate(const struct sequential *sequential)
{
    double low, high;
    struct sequential_estimate estimate = {exp(sequential->process.mean), 0, INFINITY};
    if (eprocess_interval(&sequential->process, INTERVAL_ALPHA, &low, &high)) {
        estimate.low = exp(low);
        estimate.high = exp(high);
    }
    return estimate;
}

static bool
decides_after(const struct sequential *sequential, uint64_t more)
{
    struct eprocess then = eprocess_project(&sequential->process, more);
    return judge(&sequential->rule, &then) != SEQUENTIAL_INCONCLUSIVE;
}

// What goes on as it did crosses the threshold after `above` launches. Launches scatter, and the first lucky
// one ends it: half of all comparisons take this share of it.
#define LUCK 0.8

double
sequential_launches_left(const struct sequential *sequential)
{
    if (sequential->process.count < 2)
        return NAN;
    if (decides_after(sequential, 0))
        return 0;
    uint64_t below = 0, above = 1;
    for (; !decides_after(sequential, above); above *= 2) {
        below = above;
        if (above > LEFT_MAX)
            return INFINITY;
    }
    while (above - below > 1) {
        uint64_t middle = below + (above - below) / 2;
        if (decides_after(sequential, middle))
            above = middle;
        else
            below = middle;
    }
    uint64_t least = sequential->rule.launches_min, count = sequential->process.count;
    return fmax(least > count ? (double)(least - count) : 1, floor(LUCK * (double)above));
}
