// SPDX-License-Identifier: Apache-2.0
#include "sandbox/witness.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void
rest(void)
{
    for (;;)
        pause();
}

static void
handle(int signal_number)
{
    (void)signal_number;
}

static void
handle_signal(void)
{
    signal(SIGUSR1, handle);
    rest();
}

static void *
rest_in_thread(void *nothing)
{
    rest();
    return nothing;
}

static void
start_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, rest_in_thread, NULL);
    rest();
}

static void
lower_priority(void)
{
    setpriority(PRIO_PROCESS, 0, 7);
    rest();
}

static void
batch_policy(void)
{
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    rest();
}

static void
choose_cpu(void)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    sched_setaffinity(0, sizeof(cpus), &cpus);
    rest();
}

static __attribute__((noinline)) void
rest_deep(void)
{
    volatile char room[5000];
    room[0] = 1;
    rest();
    room[1] = room[0];
}

static void
spin(void)
{
    for (volatile int i = 1; i;)
        ;
}

// What is seen of a process that does this, once it does.
static __attribute__((noinline)) struct witness
look(void (*what)(void), int *pid)
{
    struct witness witness;
    *pid = fork();
    if (*pid == 0) {
        what();
        _exit(0);
    }
    usleep(100000);
    witness_take(*pid, &witness);
    return witness;
}

static __attribute__((noinline)) enum cheat
compared(void (*what)(void))
{
    int a, b;
    struct witness plain = look(rest, &a), other = look(what, &b);
    kill(a, SIGKILL);
    kill(b, SIGKILL);
    waitpid(a, NULL, 0);
    waitpid(b, NULL, 0);
    return witness_compare(&plain, &other);
}

START_TEST(what_a_process_is_shows)
{
    cpu_set_t cpus;
    ck_assert_int_eq(compared(rest), CHEAT_NONE);
    ck_assert_int_eq(compared(handle_signal), CHEAT_SIGNAL_HANDLER);
    ck_assert_int_eq(compared(start_thread), CHEAT_THREAD);
    ck_assert_int_eq(compared(lower_priority), CHEAT_PRIORITY);
    ck_assert_int_eq(compared(batch_policy), CHEAT_PRIORITY);
    if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1)
        ck_assert_int_eq(compared(choose_cpu), CHEAT_AFFINITY);
}
END_TEST

START_TEST(where_a_process_waits_shows)
{
    int pid;
    struct witness witness = look(rest, &pid);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (witness.depth < 0) {
        printf("skipped: needs /proc/PID/syscall\n");
        return;
    }
    ck_assert_int_gt(witness.depth, 0);
    ck_assert_int_eq(compared(rest_deep), CHEAT_FORGED_RESULT);
    ck_assert_int_eq(compared(spin), CHEAT_FORGED_RESULT);
}
END_TEST

START_TEST(what_is_unknown_accuses_nobody)
{
    struct witness gone, known = {.threads = 1, .depth = 500}, dark = known;
    witness_take(999999999, &gone);
    ck_assert_int_eq(gone.depth, -1);
    dark.depth = -1;
    ck_assert_int_eq(witness_compare(&known, &dark), CHEAT_NONE);
    ck_assert_int_eq(witness_compare(&dark, &known), CHEAT_NONE);
}
END_TEST

UNIT_MAIN("sandbox/witness", what_a_process_is_shows, where_a_process_waits_shows,
          what_is_unknown_accuses_nobody)
