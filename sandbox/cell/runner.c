// SPDX-License-Identifier: Apache-2.0
// One run. The runner stays outside the policy: it starts the program, waits for its end, a limit or the
// launcher's word, then kills and reaps whatever is left below it (it is the subreaper, so that daemons come
// back to it).
#include "sandbox/cell/cell.h"
#include "sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 5, FAR_FD = 200 };
#define MEASURE_EVERY_NS INT64_C(200000000)

// Why a program was not started; the child sends it, too, when it could not exec.
struct failure {
    int sys;
    char stage[28];
};

// With errno.
static void
fail(struct failure *failure, const char *stage)
{
    *failure = (struct failure){.sys = errno};
    strncpy(failure->stage, stage, sizeof(failure->stage) - 1);
}

_Noreturn static void
become_program(struct order *order, const struct group *group, int runner)
{
    struct failure failure;
    const char *stage = "policy";
    sigset_t none;
    sigemptyset(&none);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (policy_apply(order, group, runner, &stage) == 0) {
        stage = "exec";
        execve(order->argv[0], order->argv, order->env);
    }
    fail(&failure, stage);
    (void)!write(runner, &failure, sizeof(failure));
    _exit(127);
}

// Far away from the numbers that the program's descriptors get.
static int
move_far(int *fd)
{
    int far = fcntl(*fd, F_DUPFD_CLOEXEC, FAR_FD);
    close(*fd);
    *fd = far;
    return far < 0 ? -1 : 0;
}

// Makes what a run has for itself whatever the request is. *warden: the process that ends all others with it,
// 0 when there is none. False with why not.
static bool
prepare(struct order *order, pid_t *warden, struct failure *failure)
{
    unsigned parts = order->parts;
    const char *stage = "descriptors";
    // Not before programs that run; ending them is.
    (void)sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
    bool done = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, order->words) == 0 &&
                move_far(&order->words[1]) == 0;
    if (done && order->landlock_abi >= 1) {
        stage = "landlock";
        done = landlock_prepare(order) == 0;
    }
    if (done && (parts & PART(PART_MOUNT_NS))) {
        stage = "file system";
        done = view_prepare(order) == 0;
    }
    if (done && (parts & PART(PART_PID_NS))) {
        stage = "process namespace";
        pid_t started = warden_start(order);
        done = started > 0;
        *warden = done ? started : 0;
    }
    if (!done)
        fail(failure, stage);
    (void)sched_setscheduler(0, SCHED_RR, &(struct sched_param){1});
    if (!(parts & (PART(PART_MOUNT_NS) | PART(PART_PID_NS) | PART(PART_OWN_UID))))
        (void)!policy_drop_capabilities(0);
    return done;
}

// Whether a child has ended. It is not reaped: until then its number is nobody else's.
static bool
has_ended(pid_t child)
{
    siginfo_t ended = {0};
    return waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == child;
}

// Waits for the request; false when the launcher is gone or this process is to end, as it is when no program
// can be started in its namespace any more.
static bool
await_request(struct order *order, int signals, pid_t warden)
{
    struct pollfd watched[2] = {{WIRE_CONTROL, POLLIN, 0}, {signals, POLLIN, 0}};
    struct signalfd_siginfo info;
    while (!watched[0].revents) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return false;
        while (read(signals, &info, sizeof(info)) == sizeof(info))
            if (info.ssi_signo == SIGTERM || (warden > 0 && has_ended(warden)))
                return false;
    }
    bool received = order_receive(order) && order_unpack(order);
    close(WIRE_CONTROL);
    return received;
}

// Makes what depends on the request; afterwards the runner has no capability either, unless the program is to
// become another user. False with why not.
static bool
complete(const struct order *order, struct group *group, struct failure *failure)
{
    unsigned parts = order->parts;
    if ((parts & PART(PART_CGROUP)) && group_make(order, group) < 0) {
        fail(failure, "control group");
        return false;
    }
    if ((parts & PART(PART_MOUNT_NS)) && view_make(order) < 0) {
        fail(failure, "file system");
        return false;
    }
    if ((parts & (PART(PART_MOUNT_NS) | PART(PART_PID_NS))) && !(parts & PART(PART_OWN_UID)))
        (void)!policy_drop_capabilities(0);
    return true;
}

// Reads what the child says before it execs: perhaps the listener of its filter, then an end, or why it
// failed. True for the latter.
static bool
await_exec(int child, int *listener, struct failure *failure)
{
    for (;;) {
        union {
            char bytes[CMSG_SPACE(sizeof(int))];
            struct cmsghdr header;
        } control;
        struct iovec data = {failure, sizeof(*failure)};
        struct msghdr message = {.msg_iov = &data,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof(control.bytes)};
        ssize_t got = recvmsg(child, &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
        if (!header)
            return got == sizeof(*failure);
        memcpy(listener, CMSG_DATA(header), sizeof(*listener));
    }
}

// Starts the program; its pid, or -1 with why not.
static pid_t
start(struct order *order, const struct group *group, int *listener, struct failure *failure)
{
    const int *ends = order->words;
    // Our memory is the child's until it execs: what it says is in the socket when this goes on.
    pid_t pid = vfork();
    if (pid == 0)
        become_program(order, group, ends[1]);
    if (pid < 0)
        fail(failure, "fork");
    // To kill what is another user's.
    if (order->parts & PART(PART_OWN_UID))
        (void)!policy_drop_capabilities(1u << CAP_KILL);
    if (pid < 0)
        return -1;
    close(ends[1]);
    bool failed = await_exec(ends[0], listener, failure);
    close(ends[0]);
    if (!failed)
        return pid;
    failure->stage[sizeof(failure->stage) - 1] = 0;
    waitpid(pid, NULL, 0);
    return -1;
}

// Reaps what has ended; true when the program itself is among it.
static bool
reap(pid_t program, int *status)
{
    bool ended = false;
    int one;
    for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;)
        if (pid == program) {
            *status = one;
            ended = true;
        }
    return ended;
}

// Whether /proc shows the run's own namespace, and nothing else.
static bool
sees_alone(const struct order *order)
{
    unsigned own = PART(PART_PID_NS) | PART(PART_PROC) | PART(PART_MOUNT_NS);
    return (order->parts & own) == own;
}

// The limit that a run is beyond as a whole. /proc is only read when the machine has that many more threads
// than at the start, and once in a while, since others end meanwhile.
static enum wire_limit
beyond(const struct order *order, unsigned before, int64_t *measured_ns)
{
    const struct wire_request *request = &order->request;
    struct sysinfo machine;
    struct usage usage;
    int64_t now_ns = mono_ns();
    bool more = sysinfo(&machine) != 0 || machine.procs > before + request->processes;
    if (!(more && request->processes > 0) && now_ns - *measured_ns < MEASURE_EVERY_NS)
        return WIRE_LIMIT_NONE;
    bool alone = sees_alone(order);
    *measured_ns = now_ns;
    descendants_measure(alone, false, &usage);
    if (request->processes > 0 && usage.threads > request->processes)
        return WIRE_LIMIT_PROCESSES;
    // What is resident counts twice what processes share, so it is looked at closely before it is held
    // against them.
    if (request->memory_bytes > 0 && usage.memory_bytes > request->memory_bytes)
        descendants_measure(alone, true, &usage);
    bool full = request->memory_bytes > 0 && usage.memory_bytes > request->memory_bytes;
    return full ? WIRE_LIMIT_MEMORY : WIRE_LIMIT_NONE;
}

// What a runner attends to.
struct watched {
    pid_t program, warden;
    bool single;           // its filter lets the program start no other process
    int signals, listener; // the latter -1 without one
    int64_t started_ns;
    struct disk disk;
};

// How long the runner may sleep; 0 when the time of the run is up.
static int
sleep_ms(const struct wire_request *request, const struct watched *run, bool looks)
{
    int sleep_ms = looks ? LOOK_EVERY_MS : -1;
    if (request->wall_ms > 0) {
        int64_t left_ms = request->wall_ms - (mono_ns() - run->started_ns) / 1000000;
        if (left_ms <= 0)
            return 0;
        if (sleep_ms < 0 || left_ms < sleep_ms)
            sleep_ms = left_ms > 1000000 ? 1000000 : (int)left_ms;
    }
    return sleep_ms;
}

// Waits until the program ended or must end. Returns the limit that it ran into.
static enum wire_limit
watch(const struct order *order, struct watched *run, int *status, bool *ended)
{
    const struct wire_request *request = &order->request;
    bool counts = request->profile == LAUNCH_BUILD && (request->processes > 0 || request->memory_bytes > 0);
    struct sysinfo machine = {0};
    int64_t measured_ns = run->started_ns;
    if (counts)
        sysinfo(&machine);
    struct pollfd watched[3] = {
        {order->fds[WIRE_CHANNEL], POLLIN, 0}, {run->signals, POLLIN, 0}, {run->listener, POLLIN, 0}};
    for (;;) {
        int wait_ms = sleep_ms(request, run, counts || run->disk.count > 0);
        if (wait_ms == 0)
            return WIRE_LIMIT_WALL;
        if ((poll(watched, 3, wait_ms) < 0 && errno != EINTR) || watched[0].revents)
            return WIRE_LIMIT_NONE;
        if (watched[2].revents & POLLIN)
            modes_serve(order, run->listener);
        else if (watched[2].revents)
            watched[2].fd = -1;
        struct signalfd_siginfo info;
        while (read(run->signals, &info, sizeof(info)) == sizeof(info))
            if (info.ssi_signo == SIGTERM)
                return WIRE_LIMIT_NONE;
        if (reap(run->program, status)) {
            *ended = true;
            return WIRE_LIMIT_NONE;
        }
        enum wire_limit limit = counts ? beyond(order, machine.procs, &measured_ns) : WIRE_LIMIT_NONE;
        if (limit != WIRE_LIMIT_NONE)
            return limit;
        if (run->disk.count > 0 && disk_is_taken(&run->disk))
            return WIRE_LIMIT_DISK;
    }
}

// A limit that the kernel enforced shows in how the program died.
static enum wire_limit
limit_of_end(const struct wire_request *request, const struct wire_report *message)
{
    if (message->signal == SIGXCPU)
        return WIRE_LIMIT_CPU;
    if (message->signal == SIGKILL && request->cpu_ms > 0 && message->cpu_ns >= request->cpu_ms * 1000000)
        return WIRE_LIMIT_CPU;
    if (message->signal && request->memory_bytes > 0 &&
        message->max_rss_bytes >= request->memory_bytes / 10 * 8)
        return WIRE_LIMIT_MEMORY;
    return WIRE_LIMIT_NONE;
}

static int64_t
timeval_ns(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_usec * 1000;
}

// Ends a process namespace and waits until nothing is left in it but what the kernel holds; how many that
// are.
static size_t
end_namespace(const struct order *order, pid_t warden)
{
    int status;
    if (warden <= 0)
        return 0;
    kill(warden, SIGKILL);
    return descendants_await(warden, sees_alone(order), &status);
}

// Kills all that the run started, and waits; `status` becomes the program's when it had not ended. What the
// namespace's first process used is not among the usage: it stood there before the run. Where no other can be
// left, it is ended after the report. Returns how many the kernel does not let end.
static size_t
end_all(const struct order *order, const struct watched *run, bool ended, int *status, struct rusage *usage)
{
    size_t left = 0;
    kill(-run->program, SIGKILL);
    if (run->warden > 0 && !run->single)
        kill(run->warden, SIGKILL);
    if (!ended) {
        kill(run->program, SIGKILL);
        *status = SIGKILL;
        left = descendants_await(run->program, sees_alone(order), status);
    }
    if (run->warden > 0)
        getrusage(RUSAGE_CHILDREN, usage);
    if (left == 0 && run->warden <= 0)
        left = descendants_kill(run->program);
    else if (left == 0 && !run->single)
        left = end_namespace(order, run->warden);
    if (run->warden <= 0)
        getrusage(RUSAGE_CHILDREN, usage);
    return left;
}

// Watches a program, ends the run and fills what is to be reported of it.
static void
attend(const struct order *order, const struct group *group, struct watched *run, struct wire_report *message)
{
    int status = 0;
    bool ended = false;
    struct rusage usage;
    message->limit = watch(order, run, &status, &ended);
    message->left = (uint32_t)end_all(order, run, ended, &status, &usage);
    bool starved = group_end(order, group);
    message->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    message->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    message->wall_ns = mono_ns() - run->started_ns;
    message->cpu_ns = timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
    message->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (message->limit == WIRE_LIMIT_NONE && starved)
        message->limit = WIRE_LIMIT_MEMORY;
    if (message->limit == WIRE_LIMIT_NONE && ended)
        message->limit = limit_of_end(&order->request, message);
}

// The runner of the next launch is due, if it has not been.
static void
let_next(int *next)
{
    if (*next >= 0 && write(*next, "", 1) == 1)
        close(*next);
    *next = -1;
}

// From the request on.
static void
serve(struct order *order, struct watched *run, int *next, const struct failure *unprepared)
{
    struct group group = {.folder = -1, .members = -1};
    struct failure failure = *unprepared;
    run->started_ns = mono_ns();
    run->single = order->request.profile == LAUNCH_RUN && (order->parts & PART(PART_SECCOMP));
    disk_begin(order, &run->disk);
    if (!failure.sys && complete(order, &group, &failure))
        run->program = start(order, &group, &run->listener, &failure);
    if (run->program < 0) {
        (void)group_end(order, &group);
        // What fork says of a namespace that has ended as well.
        bool lost = run->warden > 0 && failure.sys == ENOMEM;
        order_fail(order, lost ? WIRE_UNREADY : WIRE_FAILED, failure.stage, failure.sys);
        return;
    }
    struct wire_report message = {.kind = WIRE_STARTED, .pid = run->program};
    if (order->request.stays) {
        order_report(order, &message);
        let_next(next);
    }
    for (size_t i = WIRE_OUTPUT; i < WIRE_FDS_MAX; i++)
        if (order->fds[i] >= 0)
            close(order->fds[i]);
    message = (struct wire_report){.kind = WIRE_ENDED};
    attend(order, &group, run, &message);
    run->warden = run->single ? run->warden : 0;
    order_report(order, &message);
}

_Noreturn void
runner_main(struct order *order, int next, bool wanted)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGTERM);
    sigprocmask(SIG_BLOCK, &handled, NULL);
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    // The zygote leads the group.
    if (getppid() != getpgrp())
        _exit(1);
    order->parent = order->parts & PART(PART_PID_NS) ? 0 : getpid();
    struct watched run = {
        .program = -1, .signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK), .listener = -1};
    struct failure failure = {0};
    if (!prepare(order, &run.warden, &failure) && !wanted)
        _exit(1);
    if (await_request(order, run.signals, run.warden)) {
        serve(order, &run, &next, &failure);
        let_next(&next);
    }
    (void)end_namespace(order, run.warden);
    _exit(0);
}
