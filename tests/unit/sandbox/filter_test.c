// SPDX-License-Identifier: Apache-2.0
#include "sandbox/filter.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Counts what is not as expected: the checks run in a child that ends at once, because what runs at the end
// of a process (a leak check, say) would not survive the filter.
struct tally {
    int wrong;
};

static void
expect(struct tally *tally, bool as_expected, const char *what)
{
    if (as_expected)
        return;
    fprintf(stderr, "not as expected: %s (%s)\n", what, strerror(errno));
    tally->wrong++;
}

#define REFUSED(tally, call, code) (errno = 0, expect(tally, (call) == -1 && errno == (code), #call))
#define ALLOWED(tally, call) (errno = 0, expect(tally, (call) == 0, #call))

// Puts this process under a profile's filter.
static void
install(struct tally *tally, enum launch_profile profile)
{
    static struct sock_filter code[4096];
    struct err err;
    int fd = filter_open(profile, false, &err);
    ssize_t bytes = pread(fd, code, sizeof(code), 0);
    expect(tally, bytes > 0, "reading the filter");
    REFUSED(tally, pwrite(fd, "x", 1, 0), EPERM);
    struct sock_fprog program = {(unsigned short)((size_t)bytes / sizeof(code[0])), code};
    ALLOWED(tally, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    ALLOWED(tally, prctl(PR_SET_SECCOMP, 2, &program));
}

// Calls that no name of libseccomp's reaches, by number.
static void
try_unknown(struct tally *tally)
{
    static const long numbers[] = {451 /* cachestat */,
                                   452 /* fchmodat2 */,
                                   463 /* setxattrat */,
                                   467 /* open_tree_attr */,
                                   469 /* file_setattr */,
                                   9999,
                                   0x7fffffff};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        REFUSED(tally, syscall(numbers[i], -1, -1, -1, -1, -1, -1), ENOSYS);
#if defined(__x86_64__)
    REFUSED(tally, syscall(0x40000000L + SYS_getpid), ENOSYS); // x32
    long pid = 20;                                             // getpid of the 32 bit table
    __asm__ volatile("int $0x80" : "+a"(pid) : : "memory");
    expect(tally, pid == -ENOSYS, "a 32 bit call");
#endif
    ALLOWED(tally, syscall(SYS_clock_gettime, 1, &(struct timespec){0}));
}

static void
try_common(struct tally *tally)
{
    int ends[2];
    long parent = getppid();
    REFUSED(tally, socket(AF_INET, SOCK_STREAM, 0), EPERM);
    REFUSED(tally, socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    REFUSED(tally, socketpair(AF_INET, SOCK_STREAM, 0, ends), EPERM);
    ALLOWED(tally, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    REFUSED(tally, syscall(SYS_io_uring_setup, 1, NULL), EPERM);
    REFUSED(tally, syscall(SYS_ptrace, 16L, parent, 0L, 0L), EPERM);
    REFUSED(tally, syscall(SYS_keyctl, 0, -3, 0), EPERM);
    REFUSED(tally, syscall(SYS_bpf, 0, NULL, 0), EPERM);
    REFUSED(tally, syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0), EPERM);
    REFUSED(tally, syscall(SYS_clone3, NULL, 0), ENOSYS);
    REFUSED(tally, unshare(CLONE_NEWUSER), EPERM);
    REFUSED(tally, socket(AF_VSOCK, SOCK_STREAM, 0), EPERM);
    REFUSED(tally, socket(AF_INET, SOCK_STREAM, 262 /* MPTCP */), EPERM);
    REFUSED(tally, syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), EPERM);
    REFUSED(tally, syscall(SYS_io_uring_register, -1, 0, NULL, 0), EPERM);
    REFUSED(tally, syscall(SYS_pidfd_getfd, -1, 0, 0), EPERM);
    REFUSED(tally, syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0), EPERM);
    REFUSED(tally, syscall(SYS_userfaultfd, 0), EPERM);
    REFUSED(tally, syscall(SYS_memfd_secret, 0), EPERM);
    REFUSED(tally, syscall(SYS_open_tree, -1, "", 0), EPERM);
    REFUSED(tally, syscall(SYS_fsopen, "tmpfs", 0), EPERM);
    REFUSED(tally, syscall(SYS_clock_settime, 0, NULL), EPERM);
    REFUSED(tally, syscall(SYS_adjtimex, NULL), EPERM);
    REFUSED(tally, syscall(SYS_setxattr, "/", "user.x", "", 0, 0), EOPNOTSUPP);
    REFUSED(tally, open("/nowhere/file", O_CREAT | O_WRONLY, 04755), EPERM);
    REFUSED(tally, chmod("/nowhere/file", 04755), EPERM);
    REFUSED(tally, syscall(SYS_setpriority, 0, 0, 19), EPERM);
    REFUSED(tally, syscall(SYS_sched_setattr, 0, NULL, 0), EPERM);
    REFUSED(tally, personality(0x40000), EPERM);
    ALLOWED(tally, personality(0xffffffff) == -1);
    try_unknown(tally);
    REFUSED(tally, syscall(SYS_prlimit64, parent, 7L, NULL, NULL), EPERM);
    ALLOWED(tally, syscall(SYS_prlimit64, 0L, 7L, NULL, NULL));
}

static void
try_build(struct tally *tally)
{
    int status = -1;
    install(tally, LAUNCH_BUILD);
    try_common(tally);
    REFUSED(tally, syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    REFUSED(tally, sched_setaffinity(getppid(), sizeof(cpu_set_t), &(cpu_set_t){0}), EPERM);
    pid_t pid = fork();
    if (pid == 0)
        _exit(3);
    expect(tally, waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3, "fork");
}

static void
try_run(struct tally *tally)
{
    install(tally, LAUNCH_RUN);
    try_common(tally);
    REFUSED(tally, fork(), EPERM);
    REFUSED(tally, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    REFUSED(tally, sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){0}), EPERM);
    struct flock lock = {.l_type = F_RDLCK};
    int fd = open("/dev/null", O_RDONLY);
    REFUSED(tally, flock(fd, LOCK_SH), EPERM);
    REFUSED(tally, fcntl(fd, F_SETLK, &lock), EPERM);
    REFUSED(tally, fcntl(fd, F_OFD_SETLK, &lock), EPERM);
    REFUSED(tally, chmod("/dev/null", 0666), EPERM);
    REFUSED(tally, chown("/dev/null", (uid_t)-1, (gid_t)-1), EPERM);
    REFUSED(tally, utimensat(AT_FDCWD, "/dev/null", NULL, 0), EPERM);
    ALLOWED(tally, fcntl(fd, F_GETFL) < 0);
}

static void *
answer(void *context)
{
    return context;
}

static void
try_managed(struct tally *tally)
{
    pthread_t thread;
    void *answered = NULL;
    install(tally, LAUNCH_MANAGED);
    try_common(tally);
    REFUSED(tally, fork(), EPERM);
    REFUSED(tally, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    REFUSED(tally, syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    ALLOWED(tally, pthread_create(&thread, NULL, answer, tally));
    expect(tally, pthread_join(thread, &answered) == 0 && answered == tally, "a thread");
}

static void
in_a_child(void (*try)(struct tally *tally))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct tally tally = {0};
        try(&tally);
        _exit(tally.wrong);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

START_TEST(build_may_fork_but_not_reach_out)
{
    in_a_child(try_build);
}
END_TEST

START_TEST(run_may_not_fork)
{
    in_a_child(try_run);
}
END_TEST

START_TEST(managed_has_threads_but_no_processes)
{
    in_a_child(try_managed);
}
END_TEST

UNIT_MAIN("sandbox/filter", build_may_fork_but_not_reach_out, run_may_not_fork,
          managed_has_threads_but_no_processes)
