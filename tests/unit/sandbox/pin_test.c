// SPDX-License-Identifier: Apache-2.0
#include "sandbox/pin.h"
#include "tests/unit/unit.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t
start(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void
stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static cpu_set_t
cpus_of(pid_t pid)
{
    cpu_set_t cpus;
    ck_assert_int_eq(sched_getaffinity(pid, sizeof(cpus), &cpus), 0);
    return cpus;
}

START_TEST(both_run_on_one_cpu)
{
    struct rng rng;
    cpu_set_t ours = cpus_of(0);
    pid_t pids[2] = {start(), start()};
    rng_init(&rng, 1, 1);
    if (CPU_COUNT(&ours) < 2) {
        printf("skipped: pinning needs two CPUs\n");
        ck_assert(!pin_together(pids, 2, &rng));
    } else {
        ck_assert(pin_together(pids, 2, &rng));
        cpu_set_t first = cpus_of(pids[0]), second = cpus_of(pids[1]);
        ck_assert_int_eq(CPU_COUNT(&first), 1);
        ck_assert(CPU_EQUAL(&first, &second));
    }
    stop(pids[0]);
    stop(pids[1]);
}
END_TEST

START_TEST(one_cpu_is_not_shared_with_the_caller)
{
    struct rng rng;
    cpu_set_t one;
    pid_t pid = start();
    int here = sched_getcpu();
    rng_init(&rng, 1, 1);
    CPU_ZERO(&one);
    CPU_SET((size_t)here, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    ck_assert(!pin_together(&pid, 1, &rng));
    stop(pid);
}
END_TEST

START_TEST(all_or_none)
{
    struct rng rng;
    pid_t pids[2] = {start(), start()};
    cpu_set_t before = cpus_of(pids[0]);
    stop(pids[1]);
    rng_init(&rng, 1, 1);
    ck_assert(!pin_together(pids, 2, &rng));
    cpu_set_t after = cpus_of(pids[0]);
    ck_assert(CPU_EQUAL(&before, &after));
    stop(pids[0]);
}
END_TEST

UNIT_MAIN("sandbox/pin", both_run_on_one_cpu, one_cpu_is_not_shared_with_the_caller, all_or_none)
