// SPDX-License-Identifier: Apache-2.0
#include "sandbox/batches.h"
#include "base/stats.h"

#include <math.h>

#define CALL_MIN_NS 0.02

void
batches_release(struct batches *batches)
{
    vec_release(&batches->quads);
}

double
batches_net_ns(const struct batches *batches, size_t variant, int64_t ns)
{
    double net = (double)ns - (double)batches->empty_ns[variant];
    double least = CALL_MIN_NS * (double)batches->calls;
    return net > least ? net : least;
}

double
batches_log_ratio(const struct batches *batches)
{
    VEC(double) ratios = {0};
    VEC_EACH (struct batches_quad, quad, &batches->quads) {
        double sum = 0;
        for (size_t pair = 0; pair < 2; pair++)
            sum += log(batches_net_ns(batches, 0, quad->ns[0][pair]) /
                       batches_net_ns(batches, 1, quad->ns[1][pair]));
        *vec_push(&ratios) = sum / 2;
    }
    double median = stats_median(ratios.items, ratios.count);
    vec_release(&ratios);
    return median;
}

double
batches_median_ns(const struct batches *batches, size_t variant)
{
    VEC(double) times = {0};
    VEC_EACH (struct batches_quad, quad, &batches->quads)
        for (size_t pair = 0; pair < 2; pair++)
            *vec_push(&times) = batches_net_ns(batches, variant, quad->ns[variant][pair]);
    double median = stats_median(times.items, times.count);
    vec_release(&times);
    return median;
}
