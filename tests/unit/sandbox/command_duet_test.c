// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sandbox/command_duet.h"
#include "tests/unit/sandbox/fixture.h"

#include <math.h>

// Counts up to its argument, which takes CPU time and nothing else.
static const char spin_source[] = "#include <stdlib.h>\n"
                                  "int main(int argc, char **argv) {\n"
                                  "    volatile unsigned long h = 1;\n"
                                  "    for (long i = 0; i < atol(argv[argc - 1]); i++) h = h * 31 + 7;\n"
                                  "    return 0; }\n";

struct stage {
    struct fixture f;
    struct command_duet_spec spec;
    struct command_duet_result result;
    const char *spin;
    size_t hooks, reads, progress;
};

static void
stage_init(struct stage *stage)
{
    *stage = (struct stage){0};
    fixture_init(&stage->f);
    stage->spin = fixture_program(&stage->f, "spin", spin_source);
    stage->spec = (struct command_duet_spec){
        .host = host_real(),
        .rule = {.alpha = 0.01, .margin = 0.01, .launches_min = 8},
        .launch_ns = 100 * CLOCK_MS_NS,
        .budget_ns = 200 * CLOCK_S_NS,
        .seed = 11,
        .cancel_fd = -1,
        .context = stage,
    };
}

static void
stage_release(struct stage *stage)
{
    command_duet_result_release(&stage->result);
    fixture_release(&stage->f);
}

static struct command_side
side_of(struct stage *stage, const char *path, const char *one, const char *two)
{
    const char **argv = ARENA_ARRAY(&stage->f.arena, const char *, 4);
    argv[0] = path;
    argv[1] = one;
    argv[2] = two;
    return (struct command_side){.label = two != NULL ? two : one, .path = path, .argv = argv};
}

static void
run(struct stage *stage)
{
    command_duet_result_release(&stage->result);
    OK(command_duet_run(&stage->spec, &stage->result, &stage->f.err), &stage->f.err);
}

static void
run_fails(struct stage *stage, enum err_kind kind, const char *part)
{
    command_duet_result_release(&stage->result);
    ck_assert_int_eq(command_duet_run(&stage->spec, &stage->result, &stage->f.err), -1);
    ck_assert_msg(stage->f.err.kind == kind, "%s", stage->f.err.message);
    ck_assert_msg(strstr(stage->f.err.message, part) != NULL, "%s", stage->f.err.message);
}

static enum sequential_verdict
verdict_of(const struct stage *stage, size_t index)
{
    return sequential_judge(&stage->result.scores.benchmarks[index].test);
}

static void
count_progress(void *context, const struct scores *scores, double seconds, double seconds_left)
{
    struct stage *stage = context;
    stage->progress++;
    ck_assert_uint_eq(scores->count, 1);
    ck_assert_double_gt(seconds, 0);
    ck_assert(isnan(seconds_left) || seconds_left >= 0);
}

START_TEST(more_work_is_slower)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = side_of(&s, s.spin, "2000000", NULL);
    s.spec.sides[1] = side_of(&s, s.spin, "3000000", NULL);
    s.spec.progress = count_progress;
    run(&s);
    struct sequential_estimate estimate = sequential_estimate(&s.result.scores.benchmarks[0].test);
    ck_assert_int_eq(verdict_of(&s, 0), SEQUENTIAL_SLOWER);
    ck_assert_msg(1 / estimate.speedup > 1.2 && 1 / estimate.speedup < 1.8, "%.3f", 1 / estimate.speedup);
    ck_assert_int_eq(s.result.clock, COMMAND_CPU);
    ck_assert_double_eq(s.result.seconds_left, 0);
    ck_assert_uint_eq(s.progress, s.result.scores.benchmarks[0].test.process.count);
    ck_assert_uint_ge(scores_controls(&s.result.scores).of, 1);
    stage_release(&s);
}
END_TEST

START_TEST(the_same_is_not_different)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = s.spec.sides[1] = side_of(&s, s.spin, "1000000", NULL);
    s.spec.budget_ns = 4 * CLOCK_S_NS;
    run(&s);
    ck_assert(verdict_of(&s, 0) == SEQUENTIAL_EQUIVALENT || verdict_of(&s, 0) == SEQUENTIAL_INCONCLUSIVE);
    ck_assert_double_lt(s.result.seconds, 20);
    stage_release(&s);
}
END_TEST

START_TEST(short_runs_share_a_place)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = s.spec.sides[1] = side_of(&s, "/bin/true", "x", NULL);
    s.spec.budget_ns = CLOCK_S_NS;
    run(&s);
    ck_assert_uint_gt(s.result.runs, 1);
    stage_release(&s);
}
END_TEST

START_TEST(what_waits_counts)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = side_of(&s, "/bin/sleep", "0.01", NULL);
    s.spec.sides[1] = side_of(&s, "/bin/sleep", "0.05", NULL);
    run(&s);
    ck_assert_int_eq(s.result.clock, COMMAND_WALL);
    ck_assert_int_eq(verdict_of(&s, 0), SEQUENTIAL_SLOWER);
    s.spec.clock = COMMAND_CPU;
    s.spec.budget_ns = 2 * CLOCK_S_NS;
    run(&s);
    ck_assert_int_eq(s.result.clock, COMMAND_CPU);
    stage_release(&s);
}
END_TEST

START_TEST(failures_name_the_command)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = side_of(&s, "/bin/sh", "-c", "exit 0");
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "echo oh >&2; echo dear >&2; exit 7");
    run_fails(&s, ERR_TARGET, "command B `echo oh");
    ck_assert_ptr_nonnull(strstr(s.f.err.message, "exit code 7: dear"));
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "kill -6 $$");
    run_fails(&s, ERR_TARGET, "signal 6");
    s.spec.sides[1] = side_of(&s, "/nowhere", "x", NULL);
    run_fails(&s, ERR_USAGE, "/nowhere");
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "exit 7");
    s.spec.ignore_failure = true;
    s.spec.budget_ns = CLOCK_S_NS / 2;
    run(&s);
    stage_release(&s);
}
END_TEST

START_TEST(time_ends_it)
{
    struct stage s;
    stage_init(&s);
    s.spec.sides[0] = s.spec.sides[1] = side_of(&s, "/bin/sleep", "0.2", NULL);
    s.spec.budget_ns = 3 * CLOCK_S_NS;
    run(&s);
    ck_assert_int_eq(verdict_of(&s, 0), SEQUENTIAL_INCONCLUSIVE);
    ck_assert_double_lt(s.result.seconds, 20);
    s.spec.sides[1] = side_of(&s, "/bin/sleep", "100", NULL);
    run_fails(&s, ERR_TARGET, "command B `100` take longer");
    stage_release(&s);
}
END_TEST

START_TEST(can_be_cancelled)
{
    struct stage s;
    stage_init(&s);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    s.spec.sides[0] = s.spec.sides[1] = side_of(&s, "/bin/sleep", "100", NULL);
    s.spec.cancel_fd = ends[0];
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    run(&s);
    ck_assert(s.result.cancelled);
    ck_assert_int_eq(verdict_of(&s, 0), SEQUENTIAL_INCONCLUSIVE);
    close(ends[0]);
    close(ends[1]);
    stage_release(&s);
}
END_TEST

// ---- times that are printed: words of a name and a number, "NAME=NUMBER"
// -------------------------------------------------

static int
read_pairs(void *context, struct str output, struct readings *readings, struct err *err)
{
    struct stage *stage = context;
    stage->reads++;
    while (output.ptr != NULL) {
        struct str value = str_trim(str_cut(&output, '\n')), name = str_cut(&value, '=');
        double time;
        if (value.ptr != NULL && str_to_double(value, &time) && readings_add(readings, name, time, err) != 0)
            return -1;
    }
    return 0;
}

static int
count_hook(void *context, struct err *err)
{
    struct stage *stage = context;
    (void)err;
    stage->hooks++;
    return 0;
}

// Each run leaves its letter and the size of its padding in a file.
START_TEST(places_are_drawn_and_padding_too)
{
    struct stage s;
    AUTO_BUF log = BUF(1 << 20);
    size_t kinds[2] = {0}, other_sizes = 0, last = 0;
    stage_init(&s);
    const char *path = fs_join(&s.f.arena, s.f.folder, "log");
    for (size_t side = 0; side < 2; side++)
        s.spec.sides[side] =
            side_of(&s, "/bin/sh", "-c",
                    arena_printf(&s.f.arena, "echo %c ${#ATOLL_PADDING} >>%s", (int)('A' + side), path));
    s.spec.before = count_hook; // one run in each place
    s.spec.budget_ns = 3 * CLOCK_S_NS;
    run(&s);
    OK(fs_read(path, log.max, &log, &s.f.err), &s.f.err);
    struct str rest = buf_str(&log);
    for (size_t line = 0; rest.len > 0; line++) {
        char places[5] = "";
        for (size_t i = 0; i < (line < 8 ? 1 : 4) && rest.len > 0; i++) {
            struct str entry = str_cut(&rest, '\n');
            uint64_t size = 0;
            places[i] = *entry.ptr;
            ck_assert(str_to_u64(str_from(entry, 2), &size));
            other_sizes += size != last;
            last = (size_t)size;
        }
        if (line < 8) { // the first runs
            ck_assert_int_eq(places[0], line < 4 ? 'A' : 'B');
        } else if (strlen(places) == 4) {
            ck_assert_msg(strcmp(places, "ABBA") == 0 || strcmp(places, "BAAB") == 0, "%s", places);
            kinds[places[0] == 'B']++;
        }
    }
    ck_assert_uint_gt(kinds[0], 2);
    ck_assert_uint_gt(kinds[1], 2);
    ck_assert_uint_gt(other_sizes, 4 * (kinds[0] + kinds[1]) - 4);
    stage_release(&s);
}
END_TEST

START_TEST(printed_times_are_paired_by_name)
{
    struct stage s;
    stage_init(&s);
    s.spec.read = read_pairs;
    s.spec.before = count_hook;
    // The times differ a little from run to run by the process id.
    s.spec.sides[0] =
        side_of(&s, "/bin/sh", "-c", "n=$(($$ % 10)); echo up=100$n; echo same=500$n; echo old=1");
    s.spec.sides[1] =
        side_of(&s, "/bin/sh", "-c", "n=$(($$ % 10)); echo new=2; echo same=500$n; echo up=200$n");
    run(&s);
    ck_assert_uint_eq(s.result.scores.count, 2);
    ck_assert_str_eq(s.result.scores.benchmarks[0].name, "up");
    ck_assert_str_eq(s.result.scores.benchmarks[1].name, "same");
    ck_assert_int_eq(verdict_of(&s, 0), SEQUENTIAL_SLOWER);
    ck_assert_int_eq(verdict_of(&s, 1), SEQUENTIAL_EQUIVALENT);
    ck_assert_uint_eq(s.result.missing_count[0], 1);
    ck_assert_str_eq(s.result.missing[0][0], "old");
    ck_assert_uint_eq(s.result.missing_count[1], 1);
    ck_assert_str_eq(s.result.missing[1][0], "new");
    ck_assert_uint_eq(s.reads, s.hooks);
    ck_assert_uint_eq(s.result.runs, 1);
    stage_release(&s);
}
END_TEST

START_TEST(printed_times_must_be_there)
{
    struct stage s;
    stage_init(&s);
    s.spec.read = read_pairs;
    s.spec.sides[0] = side_of(&s, "/bin/sh", "-c", "echo a=1");
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "echo nothing");
    run_fails(&s, ERR_TARGET, "command B `echo nothing` prints no times");
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "echo b=1");
    run_fails(&s, ERR_TARGET, "A prints a, B prints b");
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", "echo a=-1");
    run_fails(&s, ERR_PARSE, "time of a");
    // Prints its time once only.
    const char *once =
        arena_printf(&s.f.arena, "echo b=1; mkdir %s/once 2>/dev/null && echo a=1; exit 0", s.f.folder);
    s.spec.sides[1] = side_of(&s, "/bin/sh", "-c", once);
    run_fails(&s, ERR_TARGET, "printed no time of a");
    stage_release(&s);
}
END_TEST

UNIT_MAIN("sandbox/command_duet", more_work_is_slower, the_same_is_not_different, short_runs_share_a_place,
          what_waits_counts, failures_name_the_command, time_ends_it, can_be_cancelled,
          places_are_drawn_and_padding_too, printed_times_are_paired_by_name, printed_times_must_be_there)
