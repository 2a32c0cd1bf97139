// SPDX-License-Identifier: Apache-2.0
// rules LOG REPLAYS: what rules of decision make of recorded launches (tests/bench/duets.c) of equal pairs.
// Ours: the stopping rule over launches drawn from the record with replacement; since the two sides of an
// equal pair can be exchanged, a drawn launch changes its sign at random. The others look at the same times,
// ten launches a side: benchstat's rule (medians of a run, exact Mann-Whitney, .05) and hyperfine's with its
// Welch script (means, t, .05), each first all of the old and then all of the new, as they are run, and in
// turn. They are better off here than in life: every launch has a layout of its own.
#include "base/rng.h"
#include "base/stats.h"
#include "base/vec.h"
#include "sandbox/sequential.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 10, KERNELS_MAX = 16, LOOKS = 240 };

#define PEER_ALPHA 0.05

struct launch {
    double ns[2], log_ratio;
};

struct pool {
    char kernel[32];
    VEC(struct launch) launches;
};

static struct pool *
pool_of(struct pool pools[KERNELS_MAX], const char *kernel)
{
    for (size_t i = 0; i < KERNELS_MAX; i++) {
        if (pools[i].kernel[0] == '\0')
            snprintf(pools[i].kernel, sizeof(pools[i].kernel), "%s", kernel);
        if (strcmp(pools[i].kernel, kernel) == 0)
            return &pools[i];
    }
    return NULL;
}

static int
read_log(const char *path, struct pool pools[KERNELS_MAX])
{
    char kernel[32];
    unsigned pct, duet;
    struct launch launch;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (fscanf(file, "%31s %u %u %lf %lf %lf", kernel, &pct, &duet, &launch.ns[0], &launch.ns[1],
                  &launch.log_ratio) == 6) {
        struct pool *pool = pct == 0 ? pool_of(pools, kernel) : NULL;
        if (pool != NULL)
            *vec_push(&pool->launches) = launch;
    }
    fclose(file);
    return 0;
}

static void
replay(const struct pool *pool, unsigned replays, bool is_equivalence)
{
    unsigned different = 0, equivalent = 0;
    struct sequential_rule rule = {0.01, is_equivalence ? 0.01 : 0, 8};
    for (unsigned i = 0; i < replays; i++) {
        struct sequential test;
        struct rng rng;
        enum sequential_verdict verdict = SEQUENTIAL_INCONCLUSIVE;
        rng_init(&rng, 1, i);
        sequential_init(&test, rule);
        for (int look = 0; look < LOOKS && verdict == SEQUENTIAL_INCONCLUSIVE; look++) {
            double value = pool->launches.items[rng_below(&rng, pool->launches.count)].log_ratio;
            sequential_add(&test, rng_below(&rng, 2) == 0 ? value : -value);
            verdict = sequential_judge(&test);
        }
        different += verdict == SEQUENTIAL_FASTER || verdict == SEQUENTIAL_SLOWER;
        equivalent += verdict == SEQUENTIAL_EQUIVALENT;
    }
    printf("  atoll, %s, up to %d launches: %u of %u (%.2f %%) called different, %u equivalent\n",
           is_equivalence ? "margin 1 %" : "no margin", LOOKS, different, replays,
           100.0 * different / replays, equivalent);
}

// Two-sided p of Welch's t test.
static double
welch(const double *x, const double *y)
{
    double vx = stats_variance(x, SIDE) / SIDE, vy = stats_variance(y, SIDE) / SIDE;
    double t2 = pow(stats_mean(x, SIDE) - stats_mean(y, SIDE), 2) / (vx + vy);
    double freedom = pow(vx + vy, 2) / ((vx * vx + vy * vy) / (SIDE - 1));
    return vx + vy > 0 ? stats_beta(freedom / 2, 0.5, freedom / (freedom + t2)) : 1;
}

// Each window of launches as one comparison: old times from its first ten; new ones from the ten after them,
// or in turn from the same.
static void
peers(const struct pool *pool, bool in_turn)
{
    unsigned count = 0, ranks = 0, means = 0;
    for (size_t start = 0; start + 2 * SIDE <= pool->launches.count; start += SIDE) {
        double sides[2][SIDE];
        for (size_t i = 0; i < SIDE; i++) {
            sides[0][i] = pool->launches.items[start + i].ns[0];
            sides[1][i] = pool->launches.items[start + i + (in_turn ? 0 : SIDE)].ns[1];
        }
        count++;
        means += welch(sides[0], sides[1]) < PEER_ALPHA;
        ranks += stats_mann_whitney(sides[0], SIDE, sides[1], SIDE).p_exact < PEER_ALPHA;
    }
    if (count > 0)
        printf("  %s: benchstat's rule %u of %u (%.1f %%), hyperfine + Welch %u of %u (%.1f %%)\n",
               in_turn ? "in turn" : "old, then new", ranks, count, 100.0 * ranks / count, means, count,
               100.0 * means / count);
}

int
main(int argc, char **argv)
{
    static struct pool pools[KERNELS_MAX];
    if (argc != 3 || read_log(argv[1], pools) != 0) {
        fprintf(stderr, "usage: rules LOG REPLAYS\n");
        return 2;
    }
    for (size_t i = 0; i < KERNELS_MAX && pools[i].kernel[0] != '\0'; i++) {
        struct pool *pool = &pools[i];
        printf("%s, %zu recorded launches\n", pool->kernel, pool->launches.count);
        replay(pool, (unsigned)strtoul(argv[2], NULL, 10), false);
        replay(pool, (unsigned)strtoul(argv[2], NULL, 10), true);
        peers(pool, false);
        peers(pool, true);
        vec_release(&pool->launches);
    }
    return 0;
}
