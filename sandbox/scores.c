// SPDX-License-Identifier: Apache-2.0
#include "sandbox/scores.h"
#include "base/stats.h"

#include <math.h>
#include <string.h>

#define REFUSED_RATE 0.01
#define REFUSED_CONFIDENCE 0.95

void
scores_init(struct scores *scores, const char *const *names, size_t count, struct sequential_rule rule,
            uint64_t seed)
{
    size_t capacity = 0;
    *scores = (struct scores){.count = count};
    scores->benchmarks = vec_grow(NULL, &capacity, count, sizeof(*scores->benchmarks));
    rule.alpha /= (double)(count > 0 ? count : 1);
    for (size_t i = 0; i < count; i++) {
        struct score *benchmark = &scores->benchmarks[i];
        benchmark->name = names[i];
        sequential_init(&benchmark->test, rule);
        for (size_t side = 0; side < 2; side++)
            sequential_init(&benchmark->controls[side].test, rule);
    }
    rng_init(&scores->rng, seed, 1);
}

void
scores_release(struct scores *scores)
{
    for (size_t i = 0; i < scores->count; i++) {
        struct score *benchmark = &scores->benchmarks[i];
        vec_release(&benchmark->quads);
        for (size_t side = 0; side < 2; side++) {
            vec_release(&benchmark->controls[side].quads);
            vec_release(&benchmark->values[side]);
        }
    }
    vec_free(scores->benchmarks);
    *scores = (struct scores){0};
}

static bool
is_open(const struct score *benchmark)
{
    return sequential_judge(&benchmark->test) == SEQUENTIAL_INCONCLUSIVE;
}

// Four times of one side are a quad x y y x; whether x plays A is drawn.
static void
control_add(struct score_control *control, double log_time, struct rng *rng)
{
    const double *held = control->held;
    control->held[control->held_count++] = log_time;
    if (control->held_count < 4)
        return;
    double ratio = ((held[0] - held[1]) + (held[3] - held[2])) / 2;
    *vec_push(&control->quads) = rng_below(rng, 2) == 0 ? ratio : -ratio;
    control->held_count = 0;
}

void
scores_quad(struct scores *scores, size_t index, const double a[2], const double b[2])
{
    struct score *benchmark = &scores->benchmarks[index];
    double log_a[2], log_b[2];
    if (!is_open(benchmark))
        return;
    for (size_t i = 0; i < 2; i++) {
        log_a[i] = log(a[i]);
        log_b[i] = log(b[i]);
        *vec_push(&benchmark->values[0]) = a[i];
        *vec_push(&benchmark->values[1]) = b[i];
        control_add(&benchmark->controls[0], log_a[i], &scores->rng);
        control_add(&benchmark->controls[1], log_b[i], &scores->rng);
    }
    *vec_push(&benchmark->quads) = ((log_a[0] - log_b[0]) + (log_a[1] - log_b[1])) / 2;
}

static void
control_end_launch(struct score_control *control)
{
    if (control->quads.count == 0)
        return;
    if (sequential_judge(&control->test) == SEQUENTIAL_INCONCLUSIVE)
        sequential_add(&control->test, stats_median(control->quads.items, control->quads.count));
    control->quads.count = 0;
}

void
scores_end_launch(struct scores *scores, double seconds)
{
    for (size_t i = 0; i < scores->count; i++) {
        struct score *benchmark = &scores->benchmarks[i];
        if (benchmark->quads.count == 0)
            continue;
        sequential_add(&benchmark->test, stats_median(benchmark->quads.items, benchmark->quads.count));
        benchmark->quads.count = 0;
        benchmark->seconds = seconds;
        for (size_t side = 0; side < 2; side++)
            control_end_launch(&benchmark->controls[side]);
    }
}

bool
scores_is_decided(const struct scores *scores)
{
    for (size_t i = 0; i < scores->count; i++)
        if (is_open(&scores->benchmarks[i]))
            return false;
    return true;
}

double
scores_launches_left(const struct scores *scores)
{
    double most = 0;
    for (size_t i = 0; i < scores->count; i++) {
        if (!is_open(&scores->benchmarks[i]))
            continue;
        double left = sequential_launches_left(&scores->benchmarks[i].test);
        if (isnan(left))
            return NAN;
        most = fmax(most, left);
    }
    return most;
}

struct scores_aa
scores_control(const struct score *benchmark)
{
    struct scores_aa aa = {0, 0};
    for (size_t side = 0; side < 2; side++) {
        const struct sequential *test = &benchmark->controls[side].test;
        enum sequential_verdict verdict = sequential_judge(test);
        aa.of += test->process.count >= test->rule.launches_min;
        aa.different += verdict == SEQUENTIAL_FASTER || verdict == SEQUENTIAL_SLOWER;
    }
    return aa;
}

struct scores_aa
scores_controls(const struct scores *scores)
{
    struct scores_aa all = {0, 0};
    for (size_t i = 0; i < scores->count; i++) {
        struct scores_aa aa = scores_control(&scores->benchmarks[i]);
        all.different += aa.different;
        all.of += aa.of;
    }
    return all;
}

bool
scores_is_refused(const struct scores *scores)
{
    struct scores_aa all = scores_controls(scores);
    return stats_binomial_lower(all.different, all.of, REFUSED_CONFIDENCE) > REFUSED_RATE;
}

double
scores_time(const struct score *benchmark, size_t side)
{
    VEC(double) sorted = {0};
    for (size_t i = 0; i < benchmark->values[side].count; i++)
        *vec_push(&sorted) = benchmark->values[side].items[i];
    double median = stats_median(sorted.items, sorted.count);
    vec_release(&sorted);
    return median;
}
