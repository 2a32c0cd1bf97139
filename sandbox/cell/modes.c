// SPDX-License-Identifier: Apache-2.0
// Owners, modes and times of files, which Landlock does not guard: a build's calls that change them stop in
// the kernel and come here (seccomp_unotify(2)). The runner finds the file itself, and changes it for the
// program when it stands where the program may write; the program's memory is read once, so that changing it
// in between changes nothing.
#include "sandbox/cell/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

enum { PAGE_BYTES = 4096, KERNEL_ROOM_BYTES = 512 };

// What a call names and wants.
struct call {
    const struct seccomp_notif *notification;
    int folder;       // descriptor in the program, or AT_FDCWD
    uint64_t path_at; // address in the program; 0 = the descriptor itself
    bool no_follow;
    enum { SET_MODE, SET_OWNER, SET_TIMES } what;
    mode_t mode;
    uid_t owner;
    gid_t group;
    bool now; // times: both are the present
    struct timespec times[2];
};

static int
read_memory(uint32_t pid, uint64_t at, void *into, size_t bytes)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%u/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = pread(fd, into, bytes, (off_t)at);
    close(fd);
    if (got != (ssize_t)bytes)
        errno = EFAULT;
    return got == (ssize_t)bytes ? 0 : -1;
}

// A terminated string of the program's.
static int
read_path(uint32_t pid, uint64_t at, char path[PATH_MAX])
{
    for (size_t done = 0; done < PATH_MAX;) {
        size_t piece = PAGE_BYTES - (at + done) % PAGE_BYTES;
        if (piece > PATH_MAX - done)
            piece = PATH_MAX - done;
        if (read_memory(pid, at + done, path + done, piece) < 0)
            return -1;
        if (memchr(path + done, 0, piece))
            return 0;
        done += piece;
    }
    errno = ENAMETOOLONG;
    return -1;
}

// The file that a call names, as an O_PATH descriptor, or -1.
static int
open_named(const struct call *call)
{
    uint32_t pid = call->notification->pid;
    int flags = O_PATH | O_CLOEXEC;
    char base[64], path[PATH_MAX], own[PATH_MAX + 32];
    if (call->folder == AT_FDCWD)
        snprintf(base, sizeof(base), "/proc/%u/cwd", pid);
    else
        snprintf(base, sizeof(base), "/proc/%u/fd/%d", pid, call->folder);
    if (!call->path_at)
        return open(base, flags);
    if (read_path(pid, call->path_at, path) < 0)
        return -1;
    flags |= call->no_follow ? O_NOFOLLOW : 0;
    if (strncmp(path, "/proc/self/", 11) == 0) {
        snprintf(own, sizeof(own), "/proc/%u/%s", pid, path + 11);
        return open(own, flags);
    }
    if (path[0] == '/' || !path[0])
        return open(path, flags);
    int folder = open(base, O_PATH | O_CLOEXEC | O_DIRECTORY);
    if (folder < 0)
        return -1;
    int fd = openat(folder, path, flags);
    close(folder);
    return fd;
}

static int
real_path(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return -1;
    path[length] = 0;
    return 0;
}

// Whether a file stands below a folder that may be written, and nowhere else under another name.
static bool
may_change(const struct order *order, int fd)
{
    struct stat info;
    char path[PATH_MAX], folder[PATH_MAX];
    if (real_path(fd, path) < 0 || fstat(fd, &info) < 0 || (!S_ISDIR(info.st_mode) && info.st_nlink > 1))
        return false;
    for (char **allowed = order->write_paths; *allowed; allowed++) {
        int at = open(*allowed, O_PATH | O_CLOEXEC);
        bool known = at >= 0 && real_path(at, folder) == 0;
        if (at >= 0)
            close(at);
        size_t length = known ? strlen(folder) : 0;
        if (known && strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]))
            return true;
    }
    return false;
}

static int
change(const struct call *call, int fd)
{
    char link[64];
    struct stat info;
    if (call->what == SET_OWNER)
        return fchownat(fd, "", call->owner, call->group, AT_EMPTY_PATH);
    if (call->what == SET_TIMES)
        return utimensat(fd, "", call->now ? NULL : call->times, AT_EMPTY_PATH);
    if (fstat(fd, &info) < 0)
        return -1;
    if (!S_ISDIR(info.st_mode) && (call->mode & (S_ISUID | S_ISGID))) {
        errno = EPERM;
        return -1;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return chmod(link, call->mode);
}

// The times that stand at an address, in seconds and parts of which `scale` is a nanosecond's multiple.
static int
read_times(struct call *call, uint64_t at, int64_t scale)
{
    int64_t words[4] = {0};
    call->what = SET_TIMES;
    call->now = at == 0;
    if (call->now)
        return 0;
    if (read_memory(call->notification->pid, at, words, scale ? sizeof(words) : sizeof(struct utimbuf)) < 0)
        return -1;
    call->times[0] = (struct timespec){words[0], scale ? words[1] * scale : 0};
    call->times[1] = (struct timespec){scale ? words[2] : words[1], scale ? words[3] * scale : 0};
    return 0;
}

static int
set_owner(struct call *call, const uint64_t ids[2])
{
    call->what = SET_OWNER;
    call->owner = (uid_t)ids[0];
    call->group = (gid_t)ids[1];
    return 0;
}

static int
set_mode(struct call *call, uint64_t mode)
{
    call->what = SET_MODE;
    call->mode = (mode_t)mode & 07777;
    return 0;
}

// Takes a call apart. 0, or -1 with errno.
static int
decode(const struct seccomp_notif *notification, struct call *call)
{
    const uint64_t *a = (const uint64_t *)notification->data.args;
    *call = (struct call){.notification = notification, .folder = AT_FDCWD, .path_at = a[0]};
    switch (notification->data.nr) {
#ifdef SYS_chmod
    case SYS_chmod:
        return set_mode(call, a[1]);
    case SYS_lchown:
        call->no_follow = true;
        return set_owner(call, a + 1);
    case SYS_chown:
        return set_owner(call, a + 1);
    case SYS_utime:
        return read_times(call, a[1], 0);
    case SYS_utimes:
        return read_times(call, a[1], 1000);
    case SYS_futimesat:
        call->folder = (int)a[0];
        call->path_at = a[1];
        return read_times(call, a[2], 1000);
#endif
    case SYS_fchmod:
        call->folder = (int)a[0];
        call->path_at = 0;
        return set_mode(call, a[1]);
    case SYS_fchown:
        call->folder = (int)a[0];
        call->path_at = 0;
        return set_owner(call, a + 1);
    default:
        break;
    }
    call->folder = (int)a[0];
    call->path_at = a[1];
    if (notification->data.nr == SYS_fchmodat)
        return set_mode(call, a[2]);
    if (notification->data.nr == SYS_utimensat) {
        call->no_follow = a[3] & AT_SYMLINK_NOFOLLOW;
        return read_times(call, a[2], 1);
    }
    call->no_follow = a[4] & AT_SYMLINK_NOFOLLOW;
    if (a[4] & AT_EMPTY_PATH)
        call->path_at = 0;
    return set_owner(call, a + 2);
}

// Does what a call wants; 0, or -1 with errno.
static int
serve(const struct order *order, int listener, const struct seccomp_notif *notification)
{
    struct call call;
    if (decode(notification, &call) < 0)
        return -1;
    int fd = open_named(&call);
    if (fd < 0)
        return -1;
    // What was read was this program's, not that of a later one with its id.
    uint64_t id = notification->id;
    int done = -1;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0) {
        errno = EPERM;
        done = may_change(order, fd) ? change(&call, fd) : -1;
    }
    int failed = errno;
    close(fd);
    errno = failed;
    return done;
}

void
modes_serve(const struct order *order, int listener)
{
    // The kernel's structures may grow.
    union {
        struct seccomp_notif notification;
        char room[KERNEL_ROOM_BYTES];
    } in;
    union {
        struct seccomp_notif_resp response;
        char room[KERNEL_ROOM_BYTES];
    } out;
    memset(&in, 0, sizeof(in));
    memset(&out, 0, sizeof(out));
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
        return;
    out.response.id = in.notification.id;
    if (serve(order, listener, &in.notification) < 0)
        out.response.error = errno ? -errno : -EPERM;
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
}
