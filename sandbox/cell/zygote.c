// SPDX-License-Identifier: Apache-2.0
// The zygote stands in the namespaces that all runs share, and only forks: each run gets a runner process,
// which is the reaper of whatever the run starts. The runner of the next launch is started before it is asked
// for, and takes the request itself. What a runner that was killed leaves behind comes to the zygote, which
// ends it.
#include "sandbox/cell/cell.h"
#include "sandbox/launcher.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Parts that a runner makes anew, for which it needs capabilities.
#define RUNNER_PARTS \
    (PART(PART_MOUNT_NS) | PART(PART_PID_NS) | PART(PART_PROC) | PART(PART_TMPFS) | PART(PART_OWN_UID))

// Set when the launcher died.
static volatile sig_atomic_t orphaned;

static void
note_orphaned(int signal_number)
{
    (void)signal_number;
    orphaned = 1;
}

static void
wake(int signal_number)
{
    (void)signal_number;
}

// Reaps what has ended. A runner ends by itself; one that did not has left its run alone.
static void
tend_runners(void)
{
    for (bool killed = true; killed;) {
        int status;
        killed = false;
        while (waitpid(-1, &status, WNOHANG) > 0)
            killed = killed || WIFSIGNALED(status);
        if (killed)
            descendants_kill_strays();
    }
}

// Both signals come while something is awaited, and at no other time.
static void
attend_signals(void)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGTERM);
    sigprocmask(SIG_BLOCK, &handled, NULL);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = wake}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = note_orphaned}, NULL);
}

// Waits until there is something at one of these; false when the launcher died.
static bool
await(struct pollfd *watched, nfds_t count)
{
    sigset_t meanwhile;
    sigprocmask(SIG_BLOCK, NULL, &meanwhile);
    sigdelset(&meanwhile, SIGCHLD);
    sigdelset(&meanwhile, SIGTERM);
    for (int ready = 0; ready <= 0;) {
        ready = ppoll(watched, count, NULL, &meanwhile);
        if (orphaned || (ready < 0 && errno != EINTR))
            return false;
        tend_runners();
    }
    return true;
}

// The namespaces that all runs stand in. 0, or -1 with errno and *stage.
static int
enter_namespaces(unsigned parts, const char **stage)
{
    static const struct {
        enum isolation_part part;
        const char *name;
    } order[] = {{PART_USER_NS, "user-ns"},
                 {PART_MOUNT_NS, "mount-ns"},
                 {PART_IPC_NS, "ipc-ns"},
                 {PART_UTS_NS, "uts-ns"},
                 {PART_NET_NS, "net-ns"}};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        *stage = order[i].name;
        if ((parts & PART(order[i].part)) && namespaces_enter(order[i].part) < 0)
            return -1;
    }
    return 0;
}

// Processes of other runs must not see or signal this one by accident: not dumpable, and no capability but
// what making the namespaces of each run takes and the right to go first, which runners give up.
static int
settle(struct order *order, const char **stage)
{
    unsigned parts = order->parts;
    int done = 0;
    order->own_map = -1;
    order->own_id = namespaces_own_id();
    if (parts & PART(PART_OWN_UID)) {
        *stage = "own-uid";
        done = order->own_map = namespaces_map(order->own_id);
    }
    if (done >= 0)
        done = enter_namespaces(parts, stage);
    // Who ends runs must get the CPU also while a fork bomb goes off; programs give this up again.
    (void)sched_setscheduler(0, SCHED_RR, &(struct sched_param){1});
    policy_bound_capabilities();
    if (!(parts & RUNNER_PARTS) && policy_drop_capabilities(1u << CAP_SYS_NICE) < 0)
        (void)!policy_drop_capabilities(0);
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    for (int fd = WIRE_CONTROL; fd <= WIRE_FD_LAST; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return done;
}

// Starts a runner, in a mount namespace of its own where there is one to change.
static pid_t
fork_runner(const struct order *order)
{
    unsigned long flags = order->parts & PART(PART_MOUNT_NS) ? CLONE_NEWNS : 0;
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

// What became of a runner that stood ready.
enum outcome {
    OUTCOME_DUE,  // it served a launch, and the next one is due
    OUTCOME_LOST, // it ended before that
    OUTCOME_OVER  // the launcher is gone
};

static enum outcome
await_outcome(int next)
{
    struct pollfd watched[2] = {{WIRE_CONTROL, 0, 0}, {next, POLLIN, 0}};
    enum outcome when_it_ends = OUTCOME_LOST;
    for (char word; await(watched, 2) && !watched[0].revents;) {
        if (read(next, &word, 1) <= 0)
            return when_it_ends;
        when_it_ends = OUTCOME_DUE;
    }
    return OUTCOME_OVER;
}

// Answers a request for which there is no runner.
static enum outcome
refuse(struct order *order, int code)
{
    if (!order_receive(order))
        return OUTCOME_OVER;
    order_fail(order, WIRE_FAILED, "fork", code);
    order_close(order);
    return OUTCOME_DUE;
}

// Has a runner stand ready for one launch. `wanted`: a request waits for it.
static enum outcome
have_runner(struct order *order, bool wanted)
{
    int ends[2] = {-1, -1};
    pid_t pid = pipe2(ends, O_CLOEXEC) < 0 ? -1 : fork_runner(order);
    if (pid == 0) {
        close(ends[0]);
        runner_main(order, ends[1], wanted);
    }
    int code = errno;
    close(ends[1]);
    enum outcome outcome = pid > 0 ? await_outcome(ends[0]) : wanted ? refuse(order, code) : OUTCOME_LOST;
    close(ends[0]);
    return outcome;
}

// One launch after the other. A runner that was lost before anybody wanted it is made again when somebody
// does: what it died of may be over.
static void
serve(struct order *order)
{
    enum outcome outcome;
    do {
        outcome = have_runner(order, false);
        if (outcome != OUTCOME_LOST)
            continue;
        struct pollfd wanted = {WIRE_CONTROL, POLLIN, 0};
        bool waits = await(&wanted, 1) && (wanted.revents & POLLIN);
        outcome = waits ? have_runner(order, true) : OUTCOME_OVER;
    } while (outcome != OUTCOME_OVER);
}

int
zygote_main(long parent, unsigned parts, unsigned landlock_abi, const char *groups)
{
    setsid();
    attend_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return 1;
    struct wire_hello hello = {0};
    const char *stage = "";
    static struct order order;
    order.parts = parts;
    order.landlock_abi = landlock_abi;
    // Opened while it can be written.
    order.groups = parts & PART(PART_CGROUP) ? open(groups, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (settle(&order, &stage) < 0) {
        hello.sys = errno;
        strncpy(hello.stage, stage, sizeof(hello.stage) - 1);
    }
    if (send(WIRE_CONTROL, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello) || hello.sys)
        return 1;
    serve(&order);
    // The runners are of this group, their programs are not. They end their runs, and are reaped; what came
    // here of others is, too, unless the kernel holds it.
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    siginfo_t ended;
    while (waitid(P_PGID, (id_t)getpgrp(), &ended, WEXITED | WNOWAIT) == 0 || errno == EINTR)
        tend_runners();
    (void)descendants_kill(0);
    return 0;
}
