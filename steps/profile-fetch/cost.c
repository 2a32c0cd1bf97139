// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/cost.h"

#include <math.h>

#define Z95 1.959963984540054

struct cost_interval
cost_wilson(double share, double samples)
{
    if (!(samples > 0))
        return (struct cost_interval){.low = 0, .high = 1};
    double p = fmin(fmax(share, 0), 1), z2 = Z95 * Z95;
    double middle = (p + z2 / (2 * samples)) / (1 + z2 / samples);
    double half = Z95 / (1 + z2 / samples) * sqrt(p * (1 - p) / samples + z2 / (4 * samples * samples));
    return (struct cost_interval){.low = fmax(middle - half, 0), .high = fmin(middle + half, 1)};
}

double
cost_usd_per_year(const struct cost_rates *rates, double share)
{
    return rates->fleet_cores * rates->core_year_usd * share * rates->elasticity;
}

const char *
cost_refusal(const struct cost_rates *rates, const struct profile *profile, double share, double count,
             struct cost_interval interval)
{
    if (!rates->given)
        return "no cost: was given";
    if (!profile_is_cpu(profile))
        return "the profile does not measure processor time";
    if (profile->kind == PROFILE_INSTRUCTIONS)
        return NULL;
    if (count < COST_MIN_SAMPLES)
        return "fewer than 30 samples";
    if ((interval.high - interval.low) / 2 > COST_MAX_HALF_WIDTH * share)
        return "the interval is wider than half of the share";
    return NULL;
}
