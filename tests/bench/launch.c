// SPDX-License-Identifier: Apache-2.0
// What containing a program costs: argv[1] is atoll-cell, the program, which ends at once. In each of 300
// rounds, in an order of its own, it is started bare (posix_spawn), by a launcher at each level that this
// machine gives, and by bubblewrap (argv[2], optional) with the namespaces of level cell. Prints 10th
// percentile, median and 90th percentile, and the median of the rounds' ratios to bare.
//
// A launcher prepares the next launch after each, which a single launch does not show. So in every tenth
// round each way starts 20 programs, each as soon as the one before has ended: what that takes, preparing
// included, is printed as launches a second, beside bare's.
#include "base/clock.h"
#include "base/stats.h"
#include "sandbox/launcher.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum {
    ROUNDS = 300,
    SERIES_EVERY = 10,
    SERIES = 20,
    WAYS_MAX = 8,
    REST_MS = 3,
    USAGE = 2 /* what atoll-cell ends with when it is told nothing */
};

struct way {
    const char *name;
    struct launcher *launcher; // NULL: argv is spawned
    char *argv[24];
    double ms[ROUNDS], ratios[ROUNDS], series_ms[ROUNDS / SERIES_EVERY];
};

static int
spawn(char *const *argv)
{
    char *env[] = {NULL};
    pid_t pid;
    int status;
    bool ended = posix_spawn(&pid, argv[0], NULL, NULL, argv, env) == 0 && waitpid(pid, &status, 0) == pid;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == USAGE ? 0 : -1;
}

static int
launch(const struct way *way, struct err *err)
{
    const char *const argv[] = {way->argv[0], NULL}, *const read_paths[] = {way->argv[0], NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN, .argv = argv, .read_paths = read_paths};
    struct launch_result result;
    if (launcher_run(way->launcher, &spec, &result, err) < 0)
        return -1;
    launch_result_release(&result);
    return result.exit_code == USAGE ? 0 : -1;
}

// Starts one program after the other; how long one took, in milliseconds, or -1.
static double
start(const struct way *way, size_t times, struct err *err)
{
    int64_t start_ns = clock_mono_ns();
    for (size_t i = 0; i < times; i++)
        if ((way->launcher ? launch(way, err) : spawn(way->argv)) < 0)
            return -1;
    return (double)(clock_mono_ns() - start_ns) / 1e6 / (double)times;
}

// Each launcher has prepared what it prepares.
static void
rest(void)
{
    nanosleep(&(struct timespec){0, REST_MS * 1000000L}, NULL);
}

static int
measure(struct way *ways, size_t count, struct err *err)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        // Each way comes first, second and so on equally often.
        for (size_t k = 0; k < count; k++) {
            struct way *way = &ways[(round + k) % count];
            rest();
            if ((way->ms[round] = start(way, 1, err)) < 0)
                return -1;
            rest();
            double *series = round % SERIES_EVERY == 0 ? &way->series_ms[round / SERIES_EVERY] : NULL;
            if (series && (*series = start(way, SERIES, err)) < 0)
                return -1;
        }
        for (size_t k = 0; k < count; k++)
            ways[k].ratios[round] = ways[k].ms[round] / ways[0].ms[round];
    }
    return 0;
}

static void
add_levels(struct way *ways, size_t *count, char *cell)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++) {
        struct err err;
        struct isolation_demand demand = {.require = level, .most = level};
        struct launcher *launcher = launcher_new_at(cell, &demand, &err);
        if (launcher)
            ways[(*count)++] =
                (struct way){.name = isolation_name(level), .launcher = launcher, .argv = {cell}};
    }
}

static void
print(struct way *way)
{
    double median = stats_median(way->ms, ROUNDS), ratio = stats_median(way->ratios, ROUNDS);
    double least = stats_quantile(way->ms, ROUNDS, 0.1), most = stats_quantile(way->ms, ROUNDS, 0.9);
    double series_ms = stats_median(way->series_ms, ROUNDS / SERIES_EVERY);
    printf("%-8s median %7.3f ms (80%% from %7.3f to %7.3f), %5.2f of bare; back to back %5.0f a second\n",
           way->name, median, least, most, ratio, 1000 / series_ms);
}

int
main(int argc, char **argv)
{
    static struct way ways[WAYS_MAX];
    size_t count = 0;
    struct err err = {.message = "usage: launch ATOLL_CELL [BWRAP]"};
    if (argc < 2) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    ways[count++] = (struct way){.name = "bare", .argv = {argv[1]}};
    add_levels(ways, &count, argv[1]);
    if (argc > 2) {
        char *peer[] = {argv[2],
                        "--unshare-all",
                        "--die-with-parent",
                        "--new-session",
                        "--ro-bind",
                        "/",
                        "/",
                        "--proc",
                        "/proc",
                        "--dev",
                        "/dev",
                        "--tmpfs",
                        "/tmp",
                        "--ro-bind",
                        argv[1],
                        argv[1],
                        argv[1]};
        ways[count] = (struct way){.name = "bwrap"};
        memcpy(ways[count++].argv, peer, sizeof(peer));
    }
    if (measure(ways, count, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        print(&ways[i]);
        launcher_free(ways[i].launcher);
    }
    return 0;
}
