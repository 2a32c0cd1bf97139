// SPDX-License-Identifier: Apache-2.0
#include "sandbox/command_duet.h"
#include "base/clock.h"
#include "base/stats.h"
#include "sandbox/timed_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    OUTPUT_MAX_BYTES = 16 << 20,
    COMPLAINT_MAX_BYTES = 64 << 10,
    COMPLAINT_SHOWN_BYTES = 200,
    PADDING_MAX_BYTES = 4096,
    CALIBRATIONS = 3, // runs of each side after the first
    RUNS_MAX = 50,    // in a place of a quad
    QUADS_MIN = 3,    // in a launch, unless they are long
    QUADS_MAX = 50,
    WAITS_OF_NONE = 1, // the end of a process counts as one
};

#define PLACE_NS (5 * CLOCK_MS_NS)    // what runs in one place of a quad should take
#define LONG_QUAD_NS (CLOCK_S_NS / 2) // from here on one quad is a launch
#define TIME_MIN_NS 1000              // resolution of CPU times

struct duet {
    const struct command_duet_spec *spec;
    struct command_duet_result *result;
    struct rng rng;
    struct buf output, complaints;
    int64_t begun_ns, longest_ns; // start; the longest quad so far
    size_t names;
    double *times[2][2]; // [side][first or second in a quad][benchmark]
    bool ended;          // by the clock or by the user
};

// What calibration learns of a side.
struct probe {
    double wall_ns, cpu_ns, waits; // medians
};

const char *
command_clock_name(enum command_clock clock)
{
    return clock == COMMAND_CPU ? "cpu" : "wall";
}

static int64_t
elapsed_ns(const struct duet *duet)
{
    return duet->spec->host->mono_ns(duet->spec->host->context) - duet->begun_ns;
}

// ---- one run
// ------------------------------------------------------------------------------------------------------

// The last line of what a command complained, behind a colon; "" when it said nothing.
static const char *
last_words(struct duet *duet)
{
    struct str text = str_head(str_last_line(buf_str(&duet->complaints)), COMPLAINT_SHOWN_BYTES);
    return text.len == 0 ? "" : arena_printf(&duet->result->arena, ": %" STR_FMT, STR_ARG(text));
}

static int
check_end(struct duet *duet, size_t side, const struct timed_result *run, struct err *err)
{
    const char *label = duet->spec->sides[side].label, letter = (char)('A' + side);
    if (run->signal == 0 && (run->exit_code == 0 || duet->spec->ignore_failure))
        return 0;
    if (run->signal != 0)
        return err_set(err, ERR_TARGET, "command %c `%s` was ended by signal %d (%s)%s", letter, label,
                       run->signal, strsignal(run->signal), last_words(duet));
    return err_set(err, ERR_TARGET,
                   "command %c `%s` ended with exit code %d%s; --ignore-failure measures it all the same",
                   letter, label, run->exit_code, last_words(duet));
}

// Runs a side once. Sets duet->ended when there was no time to, or nobody wants it.
static int
run_side(struct duet *duet, size_t side, bool listen, struct timed_result *run, struct err *err)
{
    const struct command_duet_spec *spec = duet->spec;
    const struct command_side *command = &spec->sides[side];
    int64_t left_ns = spec->budget_ns - elapsed_ns(duet);
    struct timed_spec timed = {.path = command->path,
                               .argv = command->argv,
                               .stdin_path = spec->stdin_path,
                               .padding_bytes = 1 + rng_below(&duet->rng, PADDING_MAX_BYTES),
                               .wall_max_ns = left_ns > 1 ? left_ns : 1,
                               .cancel_fd = spec->cancel_fd,
                               .out = spec->read != NULL ? &duet->output : NULL,
                               .err = listen ? &duet->complaints : NULL};
    buf_clear(&duet->complaints);
    if (timed_run(&timed, run, err) != 0)
        return err_wrap(err, "command %c", (int)('A' + side));
    duet->result->cancelled |= run->cancelled;
    duet->ended |= run->cancelled || run->timed_out;
    return duet->ended ? 0 : check_end(duet, side, run, err);
}

static int
read_output(struct duet *duet, size_t side, struct readings *readings, struct err *err)
{
    const struct command_duet_spec *spec = duet->spec;
    if (duet->output.len == duet->output.max)
        return err_set(err, ERR_LIMIT, "command %c `%s` prints more than %d MiB", (int)('A' + side),
                       spec->sides[side].label, OUTPUT_MAX_BYTES >> 20);
    if (spec->read(spec->context, buf_str(&duet->output), readings, err) != 0)
        return err_wrap(err, "command %c `%s`", (int)('A' + side), spec->sides[side].label);
    if (readings->names.count == 0)
        return err_set(err, ERR_TARGET, "command %c `%s` prints no times of benchmarks", (int)('A' + side),
                       spec->sides[side].label);
    return 0;
}

// ---- one place of a quad
// ------------------------------------------------------------------------------------------

static int
read_times(struct duet *duet, size_t side, double *times, struct err *err)
{
    AUTO_READINGS readings = {0};
    if (read_output(duet, side, &readings, err) != 0)
        return -1;
    for (size_t i = 0; i < duet->names; i++) {
        const char *name = duet->result->scores.benchmarks[i].name;
        if (!readings_value(&readings, name, &times[i]))
            return err_set(err, ERR_TARGET, "command %c `%s` printed no time of %s this time",
                           (int)('A' + side), duet->spec->sides[side].label, name);
    }
    return 0;
}

static int
run_place(struct duet *duet, size_t side, double *times, struct err *err)
{
    const struct command_duet_spec *spec = duet->spec;
    double sum_ns = 0;
    if (spec->before != NULL && spec->before(spec->context, err) != 0)
        return -1;
    for (size_t i = 0; i < duet->result->runs; i++) {
        struct timed_result run;
        if (run_side(duet, side, false, &run, err) != 0)
            return -1;
        if (duet->ended)
            return 0;
        sum_ns += (double)(duet->result->clock == COMMAND_CPU ? run.cpu_ns : run.wall_ns);
    }
    if (spec->read != NULL)
        return read_times(duet, side, times, err);
    times[0] = fmax(sum_ns, TIME_MIN_NS) / (double)duet->result->runs;
    return 0;
}

static int
run_quad(struct duet *duet, struct err *err)
{
    int64_t begun_ns = elapsed_ns(duet);
    size_t outer = rng_below(&duet->rng, 2);
    const size_t order[4] = {outer, !outer, !outer, outer};
    size_t done[2] = {0, 0};
    for (size_t i = 0; i < 4; i++) {
        size_t side = order[i];
        if (run_place(duet, side, duet->times[side][done[side]++], err) != 0)
            return -1;
        if (duet->ended)
            return 0;
    }
    for (size_t i = 0; i < duet->names; i++) {
        const double a[2] = {duet->times[0][0][i], duet->times[0][1][i]};
        const double b[2] = {duet->times[1][0][i], duet->times[1][1][i]};
        scores_quad(&duet->result->scores, i, a, b);
    }
    int64_t took_ns = elapsed_ns(duet) - begun_ns;
    duet->longest_ns = took_ns > duet->longest_ns ? took_ns : duet->longest_ns;
    return 0;
}

// ---- before the first quad
// ----------------------------------------------------------------------------------------

// The names that both sides print are compared; the others are told.
static int
match_names(struct duet *duet, const struct readings sides[2], struct err *err)
{
    struct command_duet_result *result = duet->result;
    size_t count = 0;
    const char **names = ARENA_ARRAY(&result->arena, const char *, sides[0].names.count + 1);
    for (size_t side = 0; side < 2; side++) {
        size_t own = sides[side].names.count;
        result->missing[side] = ARENA_ARRAY(&result->arena, const char *, own + 1);
        for (size_t i = 0; i < own; i++) {
            const char *name = arena_dup(&result->arena, readings_name(&sides[side], i));
            bool both = map_has(&sides[!side].names, str_of(name));
            if (!both)
                result->missing[side][result->missing_count[side]++] = name;
            else if (side == 0)
                names[count++] = name;
        }
    }
    if (count == 0)
        return err_set(err, ERR_TARGET, "the commands have no benchmark in common: A prints %s, B prints %s",
                       readings_name(&sides[0], 0), readings_name(&sides[1], 0));
    scores_init(&result->scores, names, count, duet->spec->rule, duet->spec->seed);
    return 0;
}

// The first run of a side is slow for everybody and counts only where a run takes long because it is a
// benchmark program, which warms itself up.
static int
probe_side(struct duet *duet, size_t side, struct probe *probe, struct readings *readings, struct err *err)
{
    const struct command_duet_spec *spec = duet->spec;
    double walls[1 + CALIBRATIONS], cpus[1 + CALIBRATIONS], waits[1 + CALIBRATIONS];
    size_t first = spec->read == NULL, count = spec->read == NULL ? CALIBRATIONS : 1;
    for (size_t i = 0; i < first + count; i++) {
        struct timed_result run;
        if (spec->before != NULL && spec->before(spec->context, err) != 0)
            return -1;
        if (run_side(duet, side, true, &run, err) != 0)
            return -1;
        if (duet->ended)
            return 0;
        walls[i] = (double)run.wall_ns;
        cpus[i] = (double)run.cpu_ns;
        waits[i] = (double)run.waits;
    }
    *probe = (struct probe){stats_median(walls + first, count), stats_median(cpus + first, count),
                            stats_median(waits + first, count)};
    return spec->read != NULL ? read_output(duet, side, readings, err) : 0;
}

// How much there is to measure goes by the clock that counts: how long other programs hold up a run says
// nothing about the run. How many quads of it are a launch goes by the time that they really take.
static void
choose_sizes(struct duet *duet, const struct probe probes[2])
{
    const struct command_duet_spec *spec = duet->spec;
    struct command_duet_result *result = duet->result;
    bool waits = probes[0].waits > WAITS_OF_NONE || probes[1].waits > WAITS_OF_NONE;
    bool single = spec->read != NULL || spec->before != NULL;
    result->clock = spec->clock != COMMAND_AUTO ? spec->clock : waits ? COMMAND_WALL : COMMAND_CPU;
    double wall_ns = (probes[0].wall_ns + probes[1].wall_ns) / 2;
    double cpu_ns = (probes[0].cpu_ns + probes[1].cpu_ns) / 2;
    double run_ns = fmax(result->clock == COMMAND_CPU ? cpu_ns : wall_ns, TIME_MIN_NS);
    result->runs = single ? 1 : (size_t)fmin(fmax(ceil(PLACE_NS / run_ns), 1), RUNS_MAX);
    double runs = 4 * (double)result->runs;
    double least = runs * run_ns < LONG_QUAD_NS ? QUADS_MIN : 1;
    result->quads = (size_t)fmin(fmax(floor((double)spec->launch_ns / (runs * wall_ns)), least), QUADS_MAX);
    result->run_seconds = wall_ns / 1e9;
    duet->longest_ns = (int64_t)(runs * wall_ns);
}

static int
prepare(struct duet *duet, struct err *err)
{
    static const char *const unnamed[] = {""};
    const struct command_duet_spec *spec = duet->spec;
    struct command_duet_result *result = duet->result;
    struct readings readings[2] = {0};
    struct probe probes[2];
    int done = 0;
    for (size_t side = 0; side < 2 && done == 0; side++) {
        done = probe_side(duet, side, &probes[side], &readings[side], err);
        if (done == 0 && duet->ended && !result->cancelled)
            done = err_set(err, ERR_TARGET, "a few runs of command %c `%s` take longer than the %.0f s given",
                           (int)('A' + side), spec->sides[side].label, (double)spec->budget_ns / 1e9);
        if (duet->ended)
            break;
    }
    if (done == 0 && !duet->ended && spec->read != NULL)
        done = match_names(duet, readings, err);
    else if (done == 0)
        scores_init(&result->scores, unnamed, 1, spec->rule, spec->seed);
    if (done == 0 && !duet->ended)
        choose_sizes(duet, probes);
    readings_release(&readings[0]);
    readings_release(&readings[1]);
    duet->names = result->scores.count;
    for (size_t i = 0; i < 4; i++)
        duet->times[i / 2][i % 2] = ARENA_ARRAY(&result->arena, double, duet->names);
    return done;
}

// ---- launches
// ----------------------------------------------------------------------------------------------------

static int
run_launch(struct duet *duet, struct err *err)
{
    for (size_t i = 0; i < duet->result->quads; i++) {
        if (elapsed_ns(duet) + duet->longest_ns > duet->spec->budget_ns)
            duet->ended = true;
        if (duet->ended)
            return 0;
        if (run_quad(duet, err) != 0)
            return -1;
    }
    return 0;
}

static void
look(struct duet *duet, size_t launches)
{
    const struct command_duet_spec *spec = duet->spec;
    struct command_duet_result *result = duet->result;
    double seconds = (double)elapsed_ns(duet) / 1e9;
    scores_end_launch(&result->scores, seconds);
    result->seconds_left = scores_launches_left(&result->scores) * seconds / (double)launches;
    if (spec->progress != NULL)
        spec->progress(spec->context, &result->scores, seconds, result->seconds_left);
}

// A launch that the end of the time cuts off is dropped.
static int
run_launches(struct duet *duet, struct err *err)
{
    for (size_t launches = 1; !duet->ended && !scores_is_decided(&duet->result->scores); launches++) {
        if (run_launch(duet, err) != 0)
            return -1;
        if (!duet->ended)
            look(duet, launches);
    }
    return 0;
}

int
command_duet_run(const struct command_duet_spec *spec, struct command_duet_result *result, struct err *err)
{
    *result = (struct command_duet_result){.clock = COMMAND_WALL, .runs = 1, .seconds_left = NAN};
    struct duet duet = {.spec = spec,
                        .result = result,
                        .output = BUF(OUTPUT_MAX_BYTES),
                        .complaints = BUF(COMPLAINT_MAX_BYTES),
                        .begun_ns = spec->host->mono_ns(spec->host->context)};
    rng_init(&duet.rng, spec->seed, 0);
    int done = prepare(&duet, err);
    if (done == 0)
        done = run_launches(&duet, err);
    result->seconds = (double)elapsed_ns(&duet) / 1e9;
    buf_release(&duet.output);
    buf_release(&duet.complaints);
    return done;
}

void
command_duet_result_release(struct command_duet_result *result)
{
    scores_release(&result->scores);
    arena_release(&result->arena);
}
