// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/bandit.h"

#include <math.h>

static double
rate_of(const struct arm *arm)
{
    return arm->seconds > 0 ? arm->gain / arm->seconds : 0;
}

static double
best_rate(const struct bandit *bandit)
{
    double best = 0;
    for (size_t i = 0; i < bandit->count; i++)
        if (!bandit->arms[i].gone)
            best = fmax(best, rate_of(&bandit->arms[i]));
    return best;
}

size_t
bandit_choose(const struct bandit *bandit)
{
    size_t chosen = bandit->count;
    double best = best_rate(bandit), best_score = -INFINITY;
    for (size_t i = 0; i < bandit->count; i++) {
        const struct arm *arm = &bandit->arms[i];
        if (arm->gone)
            continue;
        double score = 1e9 + (double)arm->trials_first - arm->trials;
        if (arm->trials >= arm->trials_first && arm->trials > 0) {
            double width = sqrt(2 * log(bandit->trials + 1.0) / arm->trials);
            score = (best > 0 ? rate_of(arm) / best : 0) + arm->weight * width;
        }
        if (score > best_score) {
            best_score = score;
            chosen = i;
        }
    }
    return chosen;
}

void
bandit_note(struct bandit *bandit, size_t index, double gain, double seconds)
{
    struct arm *arm = &bandit->arms[index];
    arm->trials++;
    arm->gain += gain;
    arm->seconds += seconds > 0 ? seconds : 1;
    bandit->trials++;
}
