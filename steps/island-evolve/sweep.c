// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRONTIER_MAX 3 // stepping stones with one set of mutators
#define IDLE_MAX 3     // steps without a gain in a row
#define GAIN_MIN 1.05  // over the parent, to count as one
#define STONE_MIN 0.8  // of the parent's speed, for a step that changes the shape of the code
#define BEHIND_MAX 2.5 // how much a slow parent can cost a job
#define IDLE_COST 0.8
#define STRONG 2 // promise of techniques that are tried on all of the baseline before anything else
#define ROOT_FIRST 100
#define DRY_MAX 10 // trials of a mutator without a gain; then others go first
#define DRY_COST 1.2
#define LINEAGE_STEPS_MAX 32

void
sweep_release(struct sweep *sweep)
{
    vec_release(&sweep->jobs);
    map_release(&sweep->frontier);
    map_release(&sweep->dry);
}

static int
compare_steps(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

// "b+a+b" -> "a+b+b": the order of steps does not matter.
static void
set_of(const char *lineage, struct buf *out)
{
    struct str steps[LINEAGE_STEPS_MAX] = {0}, rest = str_of(lineage);
    size_t count = 0;
    while (rest.ptr != NULL && count < LINEAGE_STEPS_MAX)
        steps[count++] = str_cut(&rest, '+');
    qsort(steps, count, sizeof(*steps), compare_steps);
    for (size_t i = 0; i < count; i++) {
        buf_add_str(out, steps[i]);
        buf_putc(out, '+');
    }
}

static bool
changes_shape(enum technique technique)
{
    return technique == TECHNIQUE_ALGORITHM || technique == TECHNIQUE_TABLE || technique == TECHNIQUE_LIBC ||
           technique == TECHNIQUE_LOOP || technique == TECHNIQUE_MODEL;
}

static bool
is_stone(const struct candidate *candidate, enum technique technique)
{
    bool known = candidate->reason == NULL || strcmp(candidate->reason, "duplicate-code") == 0 ||
                 strcmp(candidate->reason, "slower") == 0;
    return known && changes_shape(technique) && candidate->idle <= IDLE_MAX &&
           candidate->speedup >= STONE_MIN * candidate->parents[0]->speedup;
}

bool
sweep_admits(struct sweep *sweep, const struct candidate *candidate, enum technique technique)
{
    const struct candidate *parent = candidate->parents[0];
    if (parent == NULL)
        return true;
    bool gained = candidate_is_right(candidate) && candidate->speedup >= GAIN_MIN * parent->speedup;
    if (!gained && !is_stone(candidate, technique))
        return false;
    AUTO_BUF key = BUF(8192);
    set_of(candidate->lineage, &key);
    void **slot = map_slot(&sweep->frontier, buf_str(&key));
    uintptr_t number = (uintptr_t)*slot;
    if (number >= FRONTIER_MAX && !gained)
        return false;
    *slot = (void *)(number + 1);
    return true;
}

void
sweep_add(struct sweep *sweep, struct candidate *parent, const struct mutator_ops *mutator, size_t site)
{
    *vec_push(&sweep->jobs) = (struct job){parent, mutator, site};
}

static double
promise(enum technique technique)
{
    switch (technique) {
    case TECHNIQUE_ALGORITHM:
    case TECHNIQUE_TABLE:
        return 3;
    case TECHNIQUE_LIBC:
        return 2.5;
    case TECHNIQUE_LOOP:
        return 1.5;
    case TECHNIQUE_EDIT:
    case TECHNIQUE_CROSSOVER:
    case TECHNIQUE_MODEL:
        return 0.5;
    case TECHNIQUE_HINT:
        break;
    }
    return 0;
}

// Trials of a mutator since it last brought a gain.
static uintptr_t
dry_trials(const struct sweep *sweep, const struct mutator_ops *mutator)
{
    return (uintptr_t)map_get(&sweep->dry, str_of(mutator->name));
}

void
sweep_note(struct sweep *sweep, const struct mutator_ops *mutator, bool gained)
{
    uintptr_t trials = gained ? 0 : dry_trials(sweep, mutator) + 1;
    map_set(&sweep->dry, str_of(mutator->name), (void *)trials);
}

// Exact when it is more than `least`. How a mutator fared makes it less, and is looked up only when it
// matters.
static double
priority(const struct sweep *sweep, const struct job *job, double best_speedup, double least)
{
    double value = promise(job->mutator->technique) - 0.02 * (double)job->site;
    bool is_root = job->parent->parents[0] == NULL;
    if (is_root && value > STRONG)
        return ROOT_FIRST + value;
    double behind = fmax(0, 3 * log2(best_speedup / fmax(job->parent->speedup, 0.01)));
    double fresh = value - fmin(behind, BEHIND_MAX) - IDLE_COST * job->parent->idle;
    if (fresh <= least)
        return fresh;
    return dry_trials(sweep, job->mutator) > DRY_MAX ? fresh - DRY_COST : fresh;
}

bool
sweep_take(struct sweep *sweep, double best_speedup, struct job *job)
{
    size_t best = 0;
    double best_priority = -INFINITY;
    for (size_t i = 0; i < sweep->jobs.count; i++) {
        double now = priority(sweep, &sweep->jobs.items[i], best_speedup, best_priority);
        if (now > best_priority) {
            best_priority = now;
            best = i;
        }
    }
    if (sweep->jobs.count == 0)
        return false;
    *job = sweep->jobs.items[best];
    size_t after = sweep->jobs.count - best - 1;
    memmove(&sweep->jobs.items[best], &sweep->jobs.items[best + 1], after * sizeof(*job));
    sweep->jobs.count--;
    return true;
}
