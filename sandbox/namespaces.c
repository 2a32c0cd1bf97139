// SPDX-License-Identifier: Apache-2.0
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECURSIVE 0x8000u // AT_RECURSIVE

bool
namespaces_privileged(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    return data[0].effective >> CAP_SYS_ADMIN & 1;
}

static int
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote == (ssize_t)strlen(text) ? 0 : -1;
}

static int
enter_user(void)
{
    if (namespaces_privileged())
        return 0;
    char users[64], groups[64];
    snprintf(users, sizeof(users), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(groups, sizeof(groups), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    if (unshare(CLONE_NEWUSER) < 0 || put("/proc/self/uid_map", users) < 0 ||
        put("/proc/self/setgroups", "deny") < 0)
        return -1;
    return put("/proc/self/gid_map", groups);
}

static int
enter_mount(void)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -1;
    return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", RECURSIVE, &attributes, sizeof(attributes));
}

int
namespaces_enter(enum isolation_part part)
{
    if (part == PART_USER_NS)
        return enter_user();
    if (part == PART_MOUNT_NS)
        return enter_mount();
    if (part == PART_UTS_NS)
        return unshare(CLONE_NEWUTS) < 0 ? -1 : sethostname("atoll", 5);
    return unshare(part == PART_IPC_NS ? CLONE_NEWIPC : part == PART_NET_NS ? CLONE_NEWNET : CLONE_NEWPID);
}

// Names a setting of a file system that is being made.
static bool
set(int context, const char *key, size_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%zu", value);
    return syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, text, 0) == 0;
}

int
namespaces_tmpfs(size_t bytes)
{
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), tree = -1;
    if (context < 0)
        return -1;
    if (set(context, "mode", 1777) && set(context, "size", bytes) && set(context, "nr_inodes", TMPFS_FILES) &&
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    int failed = errno;
    close(context);
    errno = failed;
    return tree;
}

int
namespaces_resize(const char *path, size_t bytes)
{
    char options[40];
    snprintf(options, sizeof(options), "size=%zu", bytes);
    return mount(NULL, path, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, options);
}

int
namespaces_attach(int tree, const char *path)
{
    long done = syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
    int failed = errno;
    close(tree);
    errno = failed;
    return done < 0 ? -1 : 0;
}

int
namespaces_proc(void)
{
    return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
}

unsigned
namespaces_own_id(void)
{
    // Above what container managers take, below what programs read as negative.
    return 1879048192u + (unsigned)getpid();
}

int
namespaces_map(unsigned id)
{
    char path[64], text[64];
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        for (;;)
            pause();
    if (pid < 0)
        return -1;
    snprintf(text, sizeof(text), "%u %u 1", (unsigned)geteuid(), id);
    snprintf(path, sizeof(path), "/proc/%ld/uid_map", (long)pid);
    int done = put(path, text), failed;
    snprintf(text, sizeof(text), "%u %u 1", (unsigned)getegid(), id);
    snprintf(path, sizeof(path), "/proc/%ld/gid_map", (long)pid);
    done = done == 0 ? put(path, text) : -1;
    snprintf(path, sizeof(path), "/proc/%ld/ns/user", (long)pid);
    int fd = done == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    failed = errno;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    errno = failed;
    return fd;
}

int
namespaces_become(unsigned id)
{
    if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, id, id, id) < 0)
        return -1;
    return (int)syscall(SYS_setresuid, id, id, id);
}
