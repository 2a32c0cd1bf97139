// SPDX-License-Identifier: Apache-2.0
// How long starting takes: argv[1] is atoll-cell. Prints the median and the 90th percentile of 200 starts of
// the bare binary (exec to exit), of runs through a launcher, and of cells until their object answers
// (argv[2], optional).
#include "base/clock.h"
#include "base/stats.h"
#include "sandbox/cell.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { STARTS = 200 };

static void
print(const char *what, double *values)
{
    double median = stats_median(values, STARTS), slow = stats_quantile(values, STARTS, 0.9);
    printf("%-24s median %7.3f ms, 90%% below %7.3f ms\n", what, median, slow);
}

static int
bare_start(const char *path)
{
    char *argv[] = {(char *)(uintptr_t)path, NULL}, *env[] = {NULL};
    pid_t pid;
    int status;
    return posix_spawn(&pid, path, NULL, NULL, argv, env) == 0 && waitpid(pid, &status, 0) == pid ? 0 : -1;
}

static int
launch(struct launcher *launcher, const char *path, struct err *err)
{
    const char *const argv[] = {path, NULL}, *const read_paths[] = {path, NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN, .argv = argv, .read_paths = read_paths};
    struct launch_result result;
    if (launcher_run(launcher, &spec, &result, err) < 0)
        return -1;
    launch_result_release(&result);
    return 0;
}

static int
start_cell(struct launcher *launcher, const char *object, struct err *err)
{
    struct cell_options options = {.object_path = object};
    struct cell *cell = cell_new(launcher, &options, err);
    cell_free(cell);
    return cell ? 0 : -1;
}

int
main(int argc, char **argv)
{
    static double values[3][STARTS];
    struct err err = {.message = "usage: cell_start ATOLL_CELL [OBJECT]"};
    struct launcher *launcher = argc > 1 ? launcher_new(argv[1], ISOLATION_GUARD, &err) : NULL;
    bool failed = !launcher;
    for (size_t i = 0; i < STARTS && !failed; i++) {
        int64_t times[4] = {clock_mono_ns()};
        failed = bare_start(argv[1]) < 0;
        times[1] = clock_mono_ns();
        failed = failed || launch(launcher, argv[1], &err) < 0;
        times[2] = clock_mono_ns();
        failed = failed || (argc > 2 && start_cell(launcher, argv[2], &err) < 0);
        times[3] = clock_mono_ns();
        for (size_t k = 0; k < 3; k++)
            values[k][i] = (double)(times[k + 1] - times[k]) / 1e6;
    }
    if (failed) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    print("atoll-cell, bare", values[0]);
    print("through the launcher", values[1]);
    if (argc > 2)
        print("cell ready", values[2]);
    launcher_free(launcher);
    return 0;
}
