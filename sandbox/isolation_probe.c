// SPDX-License-Identifier: Apache-2.0
// The probe: each part is tried by the call that a run would make.
#include "sandbox/cgroup.h"
#include "sandbox/isolation.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ABI_FILES = 3, ABI_SIGNALS = 6, NOT_TRIED = -1 };

// What the child tells: an errno for each part, 0 when it worked.
struct trial {
    int codes[PART_COUNT];
    bool privileged;
};

static int
code_of(int result)
{
    return result < 0 ? errno : 0;
}

// A filter that allows everything, put on with these flags; returns an errno.
static int
try_filter(unsigned flags)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    return code_of((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

static int
try_tmpfs(void)
{
    int tree = namespaces_tmpfs(1 << 20);
    return code_of(tree < 0 ? -1 : namespaces_attach(tree, "/tmp"));
}

// The first process of a new process namespace can mount a /proc.
static int
try_proc(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(code_of(namespaces_proc()));
    if (pid < 0)
        return errno;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static void
try_namespaces(struct trial *trial)
{
    static const enum isolation_part after[] = {PART_IPC_NS, PART_UTS_NS, PART_NET_NS, PART_MOUNT_NS};
    int *codes = trial->codes;
    trial->privileged = namespaces_privileged();
    if ((codes[PART_USER_NS] = code_of(namespaces_enter(PART_USER_NS))) != 0)
        return;
    for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
        codes[after[i]] = code_of(namespaces_enter(after[i]));
    if (codes[PART_MOUNT_NS] == 0)
        codes[PART_TMPFS] = try_tmpfs();
    if ((codes[PART_PID_NS] = code_of(namespaces_enter(PART_PID_NS))) == 0 && codes[PART_MOUNT_NS] == 0)
        codes[PART_PROC] = try_proc();
}

// A place of ours can be mounted as another user's, and that user be become. `map` is that user's.
static int
try_own_uid(int map, unsigned id)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)map};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return errno;
    return code_of(namespaces_become(id));
}

_Noreturn static void
try_all(int out)
{
    struct trial trial;
    for (size_t i = 0; i < PART_COUNT; i++)
        trial.codes[i] = NOT_TRIED;
    // Else its own files in /proc belong to the superuser, and nobody else can write a user namespace's map.
    prctl(PR_SET_DUMPABLE, 1);
    signal(SIGCHLD, SIG_DFL);
    bool privileged = namespaces_privileged();
    unsigned id = namespaces_own_id();
    int map = privileged ? namespaces_map(id) : -1;
    int map_code = privileged ? errno : EPERM;
    try_namespaces(&trial);
    trial.codes[PART_NO_NEW_PRIVS] = code_of(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (trial.codes[PART_NO_NEW_PRIVS] == 0)
        trial.codes[PART_SECCOMP] = try_filter(0);
    if (trial.codes[PART_SECCOMP] == 0)
        trial.codes[PART_FILE_MODES] = try_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
    trial.codes[PART_NO_CAPABILITIES] = 0;
    if (map < 0)
        trial.codes[PART_OWN_UID] = map_code;
    else if (trial.codes[PART_MOUNT_NS] == 0)
        trial.codes[PART_OWN_UID] = try_own_uid(map, id);
    (void)!write(out, &trial, sizeof(trial));
    _exit(0);
}

// Runs the child; false when it told nothing.
static bool
run_trial(struct trial *trial)
{
    int ends[2];
    if (pipe(ends) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        try_all(ends[1]);
    close(ends[1]);
    ssize_t got = 0;
    if (pid > 0) {
        do
            got = read(ends[0], trial, sizeof(*trial));
        while (got < 0 && errno == EINTR);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return got == sizeof(*trial);
}

static void
miss(struct isolation_probe *probe, enum isolation_part part, const char *reason)
{
    snprintf(probe->reasons[part], PART_REASON_MAX, "%s", reason);
}

// What a part that was not tried had to wait for.
static const char *
waited_for(const struct trial *trial, enum isolation_part part)
{
    if (part > PART_USER_NS && trial->codes[PART_USER_NS] != 0)
        return "needs user-ns";
    if (part == PART_TMPFS || part == PART_OWN_UID || (part == PART_PROC && trial->codes[PART_PID_NS] == 0))
        return "needs mount-ns";
    if (part == PART_PROC)
        return "needs pid-ns";
    return part == PART_FILE_MODES ? "needs seccomp" : "was not tried";
}

static void
judge(struct isolation_probe *probe, const struct trial *trial, enum isolation_part part)
{
    int code = trial->codes[part];
    if (code == 0)
        probe->there |= PART(part);
    else
        miss(probe, part, code == NOT_TRIED ? waited_for(trial, part) : strerror(code));
}

static void
judge_landlock(struct isolation_probe *probe, enum isolation_part part, int needed)
{
    if (probe->landlock_abi >= needed)
        probe->there |= PART(part);
    else if (probe->landlock_abi == 0)
        miss(probe, part, "no Landlock in this kernel");
    else
        snprintf(probe->reasons[part], PART_REASON_MAX, "Landlock ABI %d, needs %d", probe->landlock_abi,
                 needed);
}

static void
judge_groups(struct isolation_probe *probe)
{
    AUTO_BUF folder = BUF(GROUPS_PATH_MAX - 1), reason = BUF(PART_REASON_MAX - 1);
    if (cgroup_find(&folder, &reason) && !folder.full) {
        probe->there |= PART(PART_CGROUP);
        snprintf(probe->groups, sizeof(probe->groups), "%s", buf_text(&folder));
    } else {
        miss(probe, PART_CGROUP, buf_text(&reason));
    }
}

void
isolation_probe(struct isolation_probe *probe)
{
    struct trial trial;
    *probe = (struct isolation_probe){0};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* version */);
    probe->landlock_abi = abi > 0 ? (int)abi : 0;
    if (!run_trial(&trial))
        memset(&trial, NOT_TRIED, sizeof(trial));
    for (enum isolation_part part = 0; part < PART_COUNT; part++)
        if (part != PART_LANDLOCK_FILES && part != PART_LANDLOCK_SIGNALS && part != PART_CGROUP)
            judge(probe, &trial, part);
    judge_landlock(probe, PART_LANDLOCK_FILES, ABI_FILES);
    judge_landlock(probe, PART_LANDLOCK_SIGNALS, ABI_SIGNALS);
    judge_groups(probe);
    if (trial.privileged && (probe->there & PART(PART_USER_NS)))
        miss(probe, PART_USER_NS, "not needed: privileged");
    probe->level = isolation_best(probe->there, 0, ISOLATION_VAULT);
}
