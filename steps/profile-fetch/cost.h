// SPDX-License-Identifier: Apache-2.0
// What a share of a profile is worth, and how well the samples know it. Interval: Wilson (1927), 95 %. Money:
// fleet cores x price of a core and year x share x elasticity; a function made s times faster saves 1 - 1/s
// of that.
#ifndef ATOLL_STEPS_PROFILE_FETCH_COST_H
#define ATOLL_STEPS_PROFILE_FETCH_COST_H

#include "steps/profile-fetch/profile.h"

#define COST_MIN_SAMPLES 30     // of the function, below which no money is named
#define COST_MAX_HALF_WIDTH 0.5 // of the interval, relative to the share

struct cost_rates {
    bool given;
    double fleet_cores;
    double core_year_usd;
    double elasticity; // 0..1: how much of the saved time the fleet gives back
};
struct cost_interval {
    double low, high;
};

// Wilson's 95 % interval of a share seen in `samples` (effective) samples; 0..1 without any.
struct cost_interval cost_wilson(double share, double samples);

// Dollars a year of a share.
double cost_usd_per_year(const struct cost_rates *rates, double share);

// Why a share cannot be given in dollars, or NULL when it can. `count`: samples of the function; static text.
const char *cost_refusal(const struct cost_rates *rates, const struct profile *profile, double share,
                         double count, struct cost_interval interval);

#endif
