// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "steps/canary-experiment/work.h"
#include "steps/shared/target/tree_command.h"
#include "steps/shared/target/workbench.h"

#include <math.h>
#include <string.h>

#define TRAFFIC_MAX_BYTES (256u << 20)
#define ANSWERS_MAX_BYTES (64u << 20)
#define LINE_SHOWN_BYTES 120
#define NS_PER_S 1e9
#define SHELL_SIGNAL_BASE 128
#define CPU_RESOLUTION_S 1e-6

struct replay {
    struct work *work;
    struct launcher *launcher;
    const char *tree;
    struct buf traffic;
    struct buf reference; // answers of the first run with the flag off
};

// Runs a shell command in the tree, with the flag's variable set to `flag` unless that is NULL. ERR_LOST when
// somebody else killed it.
static int
run_command(struct replay *replay, const char *command, const char *flag, struct launch_result *result,
            struct err *err)
{
    struct work *work = replay->work;
    struct step *step = work->step;
    struct tree_command run = {
        .launcher = replay->launcher,
        .tree = replay->tree,
        .command = command,
        .file = work->file,
        .variable = flag != NULL ? arena_printf(step->arena, "%s=%s", work->variable, flag) : NULL,
        .input = flag != NULL ? buf_str(&replay->traffic) : STR(""),
        .output_max_bytes = ANSWERS_MAX_BYTES,
        .wall_ms = (int64_t)(1000 * step_real(step, "timeout")),
    };
    return tree_command_run(step, &run, result, err);
}

static int
build(struct replay *replay, struct err *err)
{
    struct work *work = replay->work;
    const char *command = step_text(work->step, "build");
    if (fs_remove_tree(replay->tree, err) != 0 ||
        repo_checkout(work->repo, work->tip, replay->tree, err) != 0)
        return -1;
    step_progress(work->step, NULL, "%s: building %.12s", work->function, work->tip);
    struct launch_result result;
    if (run_command(replay, command, NULL, &result, err) != 0)
        return -1;
    int status = 0;
    if (result.exit_code != 0)
        status = err_set(err, ERR_TARGET, "branch %s: `%s` %s: %" STR_FMT, work->branch, command,
                         result.limit != NULL ? "hit a limit" : "fails",
                         STR_ARG(str_head(str_last_line(buf_str(&result.output)), LINE_SHOWN_BYTES)));
    launch_result_release(&result);
    return status;
}

// The obstacle that says most about the cause wins: what control does explains what treatment does.
static void
stand_against(struct shadow *shadow, enum obstacle obstacle, const char *detail)
{
    if (shadow->obstacle != OBSTACLE_NONE && shadow->obstacle <= obstacle)
        return;
    shadow->obstacle = obstacle;
    shadow->detail = detail;
}

static struct str
shown(struct str line)
{
    return str_head(line, LINE_SHOWN_BYTES);
}

// The first line in which two outputs differ.
static const char *
describe_difference(struct arena *arena, struct str expected, struct str got)
{
    for (size_t number = 1;; number++) {
        struct str want = str_cut(&expected, '\n'), have = str_cut(&got, '\n');
        if (!str_eq(want, have) || (expected.ptr == NULL) != (got.ptr == NULL))
            return arena_printf(arena, "line %zu is \"%" STR_FMT "\" instead of \"%" STR_FMT "\"", number,
                                STR_ARG(shown(have)), STR_ARG(shown(want)));
        if (expected.ptr == NULL)
            return "";
    }
}

static void
check_answers(struct replay *replay, bool on, const struct launch_result *result)
{
    struct arena *arena = replay->work->step->arena;
    struct shadow *shadow = &replay->work->shadow;
    const char *how = NULL;
    // The shell tells its command's signal through its own code.
    bool killed = result->exit_code > SHELL_SIGNAL_BASE;
    if (result->limit != NULL)
        how = arena_printf(arena, "it hit its %s limit", result->limit);
    else if (result->signal != 0 || killed)
        how = arena_printf(arena, "it ended with signal %d",
                           killed ? result->exit_code - SHELL_SIGNAL_BASE : result->signal);
    else if (result->exit_code != 0)
        how = arena_printf(arena, "it ended with code %d", result->exit_code);
    if (how != NULL)
        stand_against(shadow, on ? OBSTACLE_TREATMENT_FAILS : OBSTACLE_CONTROL_FAILS, how);
    else if (!str_eq(buf_str(&result->output), buf_str(&replay->reference)))
        stand_against(shadow, on ? OBSTACLE_OUTPUT_DIFFERS : OBSTACLE_CONTROL_VARIES,
                      describe_difference(arena, buf_str(&replay->reference), buf_str(&result->output)));
}

// One run of the whole service on the traffic. What it writes to stderr is no answer.
static int
serve(struct replay *replay, bool on, bool first, double *cpu_s, struct err *err)
{
    struct step *step = replay->work->step;
    const char *command = arena_printf(step->arena, "exec 2>/dev/null\n%s", step_text(step, "run"));
    struct launch_result result;
    if (run_command(replay, command, on ? "on" : "off", &result, err) != 0)
        return -1;
    if (first)
        buf_add_str(&replay->reference, buf_str(&result.output));
    check_answers(replay, on, &result);
    *cpu_s = fmax((double)result.cpu_ns / NS_PER_S, CPU_RESOLUTION_S);
    launch_result_release(&result);
    return 0;
}

// Four runs, ABBA and BAAB in turn, so that a drift of the machine weighs on both alike.
static int
run_quad(struct replay *replay, struct err *err)
{
    struct shadow *shadow = &replay->work->shadow;
    size_t quad = shadow->quads, controls = 0, treatments = 0;
    double *control = shadow->control_s + 2 * quad, *treatment = shadow->treatment_s + 2 * quad;
    for (size_t i = 0; i < 4; i++) {
        bool on = (i == 1 || i == 2) != (quad % 2 == 1);
        double *cpu_s = on ? &treatment[treatments++] : &control[controls++];
        if (serve(replay, on, false, cpu_s, err) != 0)
            return -1;
    }
    if (shadow->obstacle != OBSTACLE_NONE)
        return 0;
    shadow->log_ratios[quad] = (log(control[0] / treatment[0]) + log(control[1] / treatment[1])) / 2;
    shadow->quads++;
    return 0;
}

// The first run warms up, gives the reference, and shows whether there is enough to time.
static int
warm_up(struct replay *replay, struct err *err)
{
    struct step *step = replay->work->step;
    struct shadow *shadow = &replay->work->shadow;
    double cpu_s, least_s = step_real(step, "min-cpu-seconds");
    if (serve(replay, false, true, &cpu_s, err) != 0)
        return -1;
    shadow->output_bytes = replay->reference.len;
    if (shadow->obstacle == OBSTACLE_NONE && cpu_s < least_s)
        stand_against(
            shadow, OBSTACLE_TOO_SHORT,
            arena_printf(step->arena, "a run takes %.3f s of CPU time, %.3f s are needed", cpu_s, least_s));
    return 0;
}

static int
experiment(struct replay *replay, struct err *err)
{
    struct step *step = replay->work->step;
    struct shadow *shadow = &replay->work->shadow;
    size_t quads_max = (size_t)step_int(step, "quads");
    if (build(replay, err) != 0 || warm_up(replay, err) != 0)
        return -1;
    while (!shadow_settled(shadow) && shadow->quads < quads_max) {
        step_progress(step,
                      json_pack("{s:s, s:I, s:I}", "phase", "shadow", "done", (json_int_t)shadow->quads, "of",
                                (json_int_t)quads_max),
                      "%s: shadow quad %zu of at most %zu", replay->work->function, shadow->quads + 1,
                      quads_max);
        if (run_quad(replay, err) != 0)
            return -1;
    }
    return 0;
}

// False when there is none, or nothing but white space in it.
static int
read_traffic(struct replay *replay, bool *there, struct err *err)
{
    struct work *work = replay->work;
    const char *path = step_path(work->step, "traffic");
    *there = false;
    if (fs_exists(path) && fs_read(path, TRAFFIC_MAX_BYTES, &replay->traffic, err) != 0)
        return -1;
    *there = str_trim(buf_str(&replay->traffic)).len > 0;
    if (!*there)
        stand_against(&work->shadow, OBSTACLE_NO_TRAFFIC,
                      arena_printf(work->step->arena, "%s is %s", step_text(work->step, "traffic"),
                                   fs_exists(path) ? "empty" : "missing"));
    return 0;
}

static int
replay_traffic(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    struct step *step = work->step;
    struct replay replay = {.work = work,
                            .tree = fs_join(step->arena, step->scratch, "tree"),
                            .traffic = BUF(TRAFFIC_MAX_BYTES),
                            .reference = BUF(ANSWERS_MAX_BYTES)};
    work->shadow = (struct shadow){.detail = ""};
    bool there;
    int status = read_traffic(&replay, &there, err);
    if (status == 0 && there) {
        replay.launcher = workbench_launcher(step, err);
        status = replay.launcher != NULL ? experiment(&replay, err) : -1;
    }
    launcher_free(replay.launcher);
    buf_release(&replay.traffic);
    buf_release(&replay.reference);
    if (status != 0 || fs_remove_tree(replay.tree, err) != 0)
        return -1;
    *result = shadow_json(&work->shadow);
    return 0;
}

int
replay_run(struct work *work, struct err *err)
{
    AUTO_JSON *input = json_pack("{s:s, s:O}", "commit", work->tip, "with", work->step->with), *found = NULL;
    if (journal_activity(work->step, "shadow", work->branch, input, replay_traffic, work, &found, err) != 0)
        return -1;
    shadow_from_json(found, work->step->arena, &work->shadow);
    return 0;
}
