// SPDX-License-Identifier: Apache-2.0
// The zygote stands in the namespaces that all runs share, and only forks: each run gets a runner process,
// which is the reaper of whatever the run starts. What a runner that was killed leaves behind comes to the
// zygote, which ends it.
#include "sandbox/cell/cell.h"
#include "sandbox/launcher.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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

// Both signals come while a request is awaited, and at no other time.
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

// Waits for a request; false when the launcher is gone.
static bool
await_request(void)
{
    sigset_t meanwhile;
    struct pollfd control = {WIRE_CONTROL, POLLIN, 0};
    sigprocmask(SIG_BLOCK, NULL, &meanwhile);
    sigdelset(&meanwhile, SIGCHLD);
    sigdelset(&meanwhile, SIGTERM);
    for (int ready = 0; ready <= 0;) {
        ready = ppoll(&control, 1, NULL, &meanwhile);
        if (orphaned || (ready < 0 && errno != EINTR))
            return false;
        tend_runners();
    }
    return true;
}

// Receives one request. 1, 0 when the launcher is gone, -1 when the packet makes no sense.
static int
receive(struct order *order)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        struct cmsghdr header;
    } control;
    struct iovec data = {&order->request, sizeof(order->request)};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    memset(order, 0, offsetof(struct order, own_id));
    order->string_count = 0;
    memset(order->fds, -1, sizeof(order->fds));
    ssize_t got = await_request() ? recvmsg(WIRE_CONTROL, &message, MSG_CMSG_CLOEXEC) : 0;
    if (got <= 0)
        return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy(order->fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    if ((size_t)got != sizeof(order->request) || order->request.pass_count > WIRE_FDS_MAX - WIRE_PASS ||
        order->fds[WIRE_OUTPUT] < 0)
        return -1;
    return 1;
}

static void
close_fds(const struct order *order)
{
    for (size_t i = 0; i < WIRE_FDS_MAX; i++)
        if (order->fds[i] >= 0)
            close(order->fds[i]);
}

// `count` strings from *text into a NULL-terminated array; NULL when they do not fit in front of `end` or in
// the order.
static char **
take_strings(struct order *order, char **text, const char *end, uint32_t count)
{
    char **strings = order->strings + order->string_count;
    if (count >= WIRE_STRINGS_MAX - order->string_count)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        char *terminator = memchr(*text, 0, (size_t)(end - *text));
        if (!terminator)
            return NULL;
        strings[i] = *text;
        *text = terminator + 1;
    }
    strings[count] = NULL;
    order->string_count += count + 1;
    return strings;
}

static int
take_apart(struct order *order)
{
    const struct wire_request *request = &order->request;
    char *text =
        mmap(NULL, request->text_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, order->fds[WIRE_TEXT], 0);
    if (text == MAP_FAILED)
        return -1;
    const char *end = text + request->text_bytes;
    order->argv = take_strings(order, &text, end, request->argv_count);
    order->env = take_strings(order, &text, end, request->env_count);
    order->read_paths = take_strings(order, &text, end, request->read_count);
    order->write_paths = take_strings(order, &text, end, request->write_count);
    char **cwd = take_strings(order, &text, end, 1);
    if (!order->argv || !order->argv[0] || !order->env || !order->read_paths || !order->write_paths || !cwd)
        return -1;
    order->cwd = cwd[0];
    return 0;
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
// what making the namespaces of each run takes, which runners give up.
static int
settle(unsigned parts, struct order *order, const char **stage)
{
    int done = 0;
    order->own_map = -1;
    order->own_id = namespaces_own_id();
    if (parts & PART(PART_OWN_UID)) {
        *stage = "own-uid";
        done = order->own_map = namespaces_map(order->own_id);
    }
    if (done >= 0)
        done = enter_namespaces(parts, stage);
    // Runners must get the CPU also while a fork bomb goes off; programs give this up again.
    (void)sched_setscheduler(0, SCHED_RR, &(struct sched_param){1});
    if (!(parts & RUNNER_PARTS))
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
    unsigned long flags = order->request.parts & PART(PART_MOUNT_NS) ? CLONE_NEWNS : 0;
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

int
zygote_main(long parent, unsigned parts, const char *groups)
{
    setsid();
    attend_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return 1;
    struct wire_hello hello = {0};
    const char *stage = "";
    static struct order order;
    // Opened while it can be written.
    order.groups = parts & PART(PART_CGROUP) ? open(groups, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (settle(parts, &order, &stage) < 0) {
        hello.sys = errno;
        strncpy(hello.stage, stage, sizeof(hello.stage) - 1);
    }
    if (send(WIRE_CONTROL, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello) || hello.sys)
        return 1;
    for (int got; (got = receive(&order)) != 0; close_fds(&order)) {
        if (got < 0 || fork_runner(&order) != 0)
            continue;
        close(WIRE_CONTROL);
        if (take_apart(&order) < 0)
            return 1;
        runner_main(&order);
    }
    // The runners are of this group, their programs are not. They end their runs, and are reaped.
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    siginfo_t ended;
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) == 0 || errno == EINTR)
        tend_runners();
    return 0;
}
