// SPDX-License-Identifier: Apache-2.0
#include "sandbox/quads.h"
#include "base/clock.h"
#include "base/stats.h"
#include "base/vec.h"

#include <math.h>
#include <string.h>

enum {
    EMPTY_BATCHES = 9, // odd: their median is one of them
    WARM_BATCHES = 2,
    QUADS_MIN = 5,
    AUDIT_BATCHES_MAX = 10,
    CALIBRATIONS = 3,
    ROUNDS_MAX = 1 << 20
};

// CPU time of an audit that may show outside only: for each part, and as a share of it.
#define HIDDEN_NS 40000
#define HIDDEN_SHARE 0.01
#define AUDIT_NS 2e7
// What a candidate's batches may hide beyond the baseline's: 5 to 30 us of waking up are in both.
#define HIDDEN_BATCH_NS 20000
// An empty loop this much slower at its best than the baseline's, which is the same code, is not the one
// that we linked.
#define EMPTY_RATIO 4
#define EMPTY_NS 100000
// A variant that waits more often than this a batch, beyond the other, is compared by the wall clock.
#define WAITS_MAX 0.5

// A launch at work.
struct launch {
    const struct quads_spec *spec;
    struct quads_result *result;
    size_t window;
    struct batches batches[QUADS_CLOCKS];
    int64_t quickest_empty_ns[2]; // CPU time
    enum quads_clock clock;       // that both variants are compared by
};

static void
launch_release(struct launch *launch)
{
    for (size_t i = 0; i < QUADS_CLOCKS; i++)
        batches_release(&launch->batches[i]);
}

void
quads_result_release(struct quads_result *result)
{
    batches_release(&result->batches);
}

static int64_t
gross_ns(const struct cell_batch *batch, enum quads_clock clock)
{
    return clock == QUADS_WALL      ? batch->wall_ns
           : clock == QUADS_OUTSIDE ? batch->outside_cpu_ns
                                    : batch->cpu_ns;
}

static bool
same(const struct cell_batch *a, const struct cell_batch *b)
{
    return memcmp(&a->digest, &b->digest, sizeof(a->digest)) == 0;
}

// The first input of a window; the last window overlaps the one before it.
static size_t
window_first(const struct quads_spec *spec, size_t window)
{
    size_t count = spec->size.count, windows = (spec->input_count + count - 1) / count;
    size_t first = window % windows * count;
    return first + count > spec->input_count ? spec->input_count - count : first;
}

static void
note_fault(struct launch *launch, size_t variant, enum quads_end end)
{
    launch->result->end = end;
    launch->result->variant = variant;
}

static void
note_window(struct launch *launch, size_t rounds)
{
    struct quads_result *result = launch->result;
    result->window_first = window_first(launch->spec, launch->window);
    result->window_count = launch->spec->size.count;
    result->rounds = rounds;
}

static void
note_difference(struct launch *launch)
{
    launch->result->end = QUADS_DIFFER;
    note_window(launch, launch->spec->size.rounds);
}

// What the candidate tried and the baseline did not.
static enum cheat
tried_by_candidate(const struct launch *launch)
{
    struct cell *const *cells = launch->spec->cells;
    enum cheat tried = cell_cheat(cells[1]);
    return tried == cell_cheat(cells[0]) ? CHEAT_NONE : tried;
}

static void
note_cheat(struct launch *launch, enum cheat cheat)
{
    enum cheat tried = tried_by_candidate(launch);
    note_fault(launch, 1, QUADS_CHEAT);
    launch->result->cheat = tried != CHEAT_NONE ? tried : cheat;
}

static int
run_variant(struct launch *launch, size_t variant, struct cell_batch *batch, struct err *err)
{
    const struct quads_spec *spec = launch->spec;
    if (cell_batch(spec->cells[variant], window_first(spec, launch->window), spec->size.count,
                   spec->size.rounds, batch, err) < 0)
        return -1;
    if (batch->fault != CELL_OK) {
        note_fault(launch, variant, QUADS_FAULT);
        note_window(launch, spec->size.rounds);
    }
    return 0;
}

// The cost of the loop around the calls, which every batch pays.
static int
measure_empty(struct launch *launch, size_t variant, struct err *err)
{
    const struct quads_spec *spec = launch->spec;
    double samples[QUADS_CLOCKS][EMPTY_BATCHES];
    for (size_t i = 0; i < EMPTY_BATCHES; i++) {
        struct cell_batch batch;
        if (cell_empty(spec->cells[variant], window_first(spec, i), spec->size.count, spec->size.rounds,
                       &batch, err) < 0)
            return -1;
        if (batch.fault != CELL_OK) {
            note_fault(launch, variant, QUADS_FAULT);
            return 0;
        }
        for (enum quads_clock clock = 0; clock < QUADS_CLOCKS; clock++)
            samples[clock][i] = (double)gross_ns(&batch, clock);
        if (i == 0 || batch.cpu_ns < launch->quickest_empty_ns[variant])
            launch->quickest_empty_ns[variant] = batch.cpu_ns;
    }
    for (enum quads_clock clock = 0; clock < QUADS_CLOCKS; clock++)
        launch->batches[clock].empty_ns[variant] = (int64_t)stats_median(samples[clock], EMPTY_BATCHES);
    return 0;
}

// The loop is the same code in both: what it costs is the less disturbed of two measurements, and a variant
// that makes its own slower gains nothing. Slower is one by its quickest run, the least disturbed.
static void
share_empty(struct launch *launch)
{
    const int64_t *quickest_ns = launch->quickest_empty_ns;
    if (quickest_ns[1] > EMPTY_RATIO * quickest_ns[0] + EMPTY_NS)
        note_cheat(launch, CHEAT_HARNESS_MEMORY);
    for (enum quads_clock clock = 0; clock < QUADS_CLOCKS; clock++) {
        int64_t *ns = launch->batches[clock].empty_ns;
        ns[0] = ns[1] = ns[0] < ns[1] ? ns[0] : ns[1];
    }
}

static int
warm_up(struct launch *launch, struct err *err)
{
    struct cell_batch batch;
    for (size_t i = 0; i < 2 * WARM_BATCHES && launch->result->end == QUADS_DONE; i++)
        if (run_variant(launch, i % 2, &batch, err) < 0)
            return -1;
    for (size_t variant = 0; variant < 2 && launch->result->end == QUADS_DONE; variant++)
        if (measure_empty(launch, variant, err) < 0)
            return -1;
    if (launch->result->end == QUADS_DONE)
        share_empty(launch);
    return 0;
}

static void
note_quad(struct launch *launch, const struct cell_batch batches[2][2], bool candidate_first)
{
    for (enum quads_clock clock = 0; clock < QUADS_CLOCKS; clock++) {
        struct batches_quad *quad = vec_push(&launch->batches[clock].quads);
        quad->candidate_first = candidate_first;
        for (size_t i = 0; i < 4; i++)
            quad->ns[i / 2][i % 2] = gross_ns(&batches[i / 2][i % 2], clock);
    }
}

// One quad: batches[variant][first or second].
static int
run_quad(struct launch *launch, struct err *err)
{
    struct cell_batch batches[2][2];
    struct quads_result *result = launch->result;
    size_t outer = rng_below(launch->spec->rng, 2);
    const size_t order[4] = {outer, !outer, !outer, outer};
    for (size_t i = 0; i < 4; i++) {
        if (run_variant(launch, order[i], &batches[order[i]][i / 2], err) < 0)
            return -1;
        if (result->end != QUADS_DONE)
            return 0;
    }
    for (size_t variant = 0; variant < 2; variant++)
        if (!same(&batches[variant][0], &batches[variant][1])) {
            note_fault(launch, variant, QUADS_UNSTEADY);
            return 0;
        }
    if (!same(&batches[0][0], &batches[1][0])) {
        note_difference(launch);
        return 0;
    }
    note_quad(launch, batches, outer == 1);
    return 0;
}

// How many batches' work an audit is: long against the clocks' resolution, and no longer than it must be.
static size_t
audit_batches(const struct launch *launch)
{
    const struct batches *measured = &launch->batches[QUADS_CPU];
    int64_t last_ns = measured->quads.items[measured->quads.count - 1].ns[0][1];
    double batches = AUDIT_NS / batches_net_ns(measured, 0, last_ns);
    return batches < 1 ? 1 : batches > AUDIT_BATCHES_MAX ? AUDIT_BATCHES_MAX : (size_t)batches;
}

static void
time_outside(struct launch *launch, size_t variant)
{
    launch->clock = QUADS_OUTSIDE;
    if (variant == 1 && launch->result->end == QUADS_DONE)
        launch->result->cheat = CHEAT_HIDDEN_TIME;
}

// One long batch: does the clock in the cell agree with the same clock outside? Sets the clock to compare by.
static int
audit(struct launch *launch, size_t variant, struct cell_batch *batch, struct err *err)
{
    const struct quads_spec *spec = launch->spec;
    size_t first = window_first(spec, launch->window), rounds = spec->size.rounds * audit_batches(launch);
    if (cell_batch(spec->cells[variant], first, spec->size.count, rounds, batch, err) < 0)
        return -1;
    if (batch->fault != CELL_OK) {
        note_fault(launch, variant, QUADS_FAULT);
        note_window(launch, rounds);
        return 0;
    }
    double hidden = (double)(batch->outside_cpu_ns - batch->cpu_ns);
    if (hidden > HIDDEN_NS * (double)batch->parts + HIDDEN_SHARE * (double)batch->outside_cpu_ns)
        time_outside(launch, variant);
    return 0;
}

// A long batch can be told from the others, so these are looked at as well.
static bool
hides_time(const struct launch *launch)
{
    VEC(double) hidden[2] = {{0}};
    double hidden_ns[2];
    size_t count = launch->batches[QUADS_CPU].quads.count;
    for (size_t i = 0; i < 4 * count; i++) {
        const struct batches_quad *inside = &launch->batches[QUADS_CPU].quads.items[i / 4],
                                  *outside = &launch->batches[QUADS_OUTSIDE].quads.items[i / 4];
        size_t v = i / 2 % 2, k = i % 2;
        *vec_push(&hidden[v]) = (double)(outside->ns[v][k] - inside->ns[v][k]);
    }
    for (size_t v = 0; v < 2; v++) {
        hidden_ns[v] = stats_median(hidden[v].items, hidden[v].count);
        vec_release(&hidden[v]);
    }
    return hidden_ns[1] > hidden_ns[0] + HIDDEN_BATCH_NS;
}

// What neither clock nor digest shows: what the candidate tried, and what its process is beside the
// baseline's.
static void
examine(struct launch *launch)
{
    struct cell *const *cells = launch->spec->cells;
    enum cheat tried = tried_by_candidate(launch);
    struct witness witnesses[2];
    for (size_t v = 0; v < 2; v++)
        cell_witness(cells[v], &witnesses[v]);
    if (tried == CHEAT_NONE)
        tried = witness_compare(&witnesses[0], &witnesses[1]);
    if (tried != CHEAT_NONE)
        note_cheat(launch, tried);
}

// Chooses the clock that both variants are compared by.
static int
choose_clock(struct launch *launch, struct err *err)
{
    struct cell *const *cells = launch->spec->cells;
    double waits = (double)(cell_waits(cells[0]) - cell_waits(cells[1]));
    if (fabs(waits) > WAITS_MAX * 2 * (double)launch->batches[0].quads.count) {
        launch->clock = QUADS_WALL;
        launch->result->cheat = waits < 0 ? CHEAT_WAITS : CHEAT_NONE;
        return 0;
    }
    struct cell_batch audits[2];
    for (size_t variant = 0; variant < 2 && launch->result->end == QUADS_DONE; variant++)
        if (audit(launch, variant, &audits[variant], err) < 0)
            return -1;
    if (launch->result->end == QUADS_DONE && !same(&audits[0], &audits[1]))
        note_difference(launch);
    if (hides_time(launch))
        time_outside(launch, 1);
    return 0;
}

static void
conclude(struct launch *launch)
{
    struct quads_result *result = launch->result;
    struct batches *batches = &launch->batches[launch->clock];
    double calls = (double)batches->calls;
    result->quads = batches->quads.count;
    result->log_ratio = batches_log_ratio(batches);
    for (size_t v = 0; v < 2; v++)
        result->ns_per_call[v] = batches_median_ns(batches, v) / calls;
    result->batch_ns = result->ns_per_call[0] * calls + (double)batches->empty_ns[0];
    result->batches = *batches;
    *batches = (struct batches){.calls = 0};
}

int
quads_run(const struct quads_spec *spec, struct quads_result *result, struct err *err)
{
    struct launch launch = {.spec = spec, .result = result, .clock = QUADS_CPU};
    for (enum quads_clock clock = 0; clock < QUADS_CLOCKS; clock++)
        launch.batches[clock] = (struct batches){clock, spec->size.count * spec->size.rounds, {0}, {0}};
    *result = (struct quads_result){.end = QUADS_DONE};
    int64_t until_ns = clock_mono_ns() + spec->launch_ns;
    int done = warm_up(&launch, err);
    launch.window = rng_below(spec->rng, spec->input_count);
    for (size_t i = 0; done == 0 && result->end == QUADS_DONE; i++, launch.window++) {
        if (i >= QUADS_MIN && clock_mono_ns() >= until_ns)
            break;
        done = run_quad(&launch, err);
    }
    if (done == 0 && result->end == QUADS_DONE)
        done = choose_clock(&launch, err);
    if (done == 0 && result->end == QUADS_DONE)
        examine(&launch);
    if (done == 0 && result->end == QUADS_DONE)
        conclude(&launch);
    launch_release(&launch);
    return done;
}

// Least time of a few batches over the first `count` inputs, `rounds` times.
static int
least_ns(struct cell *cell, size_t count, size_t rounds, int64_t *least, struct err *err)
{
    *least = INT64_MAX;
    for (int i = 0; i < CALIBRATIONS; i++) {
        struct cell_batch batch;
        if (cell_batch(cell, 0, count, rounds, &batch, err) < 0)
            return -1;
        int64_t ns = batch.cpu_ns > 0 ? batch.cpu_ns : batch.wall_ns;
        *least = ns < *least ? ns : *least;
        if (batch.fault != CELL_OK || ns > CLOCK_S_NS / 4)
            return 0;
    }
    return 0;
}

// From one input upwards: all of them at once may take longer than a batch is allowed to.
static int
calibrate_count(struct cell *cell, size_t input_count, int64_t target_ns, size_t *count, int64_t *ns,
                struct err *err)
{
    for (*count = 1;; *count = *count > input_count / 4 ? input_count : *count * 4) {
        if (least_ns(cell, *count, 1, ns, err) < 0)
            return -1;
        if (*ns >= target_ns || *count == input_count)
            return 0;
    }
}

// Short batches are measured again with more rounds, because the clock's own time is in them.
static int
calibrate_rounds(struct cell *cell, size_t count, int64_t target_ns, int64_t ns, size_t *rounds,
                 struct err *err)
{
    for (size_t tried = 1;; tried = *rounds) {
        double wanted = ceil((double)target_ns / ((double)ns / (double)tried + 1));
        *rounds = wanted > ROUNDS_MAX ? ROUNDS_MAX : (size_t)wanted;
        if (ns >= target_ns / 4 || *rounds <= tried || tried == ROUNDS_MAX)
            return 0;
        if (least_ns(cell, count, *rounds, &ns, err) < 0)
            return -1;
    }
}

int
quads_calibrate(struct cell *cell, size_t input_count, int64_t target_ns, struct quads_size *size,
                struct err *err)
{
    int64_t ns;
    *size = (struct quads_size){input_count, 1};
    if (calibrate_count(cell, input_count, target_ns, &size->count, &ns, err) < 0)
        return -1;
    if (ns < target_ns)
        return calibrate_rounds(cell, size->count, target_ns, ns, &size->rounds, err);
    double share = (double)size->count * (double)target_ns / (double)ns;
    size->count = share < 1 ? 1 : (size_t)share;
    return 0;
}
