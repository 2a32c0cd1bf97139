// SPDX-License-Identifier: Apache-2.0
// trial CELL BASELINE CANDIDATE many|one managed|native: one short duet, in a harness that a safeguard was
// taken out of. Prints "VERDICT SPEEDUP CHEAT". tests/unit/sandbox/edited.h builds and runs it.
#include "tests/attack/measure/trial.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

// Threads of a runtime are on whatever CPU they like, and a cheat would have them share one.
static void
stay_on_one_cpu(void)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    (void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

int
main(int argc, char **argv)
{
    struct err err;
    struct duet_result result;
    if (argc != 6)
        return 2;
    struct trial trial = {argv[2], argv[3], strcmp(argv[4], "one") == 0, strcmp(argv[5], "managed") == 0};
    if (trial.managed)
        stay_on_one_cpu();
    struct launcher *launcher = launcher_new(argv[1], ISOLATION_GUARD, &err);
    if (!launcher)
        return 2;
    if (trial_run(launcher, &trial, &result, &err) < 0) {
        fprintf(stderr, "trial: %s\n", err.message);
        return 1;
    }
    printf("%s %.3f %s\n", duet_verdict_name(result.verdict), result.speedup, cheat_name(result.cheat));
    launcher_free(launcher);
    return 0;
}
