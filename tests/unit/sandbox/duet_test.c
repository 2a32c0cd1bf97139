// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "sandbox/duet_record.h"
#include "tests/unit/sandbox/fixture.h"
#include "tests/unit/sandbox/objects.h"

#include <math.h>
#include <stdio.h>

// A dependent chain of multiplications: its time is the iterations, wherever it is laid out.
#define CHAIN_OBJECT(iterations)                                   \
    TEXT_OBJECT("uint64_t h = n; for (int i = 0; i < " #iterations \
                "; i++) h = h * 31 + (uint64_t)t[h & 1]; return (int64_t)(h & 0);")

struct stage {
    struct fixture f;
    struct calls calls;
    struct duet_spec spec;
    struct duet_result result;
    size_t links[2], progress;
    uint64_t last_seed;
    const char *moves_to; // the CPU of the machine from the third launch on
};

// "Links" by handing out one finished object; notes that each launch asks anew with another seed.
struct made {
    const char *path;
    struct stage *stage;
    size_t variant;
};

// A proc file system of our own.
static void
set_cpu(struct stage *stage, const char *model)
{
    const char *text = arena_printf(&stage->f.arena, "processor\t: 0\nmodel name\t: %s\n", model);
    stage->spec.proc = stage->f.folder;
    OK(fs_write(fs_join(&stage->f.arena, stage->f.folder, "cpuinfo"), str_of(text), &stage->f.err),
       &stage->f.err);
}

static int
hand_out(void *context, uint64_t layout_seed, char path[4096], struct err *err)
{
    struct made *made = context;
    (void)err;
    ck_assert_uint_ne(layout_seed, made->stage->last_seed);
    made->stage->last_seed = layout_seed;
    made->stage->links[made->variant]++;
    if (made->stage->moves_to != NULL && made->stage->links[1] == 2)
        set_cpu(made->stage, made->stage->moves_to);
    snprintf(path, 4096, "%s", made->path);
    return 0;
}

static void
count_progress(void *context, const struct duet_progress *progress)
{
    struct stage *stage = context;
    stage->progress++;
    ck_assert_uint_eq(progress->launches, stage->progress);
    ck_assert(progress->low <= progress->speedup && progress->speedup <= progress->high);
    ck_assert(isnan(progress->launches_left) == (progress->launches < 2));
    ck_assert(isnan(progress->launches_left) || progress->launches_left >= 0);
    if (progress->launches_left > 0 && progress->launches_left < 1e6)
        ck_assert(progress->seconds_left > 0);
}

static void
stage_init(struct stage *stage, size_t launches_min, size_t launches_max)
{
    *stage = (struct stage){0};
    fixture_init(&stage->f);
    calls_init(&stage->calls);
    calls_add_texts(&stage->calls);
    stage->spec = (struct duet_spec){.launcher = stage->f.launcher,
                                     .host = host_real(),
                                     .inputs = &stage->calls.inputs,
                                     .limits = {.wall_ms = 2000, .memory_bytes = 256 << 20},
                                     .alpha = 0.01,
                                     .margin = 0.02,
                                     .launches_min = launches_min,
                                     .launches_max = launches_max,
                                     .launch_ns = 60000000,
                                     .budget_ns = 20000000000,
                                     .seed = 7,
                                     .progress_context = stage,
                                     .progress = count_progress};
}

static void
stage_run(struct stage *stage, const char *baseline, const char *candidate)
{
    struct made made[2] = {{fixture_object(&stage->f, "baseline.so", baseline), stage, 0},
                           {fixture_object(&stage->f, "candidate.so", candidate), stage, 1}};
    stage->spec.baseline = (struct duet_variant){&made[0], hand_out, false};
    stage->spec.candidate = (struct duet_variant){&made[1], hand_out, false};
    stage->progress = 0;
    stage->last_seed = 0;
    OK(duet_run(&stage->spec, &stage->result, &stage->f.err), &stage->f.err);
}

static void
stage_release(struct stage *stage)
{
    calls_release(&stage->calls);
    fixture_release(&stage->f);
}

START_TEST(planted_work_is_read)
{
    struct stage s;
    stage_init(&s, 3, 3);
    // Another program may disturb all launches of one duet on a shared machine, hardly those of six.
    bool is_read = false;
    for (int i = 0; i < 6 && !is_read; i++) {
        s.spec.seed++;
        stage_run(&s, CHAIN_OBJECT(2000), CHAIN_OBJECT(2100));
        is_read =
            fabs(s.result.speedup - 1 / 1.05) <= 0.015 && s.result.ns_per_call[1] > s.result.ns_per_call[0];
    }
    ck_assert_msg(is_read, "read %.4f, %.1f and %.1f ns a call", s.result.speedup, s.result.ns_per_call[0],
                  s.result.ns_per_call[1]);
    ck_assert_uint_eq(s.result.launches, 3);
    ck_assert_uint_ge(s.result.quads, 15);
    ck_assert(s.result.batch_us > 100 && s.result.batch_us < 2000);
    ck_assert(s.result.cpu_seconds > 0.01 && s.result.seconds > 0.1);
    stage_release(&s);
}
END_TEST

START_TEST(equal_pair_is_not_called_different)
{
    struct stage s;
    stage_init(&s, 6, 12);
    bool equal = false;
    // One duet in a hundred may be wrong, and a busy machine adds to that; a bias is wrong every time.
    for (int i = 0; i < 3 && !equal; i++) {
        s.spec.seed++;
        s.links[0] = s.links[1] = 0;
        stage_run(&s, CHAIN_OBJECT(500), CHAIN_OBJECT(500));
        ck_assert_uint_eq(s.links[0], s.result.launches);
        ck_assert_uint_eq(s.links[1], s.result.launches);
        ck_assert_uint_eq(s.progress, s.result.launches);
        equal = (s.result.verdict == DUET_EQUIVALENT || s.result.verdict == DUET_INCONCLUSIVE) &&
                s.result.low < 1.005 && s.result.high > 0.995;
    }
    ck_assert_msg(equal, "%s %.4f [%.4f %.4f]", duet_verdict_name(s.result.verdict), s.result.speedup,
                  s.result.low, s.result.high);
    stage_release(&s);
}
END_TEST

START_TEST(faster_and_slower_are_told)
{
    struct stage s;
    stage_init(&s, 6, 20);
    bool near = false;
    // Every duet has to tell; how far the interval reaches depends on what else the machine does.
    for (int i = 0; i < 6 && !near; i++) {
        s.spec.seed++;
        stage_run(&s, CHAIN_OBJECT(1200), CHAIN_OBJECT(300));
        ck_assert_str_eq(duet_verdict_name(s.result.verdict), "faster");
        near = s.result.low > 2.5 && s.result.high < 6.4 && fabs(s.result.speedup / 4 - 1) < 0.2;
    }
    ck_assert_msg(near, "%.4f [%.4f %.4f]", s.result.speedup, s.result.low, s.result.high);
    s.links[0] = s.links[1] = 0;
    stage_run(&s, CHAIN_OBJECT(300), CHAIN_OBJECT(1200));
    ck_assert_str_eq(duet_verdict_name(s.result.verdict), "slower");
    ck_assert(s.result.high < 1);
    stage_release(&s);
}
END_TEST

START_TEST(quick_duet_ranks)
{
    struct stage s;
    stage_init(&s, 2, 2);
    stage_run(&s, CHAIN_OBJECT(600), CHAIN_OBJECT(300));
    ck_assert_uint_eq(s.result.launches, 2);
    ck_assert(s.result.speedup > 1.5 && s.result.speedup < 2.5);
    ck_assert(s.result.low == 0 && isinf(s.result.high));
    ck_assert(fabs((s.result.log_ratios[0] + s.result.log_ratios[1]) / 2 - log(s.result.speedup)) < 1e-9);
    stage_release(&s);
}
END_TEST

START_TEST(a_clear_case_still_takes_the_launches_asked_for)
{
    struct stage s;
    stage_init(&s, 9, 9);
    s.spec.launch_ns = 5000000;
    stage_run(&s, CHAIN_OBJECT(600), CHAIN_OBJECT(150));
    ck_assert_int_eq(s.result.verdict, DUET_FASTER);
    ck_assert_uint_eq(s.result.launches, 9);
    stage_release(&s);
}
END_TEST

START_TEST(sleeping_is_measured_by_the_wall)
{
    struct stage s;
    stage_init(&s, 2, 2);
    stage_run(&s, CHAIN_OBJECT(2000), TEXT_OBJECT("usleep(100); return 0;"));
    ck_assert_msg(s.result.speedup < 0.5, "a candidate that sleeps reads %.3f", s.result.speedup);
    stage_release(&s);
}
END_TEST

START_TEST(differing_output_is_found)
{
    struct stage s;
    stage_init(&s, 2, 2);
    stage_run(&s, SUM_OBJECT, TEXT_OBJECT("int64_t s = n == 12; while (n--) s += t[n]; return s;"));
    ck_assert_int_eq(s.result.verdict, DUET_DIFFERS);
    ck_assert_uint_eq(s.result.input, 2);
    ck_assert_msg(strstr(s.result.detail, "input 2"), "%s", s.result.detail);
    stage_release(&s);
}
END_TEST

// Right for single calls and for the first thousand of a process, wrong after that.
START_TEST(cheating_when_timed_is_found)
{
    struct stage s;
    stage_init(&s, 2, 2);
    stage_run(
        &s, SUM_OBJECT,
        TEXT_OBJECT("static int calls; int64_t s = 0; if (++calls > 1000) return 0; while (n--) s += t[n];"
                    "return s;"));
    ck_assert_int_eq(s.result.verdict, DUET_DIFFERS);
    stage_release(&s);
}
END_TEST

START_TEST(faults_are_named)
{
    struct stage s;
    stage_init(&s, 2, 2);
    stage_run(&s, SUM_OBJECT, TEXT_OBJECT("abort();"));
    ck_assert_int_eq(s.result.verdict, DUET_FAULT);
    ck_assert_msg(strstr(s.result.detail, "candidate: signal 6"), "%s", s.result.detail);
    ck_assert_uint_lt(s.result.input, s.calls.inputs.count);
    stage_run(&s, SUM_OBJECT,
              TEXT_OBJECT("int64_t s = 0; if (n == 12) abort(); while (n--) s += t[n]; return s;"));
    ck_assert_uint_eq(s.result.input, 2);
    ck_assert_msg(strstr(s.result.detail, "candidate: signal 6 (Aborted) for input 2") &&
                      !strstr(s.result.detail, "after"),
                  "%s", s.result.detail);
    stage_run(&s, TEXT_OBJECT("if (n == 5) abort(); return 0;"), SUM_OBJECT);
    ck_assert_uint_eq(s.result.input, 1);
    ck_assert_msg(strstr(s.result.detail, "baseline: signal 6 (Aborted) for input 1"), "%s", s.result.detail);
    stage_run(&s, SUM_OBJECT,
              TEXT_OBJECT("static int calls; int64_t s = 0; if (++calls == 5) abort(); while (n--) s += t[n];"
                          "return s;"));
    ck_assert_uint_lt(s.result.input, s.calls.inputs.count);
    ck_assert_msg(strstr(s.result.detail, " after 4 other calls"), "%s", s.result.detail);
    stage_run(
        &s, SUM_OBJECT,
        TEXT_OBJECT("static int calls; int64_t s = 0; if (++calls == 50) abort(); while (n--) s += t[n];"
                    "return s;"));
    ck_assert_uint_eq(s.result.input, SIZE_MAX);
    ck_assert_msg(strstr(s.result.detail, " in a batch of 6 inputs, "), "%s", s.result.detail);
    stage_run(&s, SUM_OBJECT, "int nothing;");
    ck_assert_int_eq(s.result.verdict, DUET_FAULT);
    ck_assert_msg(strstr(s.result.detail, "atoll_parameters"), "%s", s.result.detail);
    stage_run(&s, TEXT_OBJECT("static int k; return k++;"), SUM_OBJECT);
    ck_assert_int_eq(s.result.verdict, DUET_FAULT);
    ck_assert_msg(strstr(s.result.detail, "baseline: the same inputs"), "%s", s.result.detail);
    stage_release(&s);
}
END_TEST

START_TEST(budget_ends_a_duet)
{
    struct stage s;
    stage_init(&s, 500, 500);
    s.spec.budget_ns = 400000000;
    stage_run(&s, CHAIN_OBJECT(300), CHAIN_OBJECT(303));
    ck_assert_int_eq(s.result.verdict, DUET_INCONCLUSIVE);
    ck_assert(s.result.seconds < 20);
    ck_assert_uint_ge(s.result.launches, 1);
    ck_assert_uint_lt(s.result.launches, 500);
    stage_release(&s);
}
END_TEST

// From the raw batches come the same doubles.
START_TEST(verdict_is_computed_again)
{
    struct stage s;
    struct duet_replay replay;
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    stage_init(&s, 4, 5);
    s.spec.record = &record;
    s.spec.launch_ns = 10000000;
    stage_run(&s, CHAIN_OBJECT(600), CHAIN_OBJECT(300));
    OK(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &s.f.err), &s.f.err);
    ck_assert_int_eq(replay.verdict, s.result.verdict);
    ck_assert_uint_eq(replay.launches, s.result.launches);
    ck_assert_uint_eq(replay.quads, s.result.quads);
    ck_assert(replay.estimate.speedup == s.result.speedup);
    ck_assert(replay.estimate.low == s.result.low && replay.estimate.high == s.result.high);
    ck_assert_uint_lt(record.len, 40 + replay.launches * 20 + replay.quads * 17);

    buf_clear(&record);
    stage_run(&s, SUM_OBJECT, TEXT_OBJECT("abort();"));
    OK(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &s.f.err), &s.f.err);
    ck_assert_int_eq(replay.verdict, DUET_FAULT);
    stage_release(&s);
}
END_TEST

START_TEST(a_machine_that_moves_ends_it)
{
    struct stage s;
    struct duet_replay replay;
    AUTO_BUF record = BUF(DUET_RECORD_MAX_BYTES);
    stage_init(&s, 2, 5);
    s.spec.alpha = 1e-9; // no verdict before the five
    s.spec.record = &record;
    s.spec.launch_ns = 5000000;
    set_cpu(&s, "Model A");
    s.moves_to = "Model B";
    stage_run(&s, CHAIN_OBJECT(600), CHAIN_OBJECT(300));
    ck_assert_int_eq(s.result.verdict, DUET_INCONCLUSIVE);
    ck_assert_uint_eq(s.result.launches, 2);
    ck_assert_msg(strstr(s.result.detail, "Model A") && strstr(s.result.detail, "Model B"), "%s",
                  s.result.detail);
    OK(duet_record_replay(buf_str(&record), &replay, NULL, NULL, &s.f.err), &s.f.err);
    ck_assert_int_eq(replay.verdict, DUET_INCONCLUSIVE);

    s.moves_to = "Model B"; // where it is already
    buf_clear(&record);
    stage_run(&s, CHAIN_OBJECT(600), CHAIN_OBJECT(300));
    ck_assert_uint_eq(s.result.launches, 5);
    ck_assert_str_eq(s.result.detail, "");
    stage_release(&s);
}
END_TEST

UNIT_MAIN("sandbox/duet", planted_work_is_read, equal_pair_is_not_called_different,
          faster_and_slower_are_told, quick_duet_ranks, a_clear_case_still_takes_the_launches_asked_for,
          sleeping_is_measured_by_the_wall, differing_output_is_found, cheating_when_timed_is_found,
          faults_are_named, budget_ends_a_duet, verdict_is_computed_again, a_machine_that_moves_ends_it)
