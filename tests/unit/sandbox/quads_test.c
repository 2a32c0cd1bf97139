// SPDX-License-Identifier: Apache-2.0
#include "sandbox/quads.h"
#include "tests/unit/sandbox/fixture.h"
#include "tests/unit/sandbox/objects.h"

#include <math.h>

enum { INPUTS = 40 };

struct pair {
    struct fixture f;
    struct calls calls;
    struct cell *cells[2];
    struct rng rng;
    struct quads_result last;
};

static void
pair_init(struct pair *pair, const char *baseline, const char *candidate)
{
    const char *const sources[] = {baseline, candidate}, *const names[] = {"a.so", "b.so"};
    *pair = (struct pair){0};
    fixture_init(&pair->f);
    calls_init(&pair->calls);
    rng_init(&pair->rng, 1, 2);
    for (size_t i = 0; i < INPUTS; i++) {
        char text[INPUTS + 2];
        memset(text, 'x', sizeof(text));
        text[i + 1] = 0;
        calls_add_text(&pair->calls, text);
    }
    for (size_t i = 0; i < 2; i++) {
        struct cell_options options = {.object_path = fixture_object(&pair->f, names[i], sources[i])};
        pair->cells[i] = cell_new(pair->f.launcher, &options, &pair->f.err);
        ck_assert_msg(pair->cells[i] != NULL, "%s", pair->f.err.message);
        OK(cell_load(pair->cells[i], &pair->calls.inputs, &pair->f.err), &pair->f.err);
    }
}

static struct quads_result
pair_run(struct pair *pair, struct quads_size size, int64_t launch_ns)
{
    struct quads_result result;
    struct quads_spec spec = {{pair->cells[0], pair->cells[1]}, INPUTS, size, launch_ns, &pair->rng};
    OK(quads_run(&spec, &result, &pair->f.err), &pair->f.err);
    quads_result_release(&pair->last);
    return pair->last = result;
}

static void
pair_release(struct pair *pair)
{
    quads_result_release(&pair->last);
    cell_free(pair->cells[0]);
    cell_free(pair->cells[1]);
    calls_release(&pair->calls);
    fixture_release(&pair->f);
}

// Works for `loops` times the text's length.
#define WORK_OBJECT(loops)                                                                                 \
    TEXT_OBJECT("volatile uint64_t h = 1; for (size_t i = 0; i < n * " #loops "; i++) h = h * 31; return " \
                "1;")

START_TEST(light_calls_are_repeated)
{
    struct pair p;
    struct quads_size size;
    pair_init(&p, SUM_OBJECT, SUM_OBJECT);
    OK(quads_calibrate(p.cells[0], INPUTS, 300000, &size, &p.f.err), &p.f.err);
    ck_assert_uint_eq(size.count, INPUTS);
    ck_assert_uint_gt(size.rounds, 50);
    struct quads_result result = pair_run(&p, size, 20000000);
    ck_assert_int_eq(result.end, QUADS_DONE);
    ck_assert(result.batch_ns > 100000 && result.batch_ns < 900000);
    ck_assert(fabs(result.ns_per_call[0] * (double)(size.count * size.rounds) / result.batch_ns - 1) < 0.5);
    pair_release(&p);
}
END_TEST

START_TEST(heavy_calls_are_split_into_windows)
{
    struct pair p;
    struct quads_size size;
    pair_init(&p, WORK_OBJECT(2000), WORK_OBJECT(2000));
    OK(quads_calibrate(p.cells[0], INPUTS, 300000, &size, &p.f.err), &p.f.err);
    ck_assert_uint_lt(size.count, INPUTS);
    ck_assert_uint_ge(size.count, 1);
    ck_assert_uint_eq(size.rounds, 1);
    pair_release(&p);
}
END_TEST

START_TEST(slow_calls_are_not_all_made_at_once)
{
    // All 40 calls take some seconds, the first one a few milliseconds.
    struct pair p;
    struct quads_size size;
    pair_init(&p, TEXT_OBJECT("return 1;"), WORK_OBJECT(4000000));
    cell_free(p.cells[1]);
    struct cell_options options = {.object_path = fs_join(&p.f.arena, p.f.folder, "b.so"),
                                   .limits = {.wall_ms = 1500}};
    p.cells[1] = cell_new(p.f.launcher, &options, &p.f.err);
    OK(cell_load(p.cells[1], &p.calls.inputs, &p.f.err), &p.f.err);
    OK(quads_calibrate(p.cells[1], INPUTS, 300000, &size, &p.f.err), &p.f.err);
    ck_assert_str_eq(cell_fault_text(p.cells[1]), "");
    ck_assert(size.count == 1 && size.rounds == 1);
    OK(quads_calibrate(p.cells[0], INPUTS, 300000, &size, &p.f.err), &p.f.err);
    ck_assert(size.count == INPUTS && size.rounds > 1);
    pair_release(&p);
}
END_TEST

START_TEST(audits_are_compared_too)
{
    // Right in the two batches that warm up and the ten of five quads; wrong in what follows, the audit.
    struct pair p;
    pair_init(&p, TEXT_OBJECT("return 1;"),
              TEXT_OBJECT("static int calls; return ++calls > 12 * 40 ? 2 : 1;"));
    ck_assert_int_eq(pair_run(&p, (struct quads_size){INPUTS, 1}, 0).end, QUADS_DIFFER);
    pair_release(&p);
}
END_TEST

START_TEST(windows_visit_every_input)
{
    // Wrong for the longest text only, which stands in the last window.
    struct pair p;
    pair_init(&p, TEXT_OBJECT("return 1;"), TEXT_OBJECT("return n == 40 ? 2 : 1;"));
    struct quads_result result = pair_run(&p, (struct quads_size){3, 2}, 30000000000);
    ck_assert_int_eq(result.end, QUADS_DIFFER);
    ck_assert_uint_eq(result.window_first, INPUTS - 3);
    ck_assert_uint_eq(result.window_count, 3);
    pair_release(&p);
}
END_TEST

START_TEST(ratio_is_baseline_over_candidate)
{
    struct pair p;
    pair_init(&p, WORK_OBJECT(200), WORK_OBJECT(100));
    // A busy machine may disturb a whole launch, hardly every one.
    double off = 1;
    for (int i = 0; i < 6 && off >= 0.2; i++) {
        struct quads_result result = pair_run(&p, (struct quads_size){INPUTS, 4}, 30000000);
        ck_assert_int_eq(result.end, QUADS_DONE);
        ck_assert_uint_ge(result.quads, 5);
        ck_assert_int_eq(result.batches.clock, QUADS_CPU);
        off = fabs(result.log_ratio - log(2));
    }
    ck_assert_msg(off < 0.2, "%.3f", off);
    pair_release(&p);
}
END_TEST

// The statistic comes from the times that are handed out, in the order that was drawn.
START_TEST(times_are_handed_out)
{
    struct pair p;
    pair_init(&p, SUM_OBJECT, SUM_OBJECT);
    struct rng same = p.rng;
    struct quads_result result = pair_run(&p, (struct quads_size){INPUTS, 3}, 10000000);
    ck_assert_uint_eq(result.batches.quads.count, result.quads);
    ck_assert_uint_eq(result.batches.calls, 3 * INPUTS);
    ck_assert(batches_log_ratio(&result.batches) == result.log_ratio);
    ck_assert(result.batches.empty_ns[0] > 0 && result.batches.empty_ns[1] > 0);
    rng_below(&same, INPUTS);
    VEC_EACH (struct batches_quad, quad, &result.batches.quads)
        ck_assert(quad->candidate_first == (rng_below(&same, 2) == 1));
    pair_release(&p);
}
END_TEST

START_TEST(a_fault_names_its_variant)
{
    struct pair p;
    pair_init(&p, SUM_OBJECT, TEXT_OBJECT("abort();"));
    struct quads_result result = pair_run(&p, (struct quads_size){INPUTS, 1}, 1000000);
    ck_assert_int_eq(result.end, QUADS_FAULT);
    ck_assert_uint_eq(result.variant, 1);
    pair_release(&p);
}
END_TEST

// The window of the first quad, then which variant each quad begins and ends with.
START_TEST(order_of_each_quad_is_drawn)
{
    struct pair p;
    pair_init(&p, SUM_OBJECT, SUM_OBJECT);
    struct rng same = p.rng;
    struct quads_result result = pair_run(&p, (struct quads_size){INPUTS, 1}, 1000000);
    ck_assert_int_eq(result.end, QUADS_DONE);
    rng_below(&same, INPUTS);
    for (size_t i = 0; i < result.quads; i++)
        rng_below(&same, 2);
    ck_assert_uint_eq(rng_u64(&p.rng), rng_u64(&same));
    pair_release(&p);
}
END_TEST

UNIT_MAIN("sandbox/quads", slow_calls_are_not_all_made_at_once, audits_are_compared_too,
          light_calls_are_repeated, heavy_calls_are_split_into_windows, windows_visit_every_input,
          ratio_is_baseline_over_candidate, times_are_handed_out, a_fault_names_its_variant,
          order_of_each_quad_is_drawn)
