// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD that counts the calls with which a program writes, syncs, names, removes and
// sends, and at the call that the control file names kills its own process (before or half-way through) or
// makes the call fail. System calls are made directly, so nothing else comes in between.
#include "tests/crash/control.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SHOW __attribute__((visibility("default")))

static struct control *control;
static enum control_role role;
static enum control_how lasting;

__attribute__((constructor)) static void
start(int argc, char **argv)
{
    control = control_open(getenv(CONTROL_VARIABLE));
    role = control_role_of(argc, argv);
}

// ---- which call

// One call: its name, what it works on, and how many bytes it writes.
struct call {
    const char *name, *path;
    int fd; // -1 when it works on a path
    size_t bytes;
};

static bool
is_file(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode));
}

static void
note_hit(const struct call *call, uint64_t number, enum control_how how)
{
    static const char *const hows[] = {"nothing", "kill before", "kill half-way", "ENOSPC", "EIO", "short"};
    static const char *const roles[] = {"supervisor", "step", "sender"};
    char link[64], path[4096] = "", line[8192];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", call->fd);
    ssize_t len = call->path ? 0 : readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    int size = snprintf(line, sizeof(line), "%s %llu: %s at %s(%s, %zu bytes)\n", roles[role],
                        (unsigned long long)number, hows[how], call->name, call->path ? call->path : path,
                        call->bytes);
    int fd =
        (int)syscall(SYS_openat, AT_FDCWD, control->hits, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || size < 0)
        return;
    (void)!syscall(SYS_write, fd, line, (size_t)size);
    syscall(SYS_close, fd);
}

// What shall happen at this call.
static enum control_how
happens(const struct call *call)
{
    if (!control || (control->files_only && call->fd >= 0 && !is_file(call->fd)))
        return CONTROL_NOTHING;
    uint64_t number = __atomic_add_fetch(&control->calls[role], 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < control->shot_count; i++) {
        struct control_shot *shot = &control->shots[i];
        if (shot->role != role || shot->at != number ||
            __atomic_exchange_n(&shot->fired, 1, __ATOMIC_RELAXED))
            continue;
        enum control_how how = (enum control_how)shot->how;
        note_hit(call, number, how);
        if (shot->lasting)
            lasting = how;
        return how;
    }
    return lasting;
}

static void
die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

// Before a call is made: the process may end here.
static enum control_how
enter(const char *name, int fd, const char *path, size_t bytes)
{
    int before = errno;
    struct call call = {name, path, path ? -1 : fd, bytes};
    enum control_how how = happens(&call);
    if (how == CONTROL_KILL_BEFORE)
        die();
    errno = before;
    return how;
}

// Whether the call fails without being made.
static bool
fails(enum control_how how)
{
    if (how != CONTROL_EIO && how != CONTROL_ENOSPC)
        return false;
    errno = how == CONTROL_EIO ? EIO : ENOSPC;
    return true;
}

// How much of what was asked for is written.
static size_t
part(enum control_how how, size_t bytes)
{
    bool half = how == CONTROL_KILL_HALF || how == CONTROL_SHORT;
    return half && bytes > 1 ? bytes / 2 : bytes;
}

// After a call was made: the process may end here.
static long
leave(enum control_how how, long result)
{
    if (how == CONTROL_KILL_HALF)
        die();
    return result;
}

// ---- the calls

SHOW ssize_t
write(int fd, const void *data, size_t bytes)
{
    enum control_how how = enter("write", fd, NULL, bytes);
    return fails(how) ? -1 : leave(how, syscall(SYS_write, fd, data, part(how, bytes)));
}

SHOW ssize_t
pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    enum control_how how = enter("pwrite", fd, NULL, bytes);
    return fails(how) ? -1 : leave(how, syscall(SYS_pwrite64, fd, data, part(how, bytes), offset));
}

SHOW ssize_t
pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    return pwrite(fd, data, bytes, offset);
}

SHOW ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    enum control_how how = enter("writev", fd, NULL, bytes);
    if (fails(how))
        return -1;
    int some = (int)part(how, (size_t)count);
    if (some < count || part(how, 2) == 2)
        return leave(how, syscall(SYS_writev, fd, parts, some));
    return leave(how, syscall(SYS_write, fd, parts[0].iov_base, part(how, parts[0].iov_len)));
}

SHOW ssize_t
send(int fd, const void *data, size_t bytes, int flags)
{
    enum control_how how = enter("send", fd, NULL, bytes);
    return fails(how) ? -1 : leave(how, syscall(SYS_sendto, fd, data, part(how, bytes), flags, NULL, 0));
}

SHOW ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum control_how how = enter("sendmsg", fd, NULL, 0);
    return fails(how) ? -1 : leave(how, syscall(SYS_sendmsg, fd, message, flags));
}

SHOW int
fsync(int fd)
{
    enum control_how how = enter("fsync", fd, NULL, 0);
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_fsync, fd));
}

SHOW int
fdatasync(int fd)
{
    enum control_how how = enter("fdatasync", fd, NULL, 0);
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_fdatasync, fd));
}

SHOW int
ftruncate(int fd, off_t size)
{
    enum control_how how = enter("ftruncate", fd, NULL, 0);
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_ftruncate, fd, size));
}

SHOW int
ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

SHOW int
unlinkat(int folder, const char *path, int flags)
{
    enum control_how how = enter("unlink", -1, path, 0);
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_unlinkat, folder, path, flags));
}

SHOW int
unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

SHOW int
renameat(int old_folder, const char *old_path, int new_folder, const char *new_path)
{
    enum control_how how = enter("rename", -1, new_path, 0);
    return fails(how)
               ? -1
               : (int)leave(how, syscall(SYS_renameat2, old_folder, old_path, new_folder, new_path, 0));
}

SHOW int
rename(const char *old_path, const char *new_path)
{
    return renameat(AT_FDCWD, old_path, AT_FDCWD, new_path);
}

SHOW int
link(const char *old_path, const char *new_path)
{
    enum control_how how = enter("link", -1, new_path, 0);
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_linkat, AT_FDCWD, old_path, AT_FDCWD, new_path, 0));
}

// ---- calls that make something: they can't be done by half, but they can fail

SHOW int
mkdir(const char *path, mode_t mode)
{
    enum control_how how = control && control->files_only ? enter("mkdir", -1, path, 0) : CONTROL_NOTHING;
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

static int
open_file(int folder, const char *path, int flags, mode_t mode)
{
    bool counts = control && control->files_only && (flags & O_CREAT);
    enum control_how how = counts ? enter("open", -1, path, 0) : CONTROL_NOTHING;
    return fails(how) ? -1 : (int)leave(how, syscall(SYS_openat, folder, path, flags, mode));
}

static mode_t
mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(args, mode_t) : 0;
}

SHOW int
open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_file(AT_FDCWD, path, flags, mode);
}

SHOW int
open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_file(AT_FDCWD, path, flags, mode);
}

SHOW int
openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_file(folder, path, flags, mode);
}

SHOW int
openat64(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return open_file(folder, path, flags, mode);
}
