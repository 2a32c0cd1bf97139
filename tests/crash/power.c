// SPDX-License-Identifier: Apache-2.0
// The power is cut: what was acknowledged before has to be there afterwards.
#include "tests/crash/sweep.h"

#define EVERY_WRITE 32
#define CONTROL_POINTS 24

static void
cut_at_syncs(struct sweep *sweep, const struct control *reference)
{
    uint64_t syncs = reference->syncs, writes = reference->writes / EVERY_WRITE;
    uint64_t rounds = sweep->wanted > syncs ? sweep->wanted / syncs : 1, count = rounds * syncs + writes;
    struct point *points = ARENA_ARRAY(&sweep->arena, struct point, count);
    for (uint64_t i = 0; i < count; i++) {
        bool write = i >= rounds * syncs;
        points[i] = (struct point){.seed = i};
        if (write)
            points[i].cut_at_write = (i - rounds * syncs + 1) * EVERY_WRITE;
        else
            points[i].cut_at_sync = i / rounds + 1;
    }
    sweep_points(sweep, points, count);
    // A few syncs come or go with the timer.
    sweep_say(sweep, syncs > 20 && sweep->tally->hits * 10 >= count * 9,
              "power: cut at each of %llu syncs and at %llu writes, %llu times in all",
              (unsigned long long)syncs, (unsigned long long)writes, (unsigned long long)sweep->tally->hits);
    sweep_judge(sweep, "power");
}

static void
cut_without_syncs(struct sweep *sweep, const struct control *reference)
{
    struct point points[CONTROL_POINTS] = {0};
    for (uint64_t i = 0; i < CONTROL_POINTS; i++)
        points[i] =
            (struct point){.seed = i, .cut_at_write = reference->writes * (i + 1) / (CONTROL_POINTS + 1)};
    sweep_clear(sweep);
    sweep->synchronous_off = sweep->quiet = true;
    sweep_points(sweep, points, CONTROL_POINTS);
    const struct tally *t = sweep->tally;
    sweep_say(sweep, t->lost > 0,
              "power: the control with synchronous=OFF loses (%llu lost, %llu damaged of %llu cuts)",
              (unsigned long long)t->lost, (unsigned long long)t->unverified, (unsigned long long)t->hits);
}

void
power_test(struct sweep *sweep)
{
    struct control reference;
    sweep->power = true;
    sweep_reference(sweep, &reference);
    cut_at_syncs(sweep, &reference);
    cut_without_syncs(sweep, &reference);
}
