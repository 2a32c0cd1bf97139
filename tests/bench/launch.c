// SPDX-License-Identifier: Apache-2.0
// What containing a program costs: argv[1] is atoll-cell, the program, which ends at once. In each of 300
// rounds, in an order of its own, it is started bare (posix_spawn), by a launcher at each level that this
// machine gives, and by bubblewrap (argv[2], optional) with the namespaces of level cell. Prints median and
// 90th percentile, and the median of the rounds' ratios to bare.
#include "base/clock.h"
#include "base/stats.h"
#include "sandbox/launcher.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ROUNDS = 300, WAYS_MAX = 8, USAGE = 2 /* what atoll-cell ends with when it is told nothing */ };

struct way {
    const char *name;
    struct launcher *launcher; // NULL: argv is spawned
    char *argv[24];
    double ms[ROUNDS], ratios[ROUNDS];
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

static int
measure(struct way *ways, size_t count, struct err *err)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        // Each way comes first, second and so on equally often.
        for (size_t k = 0; k < count; k++) {
            struct way *way = &ways[(round + k) % count];
            int64_t start_ns = clock_mono_ns();
            if ((way->launcher ? launch(way, err) : spawn(way->argv)) < 0)
                return -1;
            way->ms[round] = (double)(clock_mono_ns() - start_ns) / 1e6;
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
        printf("%-8s median %7.3f ms, 90%% below %7.3f ms, %5.2f of bare\n", ways[i].name,
               stats_median(ways[i].ms, ROUNDS), stats_quantile(ways[i].ms, ROUNDS, 0.9),
               stats_median(ways[i].ratios, ROUNDS));
        launcher_free(ways[i].launcher);
    }
    return 0;
}
