// SPDX-License-Identifier: Apache-2.0
// Calls of the supervisor on files fail: it says so in one line that names the file, nothing is lost, and the
// next life goes on.
#include "tests/crash/sweep.h"

#define FAULTS 5
#define POINTS_WANTED 120

static struct point
point_of(uint64_t number)
{
    static const struct {
        uint32_t how;
        bool lasting;
    } faults[FAULTS] = {
        {CONTROL_ENOSPC, false}, {CONTROL_EIO, false}, {CONTROL_SHORT, false},
        {CONTROL_ENOSPC, true},  {CONTROL_EIO, true},
    };
    struct point point = {.shot_count = 1};
    point.shots[0] = (struct control_shot){.role = CONTROL_SUPERVISOR,
                                           .how = faults[number % FAULTS].how,
                                           .lasting = faults[number % FAULTS].lasting,
                                           .at = number / FAULTS + 1};
    return point;
}

void
faults_test(struct sweep *sweep)
{
    struct control reference;
    sweep->preload = sweep->files_only = true;
    sweep_reference(sweep, &reference);
    uint64_t all = reference.calls[CONTROL_SUPERVISOR] * FAULTS;
    uint64_t count = sweep->wanted ? sweep->wanted : POINTS_WANTED;
    count = count < all ? count : all;
    struct point *points = ARENA_ARRAY(&sweep->arena, struct point, count);
    for (uint64_t i = 0; i < count; i++)
        points[i] = point_of(i * all / count);
    if (sweep->single && !sweep_read_point(sweep->single, &points[0]))
        sweep_say(sweep, false, "the point can't be read: %s", sweep->single);
    sweep_points(sweep, points, sweep->single ? 1 : count);
    const struct tally *t = sweep->tally;
    sweep_say(sweep, t->refused * 3 >= t->hits, "faults: %llu of %llu faults ended a life with an error",
              (unsigned long long)t->refused, (unsigned long long)t->hits);
    sweep_judge(sweep, "faults");
}
