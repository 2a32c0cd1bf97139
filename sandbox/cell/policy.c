// SPDX-License-Identifier: Apache-2.0
// What a program is put under before it is exec'ed. The filters are read before the program's descriptors
// take the numbers of theirs, and the limits come last so that they bind only the program.
#include "sandbox/cell/cell.h"
#include "sandbox/launcher.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { FILTER_MAX = 4096, SCRATCH_FD = 100, BUILD_NICE = 5 };

static void
limit(int resource, uint64_t soft, uint64_t hard)
{
    if (soft > 0)
        setrlimit((__rlimit_resource_t)resource, &(struct rlimit){soft, hard});
}

static void
apply_limits(const struct order *order)
{
    const struct wire_request *request = &order->request;
    uint64_t cpu_s = (uint64_t)(request->cpu_ms + 999) / 1000;
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limit(RLIMIT_AS, request->memory_bytes, request->memory_bytes);
    limit(RLIMIT_FSIZE, request->file_bytes, request->file_bytes);
    limit(RLIMIT_NOFILE, request->open_files, request->open_files);
    // It binds all processes of the user, and the superuser not at all; the runner counts, too.
    struct sysinfo machine;
    if (order->parts & PART(PART_OWN_UID))
        limit(RLIMIT_NPROC, request->processes, request->processes);
    else if (request->processes > 0 && sysinfo(&machine) == 0)
        limit(RLIMIT_NPROC, (uint64_t)machine.procs + request->processes,
              (uint64_t)machine.procs + request->processes);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

// Descriptors 0, 1, 2 and 3 upwards as the request says; everything else closed.
static int
apply_fds(const struct order *order)
{
    int wanted[3 + WIRE_FDS_MAX] = {order->input >= 0 ? order->input : STDIN_FILENO, order->fds[WIRE_OUTPUT],
                                    order->fds[WIRE_OUTPUT]};
    int count = 3;
    for (uint32_t i = 0; i < order->request.pass_count; i++)
        wanted[count++] = order->fds[WIRE_PASS + i];
    for (int i = 0; i < count; i++)
        if ((wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, SCRATCH_FD)) < 0)
            return -1;
    for (int i = 0; i < count; i++)
        if (dup2(wanted[i], i) < 0)
            return -1;
    return 0;
}

// All but the program's own descriptors close at exec.
static void
close_rest(const struct order *order)
{
    unsigned first = 3 + order->request.pass_count;
    if (syscall(SYS_close_range, first, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) == 0)
        return;
    for (int fd = (int)first; fd < 1024; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void
policy_bound_capabilities(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0;)
        cap++;
}

int
policy_drop_capabilities(uint32_t keep)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct kept[2] = {{keep, keep, 0}, {0, 0, 0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, kept);
}

// Returns 0, with SECCOMP_FILTER_FLAG_NEW_LISTENER a descriptor, or -1. SPEC_ALLOW: older kernels slow a
// filtered process down else, and it is measured.
static int
install(struct sock_filter *code, size_t count, unsigned flags)
{
    struct sock_fprog program = {.len = (unsigned short)count, .filter = code};
    long done =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
    if (done < 0)
        done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return (int)done;
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define REFUSE(code) RETURN(SECCOMP_RET_ERRNO | (code))

// Hands the descriptor over on which the kernel asks about modes of files.
static int
send_listener(int runner, int listener)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {0};
    char word = 'L';
    struct iovec data = {&word, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &listener, sizeof(listener));
    ssize_t sent = sendmsg(runner, &message, MSG_NOSIGNAL);
    close(listener);
    return sent == 1 ? 0 : -1;
}

// The profile's filter, exported by the launcher into a descriptor that all runs share.
static int
install_profile(const struct order *order, int runner)
{
    static struct sock_filter code[FILTER_MAX];
    uint32_t profile = order->request.profile;
    bool asks = profile == LAUNCH_BUILD && (order->parts & PART(PART_FILE_MODES));
    int fd = WIRE_FILTER_BUILD + (int)profile;
    ssize_t got = profile < LAUNCH_PROFILES ? pread(fd, code, sizeof(code), 0) : -1;
    if (got <= 0 || (size_t)got == sizeof(code) || (size_t)got % sizeof(code[0]) != 0) {
        errno = ENOEXEC;
        return -1;
    }
    int done = install(code, (size_t)got / sizeof(code[0]), asks ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
    return done > 0 && asks ? send_listener(runner, done) : done;
}

#define IS(number, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(number), yes, no)
#define NEVER(number) IS(number, 0, 1), REFUSE(EPERM)
#define TRAP(number) IS(number, 0, 1), RETURN(SECCOMP_RET_TRAP)

// Allows execve of a path that stands at this address, and of no other. A filter can't be read back, and the
// address means nothing once the program has been replaced.
static int
seal_exec(const char *program)
{
    uint64_t address = (uintptr_t)program;
    struct sock_filter code[] = {
        LOAD(nr),
        IS(__NR_execve, 0, 5),
        LOAD(args[0]),
        IS((uint32_t)address, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + sizeof(uint32_t)),
        IS((uint32_t)(address >> 32), 1, 0),
        REFUSE(EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return install(code, sizeof(code) / sizeof(code[0]), 0);
}

// What a function that only computes does not do is trapped (refusal.c); blocking signals, which libc does
// before it makes a process, only seems to succeed, for a trap must get through.
static int
seal_traps(void)
{
    struct sock_filter code[] = {
        LOAD(nr),
        IS(__NR_rt_sigprocmask, 0, 1),
        REFUSE(0),
        TRAP(__NR_clone),
        TRAP(__NR_clone3),
#ifdef __NR_fork
        TRAP(__NR_fork),
        TRAP(__NR_vfork),
#endif
        TRAP(__NR_execve),
        TRAP(__NR_execveat),
        TRAP(__NR_sched_setaffinity),
        TRAP(__NR_setpriority),
        TRAP(__NR_sched_setscheduler),
        TRAP(__NR_sched_setparam),
        TRAP(__NR_sched_setattr),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return install(code, sizeof(code) / sizeof(code[0]), 0);
}

// The same for a program whose runtime starts threads. It has no handler that notes what was tried: a trap
// ends it, and the number of the call stands in what it prints of its end (sandbox/cell_end.c).
static int
seal_managed_traps(void)
{
    struct sock_filter code[] = {
        LOAD(nr),
#ifdef __NR_fork
        TRAP(__NR_fork),
        TRAP(__NR_vfork),
#endif
        TRAP(__NR_sched_setaffinity),
        TRAP(__NR_setpriority),
        TRAP(__NR_sched_setscheduler),
        TRAP(__NR_sched_setparam),
        TRAP(__NR_sched_setattr),
        IS(__NR_clone, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
        RETURN(SECCOMP_RET_TRAP),
        RETURN(SECCOMP_RET_ALLOW),
    };
    return install(code, sizeof(code) / sizeof(code[0]), 0);
}

// What a host may still do once its own program runs: no other program, and signals to itself only.
int
policy_seal(const char *program)
{
    struct sock_filter code[] = {
        LOAD(nr),
        NEVER(__NR_execveat),
        NEVER(__NR_tkill),
        NEVER(__NR_pidfd_send_signal),
        IS(__NR_kill, 4, 0),
        IS(__NR_tgkill, 3, 0),
        IS(__NR_rt_sigqueueinfo, 2, 0),
        IS(__NR_rt_tgsigqueueinfo, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(args[0]),
        IS(getpid(), 1, 0),
        REFUSE(EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    // The traps come last: they change what follows. Of several answers to a call a trap is the one taken.
    if (install(code, sizeof(code) / sizeof(code[0]), 0) < 0)
        return -1;
    if (!program)
        return seal_traps();
    return seal_managed_traps() < 0 ? -1 : seal_exec(program);
}

static int
become_own(const struct order *order)
{
    if (policy_drop_capabilities(1u << CAP_SETUID | 1u << CAP_SETGID) < 0 ||
        namespaces_become(order->own_id) < 0)
        return -1;
    return policy_drop_capabilities(0);
}

int
policy_apply(struct order *order, const struct group *group, int runner, const char **stage)
{
    const struct wire_request *request = &order->request;
    setsid();
    *stage = "control group";
    if (group->folder >= 0 && group_enter(group) < 0)
        return -1;
    *stage = "own user";
    if ((order->parts & PART(PART_OWN_UID)) && become_own(order) < 0)
        return -1;
    *stage = "scheduling";
    (void)sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
    if (sched_getscheduler(0) != SCHED_OTHER)
        return -1;
    if (request->profile == LAUNCH_BUILD)
        (void)setpriority(PRIO_PROCESS, 0, BUILD_NICE);
    *stage = "runner";
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != order->parent) {
        errno = ESRCH;
        return -1;
    }
    umask(022);
    *stage = "no_new_privs";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    *stage = "working directory";
    if (order->cwd[0] && chdir(order->cwd) < 0)
        return -1;
    *stage = "landlock";
    if (order->landlock_abi >= 1 && landlock_apply(order) < 0)
        return -1;
    *stage = "seccomp";
    if ((order->parts & PART(PART_SECCOMP)) && install_profile(order, runner) < 0)
        return -1;
    *stage = "descriptors";
    if (apply_fds(order) < 0)
        return -1;
    close_rest(order);
    apply_limits(order);
    return 0;
}
