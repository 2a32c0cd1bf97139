// SPDX-License-Identifier: Apache-2.0
#include "workflow/lease.h"

#include "base/arena.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int
open_lock(const char *state_path, int flags)
{
    AUTO_ARENA arena = {0};
    return open(arena_printf(&arena, "%s.lock", state_path), flags | O_CLOEXEC, 0666);
}

static pid_t
holder_of(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_GETLK, &lock) < 0)
        return -1;
    return lock.l_type == F_UNLCK ? 0 : lock.l_pid > 0 ? lock.l_pid : -1;
}

static int
refuse(int fd, const char *state_path, struct err *err)
{
    pid_t holder = holder_of(fd);
    if (holder > 0)
        return err_set(err, ERR_LOCKED, "state %s is held by process %d", state_path, (int)holder);
    return err_set(err, ERR_LOCKED, "state %s is held by a process that this one can't see", state_path);
}

int
lease_acquire(struct lease *lease, const char *state_path, struct err *err)
{
    lease->fd = open_lock(state_path, O_RDWR | O_CREAT);
    if (lease->fd < 0)
        return err_sys(err, ERR_IO, "state %s: opening its lock", state_path);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(lease->fd, F_SETLK, &lock) == 0)
        return 0;
    if (errno == EACCES || errno == EAGAIN)
        refuse(lease->fd, state_path, err);
    else
        err_sys(err, ERR_IO, "state %s: locking", state_path);
    lease_release(lease);
    return -1;
}

void
lease_release(struct lease *lease)
{
    if (lease->fd >= 0)
        close(lease->fd);
    lease->fd = -1;
}

pid_t
lease_holder(const char *state_path)
{
    int fd = open_lock(state_path, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    pid_t holder = holder_of(fd);
    close(fd);
    return holder;
}

#define NOTE_MAX_BYTES ((size_t)4 << 10)

static const char *
note_path(struct arena *arena, const char *state_path)
{
    return arena_printf(arena, "%s.elsewhere", state_path);
}

int
lease_note_elsewhere(const char *state_path, int64_t until_ns, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *text = arena_printf(&arena, "%lld\n", (long long)until_ns);
    return fs_write(note_path(&arena, state_path), str_of(text), err);
}

bool
lease_is_elsewhere(const char *state_path, int64_t now_ns)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF text = BUF(NOTE_MAX_BYTES);
    struct err ignored;
    int64_t until_ns;
    const char *note = note_path(&arena, state_path);
    return fs_exists(note) && fs_read(note, NOTE_MAX_BYTES, &text, &ignored) == 0 &&
           str_to_i64(str_trim(buf_str(&text)), &until_ns) && until_ns > now_ns;
}
