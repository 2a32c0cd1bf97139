// SPDX-License-Identifier: Apache-2.0
// The first process of a run's process namespace. It only reaps what is orphaned there; when it is killed, or
// when the runner is, the kernel kills everything else in the namespace with it, daemons and forks in flight
// included.
#include "sandbox/cell/cell.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 16384 };

struct start {
    int ends[2]; // of the pipe that it tells the runner over
    bool proc;
};

static int
stay(void *context)
{
    const struct start *start = context;
    int ready = start->ends[1];
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The zygote waits for the end of its own group.
    setsid();
    close(start->ends[0]);
    int failed = start->proc && namespaces_proc() < 0 ? errno : 0;
    (void)!policy_drop_capabilities(0);
    // When nobody is left to read it, the runner is dead already.
    if (write(ready, &failed, sizeof(failed)) != sizeof(failed) || failed)
        _exit(1);
    if (syscall(SYS_close_range, 0, ~0U, 0) < 0)
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
    for (;;)
        pause();
}

pid_t
warden_start(const struct order *order)
{
    int ends[2], failed = 0;
    // It shares the runner's memory, of which it needs no more than this.
    static _Alignas(16) char stack[STACK_BYTES];
    if (namespaces_enter(PART_PID_NS) < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    struct start start = {{ends[0], ends[1]}, order->parts & PART(PART_PROC)};
    pid_t pid = clone(stay, stack + STACK_BYTES, CLONE_VM | SIGCHLD, &start);
    close(ends[1]);
    ssize_t got;
    do
        got = pid > 0 ? read(ends[0], &failed, sizeof(failed)) : -1;
    while (got < 0 && errno == EINTR);
    close(ends[0]);
    if (pid < 0 || (got == sizeof(failed) && !failed))
        return pid;
    errno = failed ? failed : ECHILD;
    return -1;
}
