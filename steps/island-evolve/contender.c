// SPDX-License-Identifier: Apache-2.0
#include "steps/island-evolve/contender.h"

#include <math.h>

#define WORTH_A_LOOK 1.02
#define SAME_SPEED 0.96  // of the fastest: then the shorter text wins,
#define SAME_SAVING 0.99 // also when it saves nearly all of the time that the fastest saves

static bool
is_chosen(const struct contender *contenders, size_t count, const struct candidate *candidate)
{
    for (size_t i = 0; i < count; i++)
        if (contenders[i].candidate == candidate)
            return true;
    return false;
}

// Whether the difference to the fastest is not worth more text.
static bool
is_near(double speedup, double fastest)
{
    return speedup >= SAME_SPEED * fastest || 1 - 1 / speedup >= SAME_SAVING * (1 - 1 / fastest);
}

static bool
is_better(const struct candidate *a, const struct candidate *b, bool by_length)
{
    return b == NULL || (by_length ? a->text.len < b->text.len : a->speedup > b->speedup);
}

// The fastest candidate, or of those near `fastest` the shortest, that counts and is not chosen yet.
static const struct candidate *
pick(const struct search *search, const struct contender *chosen, size_t count, double fastest,
     bool by_length)
{
    const struct candidate *best = NULL;
    VEC_EACH (struct candidate *, item, &search->candidates) {
        bool fit = candidate_is_right(*item) && search_counts(*item) && (*item)->speedup >= WORTH_A_LOOK &&
                   (!by_length || is_near((*item)->speedup, fastest)) && !is_chosen(chosen, count, *item);
        if (fit && is_better(*item, best, by_length))
            best = *item;
    }
    return best;
}

size_t
contender_choose(const struct search *search, struct contender contenders[CONTENDERS_MAX])
{
    size_t count = 0;
    double fastest = 0;
    for (size_t i = 0; i < CONTENDERS_MAX; i++) {
        bool by_length = i >= CONTENDERS_MAX / 2;
        const struct candidate *candidate = pick(search, contenders, count, fastest, by_length);
        if (candidate == NULL)
            continue;
        fastest = fmax(fastest, candidate->speedup);
        contenders[count++] = (struct contender){candidate, candidate->speedup};
    }
    return count;
}

// Whether `a` goes before `b`: of those that are about as fast as the fastest the shorter, else the faster.
static bool
goes_before(const struct contender *a, const struct contender *b, double fastest)
{
    if (is_near(a->speedup, fastest) && is_near(b->speedup, fastest))
        return a->candidate->text.len < b->candidate->text.len;
    return a->speedup > b->speedup;
}

void
contender_sort(struct contender *contenders, size_t count)
{
    double fastest = 0;
    for (size_t i = 0; i < count; i++)
        fastest = fmax(fastest, contenders[i].speedup);
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && goes_before(&contenders[k], &contenders[k - 1], fastest); k--) {
            struct contender later = contenders[k - 1];
            contenders[k - 1] = contenders[k];
            contenders[k] = later;
        }
}
