// SPDX-License-Identifier: Apache-2.0
// Processes are killed at the calls with which they change the world.
#include "base/buf.h"
#include "base/fs.h"
#include "base/rng.h"
#include "tests/crash/sweep.h"

#include <stdio.h>
#include <time.h>

#define POINTS_WANTED 310
#define POINTS_LEAST 300
#define NIGHTLY_WANTED 100000
#define BATCH 500

// Every call of every process, each before and half-way: how many points there are, and the one of a number.
static uint64_t
all_points(const struct control *reference)
{
    uint64_t calls = 0;
    for (int role = 0; role < CONTROL_ROLES; role++)
        calls += reference->calls[role];
    return 2 * calls;
}

static struct point
point_of(const struct control *reference, uint64_t number)
{
    struct point point = {.shot_count = 1};
    uint64_t call = number / 2;
    uint32_t role = 0;
    while (role + 1 < CONTROL_ROLES && call >= reference->calls[role])
        call -= reference->calls[role++];
    point.shots[0] = (struct control_shot){
        .role = role, .how = number % 2 ? CONTROL_KILL_HALF : CONTROL_KILL_BEFORE, .at = call + 1};
    return point;
}

// Two to six kills of one story, steps side by side.
static struct point
random_point(const struct control *reference, struct rng *rng)
{
    struct point point = {.parallel = (uint32_t)rng_below(rng, 3) + 1};
    point.shot_count = (uint32_t)rng_below(rng, 5) + 2;
    uint32_t steps_killed = 0;
    for (uint32_t i = 0; i < point.shot_count; i++) {
        uint32_t role = rng_below(rng, 12) == 0 ? CONTROL_SENDER : (uint32_t)rng_below(rng, 2);
        // A step that is killed a fourth time counts as failed.
        if (role == CONTROL_STEP && ++steps_killed > 3)
            role = CONTROL_SUPERVISOR;
        point.shots[i] = (struct control_shot){
            .role = role,
            .how = rng_below(rng, 2) ? CONTROL_KILL_HALF : CONTROL_KILL_BEFORE,
            .at = rng_below(rng, reference->calls[role] * 5 / 4 + 1) + 1,
        };
    }
    return point;
}

// The one point that was asked for.
static void
tell_single(struct sweep *sweep)
{
    struct point point = {.parallel = sweep->parallel};
    bool read = sweep_read_point(sweep->single, &point);
    sweep_say(sweep, read, "the point can be read: %s", sweep->single);
    if (!read)
        return;
    sweep_points(sweep, &point, 1);
    sweep_judge(sweep, "point");
}

void
kills_test(struct sweep *sweep)
{
    struct control reference;
    sweep->preload = true;
    sweep_reference(sweep, &reference);
    if (sweep->single) {
        tell_single(sweep);
        return;
    }
    uint64_t all = all_points(&reference), wanted = sweep->wanted ? sweep->wanted : POINTS_WANTED;
    wanted = wanted < all ? wanted : all;
    struct point *points = ARENA_ARRAY(&sweep->arena, struct point, wanted);
    for (uint64_t i = 0; i < wanted; i++)
        points[i] = point_of(&reference, i * all / wanted);
    sweep_points(sweep, points, wanted);
    uint64_t least = wanted < POINTS_LEAST ? wanted * 9 / 10 : POINTS_LEAST;
    sweep_say(sweep, sweep->tally->hits >= least, "kills: %llu of %llu points were hit",
              (unsigned long long)sweep->tally->hits, (unsigned long long)wanted);
    sweep_judge(sweep, "kills");
}

// ---- the nightly test

// What is left of an interrupted one: the number of the next point, and what was counted.
static uint64_t
read_progress(struct sweep *sweep)
{
    unsigned long long next = 0, hits = 0, lives = 0;
    FILE *file = sweep->progress ? fopen(sweep->progress, "r") : NULL;
    if (!file)
        return 0;
    if (fscanf(file, "%llu %llu %llu", &next, &hits, &lives) != 3)
        next = hits = lives = 0;
    fclose(file);
    sweep->tally->hits = hits;
    sweep->tally->lives = lives;
    return next;
}

static void
write_progress(const struct sweep *sweep, uint64_t next, uint64_t wanted, time_t begun)
{
    const struct tally *t = sweep->tally;
    AUTO_ARENA arena = {0};
    struct err err;
    char *text = arena_printf(&arena, "%llu %llu %llu\n", (unsigned long long)next,
                              (unsigned long long)t->hits, (unsigned long long)t->lives);
    if (sweep->progress && fs_write(sweep->progress, str_of(text), &err) < 0)
        fprintf(stderr, "# %s\n", err.message);
    fprintf(stderr, "# %llu of %llu points, %llu lives, %lld s\n", (unsigned long long)t->hits,
            (unsigned long long)wanted, (unsigned long long)t->lives, (long long)(time(NULL) - begun));
}

static bool
all_well(const struct tally *t)
{
    return t->unended + t->lost + t->repeated + t->doubled + t->different + t->unverified + t->early +
               t->unclear ==
           0;
}

void
nightly_test(struct sweep *sweep)
{
    struct control reference;
    time_t begun = time(NULL);
    sweep->preload = true;
    sweep_reference(sweep, &reference);
    uint64_t wanted = sweep->wanted ? sweep->wanted : NIGHTLY_WANTED, all = all_points(&reference);
    struct point *points = ARENA_ARRAY(&sweep->arena, struct point, BATCH);
    uint64_t next = read_progress(sweep);
    // What was wrong is not kept in the progress: the batch that found it is done again.
    while (sweep->tally->hits < wanted && all_well(sweep->tally)) {
        for (uint64_t i = 0; i < BATCH; i++) {
            struct rng rng;
            rng_init(&rng, next + i, 0);
            points[i] = next + i < all ? point_of(&reference, next + i) : random_point(&reference, &rng);
        }
        sweep_points(sweep, points, BATCH);
        next += BATCH;
        if (all_well(sweep->tally))
            write_progress(sweep, next, wanted, begun);
    }
    sweep_say(sweep, sweep->tally->hits >= wanted, "nightly: %llu of %llu points were hit",
              (unsigned long long)sweep->tally->hits, (unsigned long long)wanted);
    sweep_judge(sweep, "nightly");
}
