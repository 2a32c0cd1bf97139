// SPDX-License-Identifier: Apache-2.0
#include "sandbox/witness.h"
#include "tests/unit/unit.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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
    witness_take(*pid, false, &witness);
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

enum { STACK_BYTES = 1 << 16, SLEEPS = 50 };

static __attribute__((noinline)) void
wait_for_bell(void)
{
    static uint32_t bell;
    for (;;)
        syscall(SYS_futex, &bell, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void *
wait_shallow(void *nothing)
{
    wait_for_bell();
    return nothing;
}

static void *
wait_deep(void *nothing)
{
    volatile char room[700];
    room[0] = 1;
    wait_for_bell();
    room[1] = room[0];
    return nothing;
}

static void *
sleep_before(void *nothing)
{
    for (int i = 0; i < SLEEPS; i++)
        usleep(100);
    wait_for_bell();
    return nothing;
}

// As a runtime has it: not the process's first thread waits for the doorbell, and its stack is one of many.
static void
run_beside(void *(*what)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, STACK_BYTES);
    pthread_create(&thread, &attributes, what, NULL);
    rest();
}

static void
host_shallow(void)
{
    run_beside(wait_shallow);
}

static void
host_deep(void)
{
    run_beside(wait_deep);
}

static void
host_sleeper(void)
{
    run_beside(sleep_before);
}

// The same of a managed process: what it is, and how often it waited.
static struct witness
look_managed(void (*what)(void), int64_t waits[2])
{
    int pid;
    struct witness witness;
    (void)look(what, &pid);
    witness_take(pid, true, &witness);
    for (size_t i = 0; i < 2; i++)
        waits[i] = witness_waits(pid, i == 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return witness;
}

START_TEST(where_a_runtime_waits_shows)
{
    int64_t waits[2];
    struct witness shallow = look_managed(host_shallow, waits), again = look_managed(host_shallow, waits),
                   deep = look_managed(host_deep, waits);
    if (shallow.depth < 0) {
        printf("skipped: needs /proc/PID/syscall\n");
        return;
    }
    ck_assert_int_gt(shallow.depth, 0);
    ck_assert_int_eq(shallow.threads, 0);
    ck_assert_int_eq(witness_compare(&shallow, &again), CHEAT_NONE);
    ck_assert_int_eq(witness_compare(&shallow, &deep), CHEAT_FORGED_RESULT);
    // It is that thread's waiting that counts.
    (void)look_managed(host_sleeper, waits);
    ck_assert_int_lt(waits[0], SLEEPS);
    ck_assert_int_ge(waits[1], SLEEPS);
}
END_TEST

START_TEST(what_is_unknown_accuses_nobody)
{
    struct witness gone, known = {.threads = 1, .depth = 500}, dark = known;
    witness_take(999999999, false, &gone);
    ck_assert_int_eq(gone.depth, -1);
    ck_assert_int_eq(witness_waits(999999999, false) + witness_waits(999999999, true), 0);
    dark.depth = -1;
    ck_assert_int_eq(witness_compare(&known, &dark), CHEAT_NONE);
    ck_assert_int_eq(witness_compare(&dark, &known), CHEAT_NONE);
}
END_TEST

UNIT_MAIN("sandbox/witness", what_a_process_is_shows, where_a_process_waits_shows,
          where_a_runtime_waits_shows, what_is_unknown_accuses_nobody)
