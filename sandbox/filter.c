// SPDX-License-Identifier: Apache-2.0
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// The last system call that the lists below were written for (set_mempolicy_home_node's number, on every
// architecture).
enum { LAST_KNOWN_SYSCALL = 450 };

// Denied in every profile: the network, other processes, the kernel's configuration, keys, clocks, mounts,
// namespaces, System V memory that would outlive the run, priorities.
static const int denied_always[] = {SCMP_SYS(socket),
                                    SCMP_SYS(connect),
                                    SCMP_SYS(bind),
                                    SCMP_SYS(listen),
                                    SCMP_SYS(accept),
                                    SCMP_SYS(accept4),
                                    SCMP_SYS(io_uring_setup),
                                    SCMP_SYS(io_uring_enter),
                                    SCMP_SYS(io_uring_register),
                                    SCMP_SYS(ptrace),
                                    SCMP_SYS(process_vm_readv),
                                    SCMP_SYS(process_vm_writev),
                                    SCMP_SYS(process_madvise),
                                    SCMP_SYS(process_mrelease),
                                    SCMP_SYS(kcmp),
                                    SCMP_SYS(pidfd_getfd),
                                    SCMP_SYS(keyctl),
                                    SCMP_SYS(add_key),
                                    SCMP_SYS(request_key),
                                    SCMP_SYS(bpf),
                                    SCMP_SYS(perf_event_open),
                                    SCMP_SYS(userfaultfd),
                                    SCMP_SYS(mount),
                                    SCMP_SYS(umount),
                                    SCMP_SYS(umount2),
                                    SCMP_SYS(pivot_root),
                                    SCMP_SYS(chroot),
                                    SCMP_SYS(move_mount),
                                    SCMP_SYS(open_tree),
                                    SCMP_SYS(fsopen),
                                    SCMP_SYS(fsconfig),
                                    SCMP_SYS(fsmount),
                                    SCMP_SYS(fspick),
                                    SCMP_SYS(mount_setattr),
                                    SCMP_SYS(unshare),
                                    SCMP_SYS(setns),
                                    SCMP_SYS(clock_settime),
                                    SCMP_SYS(clock_settime64),
                                    SCMP_SYS(settimeofday),
                                    SCMP_SYS(stime),
                                    SCMP_SYS(adjtimex),
                                    SCMP_SYS(clock_adjtime),
                                    SCMP_SYS(clock_adjtime64),
                                    SCMP_SYS(swapon),
                                    SCMP_SYS(swapoff),
                                    SCMP_SYS(reboot),
                                    SCMP_SYS(kexec_load),
                                    SCMP_SYS(kexec_file_load),
                                    SCMP_SYS(init_module),
                                    SCMP_SYS(finit_module),
                                    SCMP_SYS(delete_module),
                                    SCMP_SYS(syslog),
                                    SCMP_SYS(acct),
                                    SCMP_SYS(quotactl),
                                    SCMP_SYS(quotactl_fd),
                                    SCMP_SYS(sethostname),
                                    SCMP_SYS(setdomainname),
                                    SCMP_SYS(iopl),
                                    SCMP_SYS(ioperm),
                                    SCMP_SYS(vhangup),
                                    SCMP_SYS(lookup_dcookie),
                                    SCMP_SYS(nfsservctl),
                                    SCMP_SYS(open_by_handle_at),
                                    SCMP_SYS(name_to_handle_at),
                                    SCMP_SYS(fanotify_init),
                                    SCMP_SYS(fanotify_mark),
                                    SCMP_SYS(migrate_pages),
                                    SCMP_SYS(move_pages),
                                    SCMP_SYS(shmget),
                                    SCMP_SYS(shmat),
                                    SCMP_SYS(shmctl),
                                    SCMP_SYS(shmdt),
                                    SCMP_SYS(msgget),
                                    SCMP_SYS(msgsnd),
                                    SCMP_SYS(msgrcv),
                                    SCMP_SYS(msgctl),
                                    SCMP_SYS(semget),
                                    SCMP_SYS(semop),
                                    SCMP_SYS(semctl),
                                    SCMP_SYS(semtimedop),
                                    SCMP_SYS(mq_open),
                                    SCMP_SYS(mq_unlink),
                                    SCMP_SYS(setpriority),
                                    SCMP_SYS(ioprio_set),
                                    SCMP_SYS(sched_setscheduler),
                                    SCMP_SYS(sched_setattr),
                                    SCMP_SYS(sched_setparam),
                                    SCMP_SYS(memfd_secret),
                                    SCMP_SYS(modify_ldt),
                                    SCMP_SYS(uselib),
                                    SCMP_SYS(sysfs),
                                    SCMP_SYS(pciconfig_read),
                                    SCMP_SYS(pciconfig_write)};

// What programs do without where a file system does not have it (cp keeps on, without the attributes).
static const int unsupported[] = {
    SCMP_SYS(setxattr),    SCMP_SYS(lsetxattr),    SCMP_SYS(fsetxattr),
    SCMP_SYS(removexattr), SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr),
};

// Calls that can make a file set-user-id, and the argument that holds the mode.
static const struct {
    int call;
    unsigned mode;
} creators[] = {
    {SCMP_SYS(chmod), 1}, {SCMP_SYS(fchmod), 1}, {SCMP_SYS(fchmodat), 2}, {SCMP_SYS(creat), 1},
    {SCMP_SYS(open), 2},  {SCMP_SYS(openat), 3}, {SCMP_SYS(mknod), 1},    {SCMP_SYS(mknodat), 2},
};

// Owners, modes and times of files.
static const int modes[] = {
    SCMP_SYS(chmod),  SCMP_SYS(fchmod),    SCMP_SYS(fchmodat),  SCMP_SYS(chown),
    SCMP_SYS(fchown), SCMP_SYS(lchown),    SCMP_SYS(fchownat),  SCMP_SYS(utime),
    SCMP_SYS(utimes), SCMP_SYS(utimensat), SCMP_SYS(futimesat),
};

// Denied to a program that only computes: processes, affinity, leaving the process group, locks
// that another run could see.
static const int denied_run[] = {
    SCMP_SYS(fork),   SCMP_SYS(vfork), SCMP_SYS(sched_setaffinity), SCMP_SYS(setpgid),
    SCMP_SYS(setsid), SCMP_SYS(flock), SCMP_SYS(pidfd_open),        SCMP_SYS(pidfd_send_signal),
};

struct filter {
    scmp_filter_ctx context;
    int failed; // first negative errno
};

// A call that this architecture does not have is skipped by libseccomp itself.
static void
rule(struct filter *filter, int call, uint32_t action)
{
    int done = seccomp_rule_add(filter->context, action, call, 0);
    if (done < 0 && done != -EDOM && filter->failed == 0)
        filter->failed = done;
}

static void
deny_if(struct filter *filter, int call, struct scmp_arg_cmp condition)
{
    int done = seccomp_rule_add(filter->context, SCMP_ACT_ERRNO(EPERM), call, 1, condition);
    if (done < 0 && done != -EDOM && filter->failed == 0)
        filter->failed = done;
}

static void
rule_all(struct filter *filter, const int *calls, size_t count, uint32_t action)
{
    for (size_t i = 0; i < count; i++)
        rule(filter, calls[i], action);
}

static void
add_rules(struct filter *filter, enum launch_profile profile, bool asks)
{
    const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
    rule_all(filter, denied_always, sizeof(denied_always) / sizeof(denied_always[0]), refuse);
    rule_all(filter, unsupported, sizeof(unsupported) / sizeof(unsupported[0]), SCMP_ACT_ERRNO(EOPNOTSUPP));
    for (size_t i = 0; i < sizeof(creators) / sizeof(creators[0]); i++)
        deny_if(filter, creators[i].call, SCMP_CMP(creators[i].mode, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID));
    // Its flags stand behind a pointer, out of a filter's sight; libc falls back to clone.
    rule(filter, SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS));
    // Memory that no limit counts; programs that know it take a file instead.
    rule(filter, SCMP_SYS(memfd_create), SCMP_ACT_ERRNO(ENOSYS));
    deny_if(filter, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_NE, AF_UNIX));
    deny_if(filter, SCMP_SYS(prlimit64), SCMP_A0_32(SCMP_CMP_NE, 0));
    deny_if(filter, SCMP_SYS(personality), SCMP_A0_32(SCMP_CMP_NE, 0xffffffff /* a query */));
    deny_if(filter, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI));
    deny_if(filter, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, TIOCLINUX));
    // A file's owner may change its flags through any descriptor of it.
    deny_if(filter, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, (unsigned)FS_IOC_SETFLAGS));
    deny_if(filter, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, (unsigned)FS_IOC32_SETFLAGS));
    deny_if(filter, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ, (unsigned)FS_IOC_FSSETXATTR));
    // Everybody at once, the supervisor included.
    deny_if(filter, SCMP_SYS(kill), SCMP_A0_32(SCMP_CMP_EQ, 0xffffffff));
    if (profile != LAUNCH_BUILD || asks)
        rule_all(filter, modes, sizeof(modes) / sizeof(modes[0]),
                 profile != LAUNCH_BUILD ? refuse : SCMP_ACT_NOTIFY);
    if (profile != LAUNCH_BUILD) {
        rule_all(filter, denied_run, sizeof(denied_run) / sizeof(denied_run[0]), refuse);
        if (profile == LAUNCH_MANAGED)
            deny_if(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
        else
            rule(filter, SCMP_SYS(clone), refuse);
        static const unsigned locks[] = {F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY};
        for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
            deny_if(filter, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ, locks[i]));
        return;
    }
    deny_if(filter, SCMP_SYS(sched_setaffinity), SCMP_A0_32(SCMP_CMP_NE, 0));
    static const unsigned namespaces[] = {CLONE_NEWNS,     CLONE_NEWUTS, CLONE_NEWIPC,
                                          CLONE_NEWUSER,   CLONE_NEWPID, CLONE_NEWNET,
                                          CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        deny_if(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
}

// Written in front of what libseccomp compiles, which can't name system calls newer than itself: those, and
// the x32 calls of x86, whose numbers are larger yet, do not exist.
static int
write_unknown(int fd)
{
    static const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_KNOWN_SYSCALL, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    return write(fd, code, sizeof(code)) == sizeof(code) ? 0 : -errno;
}

int
filter_open(enum launch_profile profile, bool asks, struct err *err)
{
    struct filter filter = {.context = seccomp_init(SCMP_ACT_ALLOW)};
    int fd = memfd_create("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (!filter.context || fd < 0) {
        err_sys(err, ERR_ENVIRONMENT, "preparing a system call filter");
        goto out;
    }
    seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    // Calls of another architecture (32 bit) do not exist either.
    seccomp_attr_set(filter.context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    add_rules(&filter, profile, asks);
    if (filter.failed == 0)
        filter.failed = write_unknown(fd);
    if (filter.failed == 0)
        filter.failed = seccomp_export_bpf(filter.context, fd);
    if (filter.failed < 0) {
        errno = -filter.failed;
        err_sys(err, ERR_ENVIRONMENT, "compiling a system call filter");
        close(fd);
        fd = -1;
        goto out;
    }
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
out:
    if (filter.context)
        seccomp_release(filter.context);
    return fd;
}
