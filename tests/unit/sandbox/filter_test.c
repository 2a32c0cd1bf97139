// SPDX-License-Identifier: Apache-2.0
#include "sandbox/filter.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Puts this process (the test runs in one of its own) under a profile's filter.
static void
install(enum launch_profile profile)
{
    static struct sock_filter code[4096];
    struct err err;
    int fd = filter_open(profile, &err);
    ck_assert_msg(fd >= 0, "%s", err.message);
    ssize_t bytes = pread(fd, code, sizeof(code), 0);
    ck_assert_int_gt(bytes, 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
    struct sock_fprog program = {(unsigned short)((size_t)bytes / sizeof(code[0])), code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, 2, &program), 0);
}

static void
refused(long result, int code)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(errno, code);
}

static void
common_refusals(void)
{
    int ends[2];
    refused(socket(AF_INET, SOCK_STREAM, 0), EPERM);
    refused(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    refused(socketpair(AF_INET, SOCK_STREAM, 0, ends), EPERM);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    refused(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
    refused(syscall(SYS_ptrace, 16L, (long)getppid(), 0L, 0L), EPERM);
    refused(syscall(SYS_keyctl, 0, -3, 0), EPERM);
    refused(syscall(SYS_bpf, 0, NULL, 0), EPERM);
    refused(syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0), EPERM);
    refused(syscall(SYS_clone3, NULL, 0), ENOSYS);
    refused(unshare(CLONE_NEWUSER), EPERM);
    refused(syscall(SYS_prlimit64, (long)getppid(), 7L, NULL, NULL), EPERM);
    ck_assert_int_eq(syscall(SYS_prlimit64, 0L, 7L, NULL, NULL), 0);
}

START_TEST(build_may_fork_but_not_reach_out)
{
    int status;
    install(LAUNCH_BUILD);
    common_refusals();
    refused(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    refused(sched_setaffinity(getppid(), sizeof(cpu_set_t), &(cpu_set_t){0}), EPERM);
    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

START_TEST(run_may_not_fork)
{
    install(LAUNCH_RUN);
    common_refusals();
    refused(fork(), EPERM);
    refused(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    refused(sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){0}), EPERM);
}
END_TEST

UNIT_MAIN("sandbox/filter", build_may_fork_but_not_reach_out, run_may_not_fork)
