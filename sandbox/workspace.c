// SPDX-License-Identifier: Apache-2.0
#include "sandbox/workspace.h"
#include "base/arena.h"
#include "base/fd.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_SUFFIX ".lock"
#define MAX_DEFAULT_BYTES ((size_t)1 << 30)

enum { LOCK_TRIES = 100 };

struct workspace {
    struct arena arena;
    const char *path, *lock_path;
    int lock; // held as long as the owner lives
    enum workspace_way way;
};

const char *
workspace_path(const struct workspace *workspace)
{
    return workspace->path;
}

enum workspace_way
workspace_way(const struct workspace *workspace)
{
    return workspace->way;
}

// ---- owners
// -----------------------------------------------------------------------------------------------------

// Opens and locks a lock file. -1 with errno EWOULDBLOCK when somebody else holds it, ESTALE when it was
// removed meanwhile.
static int
take_lock(const char *path, int flags)
{
    struct stat here, there;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0)
        return -1;
    int failed = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
    bool same = fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_ino == there.st_ino &&
                here.st_dev == there.st_dev;
    if (failed == 0 && same)
        return fd;
    close(fd);
    errno = failed ? failed : ESTALE;
    return -1;
}

static int
remove_view(const char *path, struct err *err)
{
    return fs_exists(path) ? fs_remove_tree(path, err) : 0;
}

// Removes the view of a lock that nobody holds.
static int
sweep_one(struct arena *arena, const char *lock_path, struct err *err)
{
    int lock = take_lock(lock_path, 0);
    if (lock < 0)
        return 0;
    char *path = arena_str(arena, str_head(str_of(lock_path), strlen(lock_path) - strlen(LOCK_SUFFIX)));
    int done = remove_view(path, err);
    if (done == 0)
        unlink(lock_path);
    close(lock);
    return done;
}

int
workspace_sweep(const char *home, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct fs_list locks;
    if (!fs_is_dir(home))
        return 0;
    if (fs_glob(&arena, fs_join(&arena, home, "*" LOCK_SUFFIX), &locks, err) < 0)
        return -1;
    for (size_t i = 0; i < locks.count; i++)
        if (sweep_one(&arena, locks.paths[i], err) < 0)
            return err_wrap(err, "removing what a killed process left");
    return 0;
}

// Finds a name for a view that nobody else has, and locks it.
static int
claim(struct workspace *workspace, const char *home, struct err *err)
{
    for (int i = 0; i < LOCK_TRIES && workspace->lock < 0; i++) {
        workspace->path = arena_printf(&workspace->arena, "%s/%ld-%d", home, (long)getpid(), i);
        workspace->lock_path = arena_printf(&workspace->arena, "%s" LOCK_SUFFIX, workspace->path);
        workspace->lock = take_lock(workspace->lock_path, O_CREAT | O_EXCL);
        if (workspace->lock < 0 && errno != EEXIST && errno != ESTALE && errno != EWOULDBLOCK)
            break;
    }
    return workspace->lock < 0 ? err_sys(err, ERR_IO, "making a workspace in %s", home) : 0;
}

// ---- files
// -----------------------------------------------------------------------------------------------------

struct copying {
    const struct workspace_spec *spec;
    struct workspace *workspace;
    struct arena *arena;
    size_t left_bytes; // that may still be copied
};

static int
copy_bytes(int in, int out, size_t size)
{
    char bytes[1 << 16];
    ssize_t got = 1;
    while (size > 0 && (got = copy_file_range(in, NULL, out, NULL, size, 0)) > 0)
        size -= (size_t)got;
    // Not between these two files, or it grew meanwhile: as ever.
    while ((got = read(in, bytes, sizeof(bytes))) > 0)
        for (ssize_t put, done = 0; done < got; done += put)
            if ((put = write(out, bytes + done, (size_t)(got - done))) < 0)
                return -1;
    return got < 0 ? -1 : 0;
}

static int
fill_file(struct copying *copying, int in, int out, const struct stat *info, struct err *err)
{
    size_t size = info->st_size > 0 ? (size_t)info->st_size : 0;
    if (ioctl(out, FICLONE, in) == 0)
        return 0;
    copying->workspace->way = WORKSPACE_COPY;
    if (size > copying->left_bytes)
        return err_set(err, ERR_LIMIT, "%s is larger than a workspace may be", copying->spec->source);
    copying->left_bytes -= size;
    return copy_bytes(in, out, size) < 0 ? err_sys(err, ERR_IO, "copying into a workspace") : 0;
}

static int
copy_file(struct copying *copying, const FTSENT *entry, const char *to, struct err *err)
{
    AUTO_FD in = open(entry->fts_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    // What we may not read a build could not have read either.
    if (in < 0)
        return errno == EACCES || errno == ENOENT ? 0 : err_sys(err, ERR_IO, "reading %s", entry->fts_path);
    AUTO_FD out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0)
        return err_sys(err, ERR_IO, "writing %s", to);
    const struct stat *info = entry->fts_statp;
    const struct timespec times[2] = {info->st_atim, info->st_mtim};
    if (fill_file(copying, in, out, info, err) < 0)
        return -1;
    if (fchmod(out, info->st_mode & 0777) < 0 || futimens(out, times) < 0)
        return err_sys(err, ERR_IO, "writing %s", to);
    return 0;
}

static int
copy_link(struct copying *copying, const FTSENT *entry, const char *to, struct err *err)
{
    char target[PATH_MAX];
    const char *source = copying->spec->source, *wanted = target;
    ssize_t length = readlink(entry->fts_path, target, sizeof(target) - 1);
    size_t base = strlen(source);
    if (length < 0)
        return err_sys(err, ERR_IO, "reading %s", entry->fts_path);
    target[length] = 0;
    if (strncmp(target, source, base) == 0 && (target[base] == '/' || target[base] == 0))
        wanted = arena_printf(copying->arena, "%s%s", copying->workspace->path, target + base);
    return symlink(wanted, to) < 0 ? err_sys(err, ERR_IO, "writing %s", to) : 0;
}

static bool
is_left_out(const struct copying *copying, const FTSENT *entry)
{
    const char *const *without = copying->spec->without;
    if (entry->fts_level == FTS_ROOTLEVEL)
        return false;
    for (; without && *without; without++)
        if (strcmp(*without, entry->fts_name) == 0)
            return true;
    // A home below the source: views hold no views.
    return strcmp(entry->fts_path, copying->spec->home) == 0;
}

static int
copy_entry(struct copying *copying, FTS *walk, FTSENT *entry, struct err *err)
{
    const char *rest = entry->fts_path + strlen(copying->spec->source);
    const char *to = arena_printf(copying->arena, "%s%s", copying->workspace->path, rest);
    if (is_left_out(copying, entry)) {
        if (entry->fts_info == FTS_D)
            fts_set(walk, entry, FTS_SKIP);
        return 0;
    }
    switch (entry->fts_info) {
    case FTS_D:
        return mkdir(to, 0700) < 0 ? err_sys(err, ERR_IO, "making %s", to) : 0;
    case FTS_DP: {
        const struct timespec times[2] = {entry->fts_statp->st_atim, entry->fts_statp->st_mtim};
        mode_t mode = (entry->fts_statp->st_mode & 0777) | S_IRWXU;
        if (chmod(to, mode) < 0 || utimensat(AT_FDCWD, to, times, 0) < 0)
            return err_sys(err, ERR_IO, "making %s", to);
        return 0;
    }
    case FTS_F:
        return copy_file(copying, entry, to, err);
    case FTS_SL:
    case FTS_SLNONE:
        return copy_link(copying, entry, to, err);
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return errno == ENOENT ? 0 : err_sys(err, ERR_IO, "reading %s", entry->fts_path);
    default: // FTS_DNR, FTS_DEFAULT: what can't be read, and what is no file
        return 0;
    }
}

static int
copy_tree(struct workspace *workspace, const struct workspace_spec *spec, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct copying copying = {spec, workspace, &arena, spec->max_bytes ? spec->max_bytes : MAX_DEFAULT_BYTES};
    char *const roots[] = {(char *)(uintptr_t)spec->source, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return err_sys(err, ERR_IO, "reading %s", spec->source);
    int done = 0;
    FTSENT *entry;
    while (done == 0 && (errno = 0, entry = fts_read(walk)))
        done = copy_entry(&copying, walk, entry, err);
    if (done == 0 && errno != 0)
        done = err_sys(err, ERR_IO, "reading %s", spec->source);
    fts_close(walk);
    return done;
}

// ---- life
// -----------------------------------------------------------------------------------------------------

static int
make(struct workspace *workspace, const struct workspace_spec *given, struct err *err)
{
    struct workspace_spec spec = *given;
    if (!fs_is_dir(spec.source))
        return err_set(err, ERR_NOT_FOUND, "%s is no folder", spec.source);
    if (fs_mkdirs(spec.home, err) < 0 || workspace_sweep(spec.home, err) < 0)
        return -1;
    // Paths are compared and written into links: as the kernel gives them.
    spec.source = fs_real(&workspace->arena, spec.source, err);
    spec.home = spec.source ? fs_real(&workspace->arena, spec.home, err) : NULL;
    if (!spec.home || claim(workspace, spec.home, err) < 0)
        return -1;
    return copy_tree(workspace, &spec, err);
}

struct workspace *
workspace_new(const struct workspace_spec *spec, struct err *err)
{
    struct workspace *workspace = calloc(1, sizeof(*workspace));
    if (!workspace)
        abort();
    workspace->lock = -1;
    if (make(workspace, spec, err) == 0)
        return workspace;
    workspace_free(workspace);
    return NULL;
}

void
workspace_free(struct workspace *workspace)
{
    struct err ignored;
    if (!workspace)
        return;
    if (workspace->lock >= 0) {
        (void)!remove_view(workspace->path, &ignored);
        unlink(workspace->lock_path);
        close(workspace->lock);
    }
    arena_release(&workspace->arena);
    free(workspace);
}
