// SPDX-License-Identifier: Apache-2.0
// What programs that never end cost: argv[1] is atoll-cell. Programs that spin, ignore signals, fork and
// leave daemons are started with a time limit. Prints how many were ended within a second past the limit, and
// how many others a second were done before and after them.
#include "base/clock.h"
#include "sandbox/launcher.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 6, LIMIT_MS = 500, LATE_MS = 1000, OTHERS = 100 };

static const char *const endless[] = {
    "while :; do :; done",
    "trap '' TERM INT HUP QUIT; while :; do :; done",
    "while :; do :; done & while :; do :; done & wait",
    "(trap '' TERM HUP; setsid sh -c 'while :; do :; done' &) ; while :; do :; done",
};
enum { KINDS = sizeof(endless) / sizeof(endless[0]) };

struct spinning {
    struct launcher *launcher;
    unsigned ended, late;
    int64_t latest_ms;
};

static int
start(struct spinning *s, const char *command, int64_t wall_ms, struct launch_result *result, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct launch_spec spec = {.argv = argv, .limits = {.wall_ms = wall_ms, .processes = 64}};
    return launcher_run(s->launcher, &spec, result, err);
}

static int
spin(struct spinning *s, const char *command, struct err *err)
{
    struct launch_result result;
    int64_t begun_ns = clock_mono_ns();
    if (start(s, command, LIMIT_MS, &result, err) < 0)
        return -1;
    int64_t past_ms = (clock_mono_ns() - begun_ns) / CLOCK_MS_NS - LIMIT_MS;
    bool stopped = result.limit && strcmp(result.limit, "wall") == 0 && past_ms <= LATE_MS;
    s->ended += stopped;
    s->late += !stopped;
    s->latest_ms = past_ms > s->latest_ms ? past_ms : s->latest_ms;
    launch_result_release(&result);
    return 0;
}

// Others a second; -1 when one could not be started or did not do its work.
static double
throughput(struct spinning *s, struct err *err)
{
    int64_t begun_ns = clock_mono_ns();
    for (int i = 0; i < OTHERS; i++) {
        struct launch_result result;
        if (start(s, "exit 7", 10000, &result, err) < 0)
            return -1;
        int code = result.exit_code;
        launch_result_release(&result);
        if (code != 7)
            return err_set(err, ERR_INTERNAL, "a program ended with %d instead of 7", code);
    }
    return OTHERS / ((double)(clock_mono_ns() - begun_ns) / 1e9);
}

int
main(int argc, char **argv)
{
    struct err err = {.message = "usage: spinning ATOLL_CELL"};
    struct spinning s = {.launcher = argc > 1 ? launcher_new(argv[1], ISOLATION_GUARD, &err) : NULL};
    double before = s.launcher ? throughput(&s, &err) : -1, after = before;
    for (size_t i = 0; i < (size_t)ROUNDS * KINDS && after >= 0; i++)
        if (spin(&s, endless[i % KINDS], &err) < 0)
            after = -1;
    if (after >= 0)
        after = throughput(&s, &err);
    launcher_free(s.launcher);
    if (after < 0) {
        fprintf(stderr, "spinning: %s\n", err.message);
        return 1;
    }
    printf(
        "programs that never end: %u of %u ended within %d ms past their limit, the latest %lld ms past it\n",
        s.ended, s.ended + s.late, LATE_MS, (long long)s.latest_ms);
    printf("other programs a second: %.0f before, %.0f after them (%.2f)\n", before, after, after / before);
    return 0;
}
