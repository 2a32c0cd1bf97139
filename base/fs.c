// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"

#include "base/fd.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALK_MAX 1000000

struct path_vec {
    char **items;
    size_t count, capacity;
};

static enum err_kind
kind_of(int sys)
{
    return sys == ENOENT || sys == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
}

static int
fail(struct err *err, const char *doing, const char *path)
{
    return err_sys(err, kind_of(errno), "%s %s", doing, path);
}

int
fs_read(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    buf_clear(out);
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, "opening", path);
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, "reading", path);
        if (got == 0)
            return buf_check(out, path, err);
        if (out->len + (size_t)got > max_bytes)
            return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
        buf_add(out, chunk, (size_t)got);
    }
}

static int
write_all(int fd, struct str content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.ptr, content.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        content = str_from(content, (size_t)put);
    }
    return 0;
}

// Makes what was renamed into a folder survive a power loss.
static int
sync_dir(const char *dir)
{
    AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

static int
write_temp(const char *temp, const char *path, struct str content)
{
    AUTO_FD fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    struct stat before;
    bool keep_mode = lstat(path, &before) == 0 && S_ISREG(before.st_mode);
    if (keep_mode && fchmod(fd, before.st_mode & 07777) < 0)
        return -1;
    return write_all(fd, content) < 0 ? -1 : fsync(fd);
}

// Gives a finished file its name; with `fresh` only when nobody has it.
static int
name_temp(const char *temp, const char *path, bool fresh)
{
    if (!fresh)
        return rename(temp, path);
    return link(temp, path) < 0 || unlink(temp) < 0 ? -1 : 0;
}

static int
write_whole(const char *path, struct str content, bool fresh, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *dir = fs_dir_name(&arena, path);
    if (fs_mkdirs(dir, err) < 0)
        return -1;
    unsigned long long salt = 0;
    if (getrandom(&salt, sizeof(salt), 0) < 0)
        return fail(err, "naming a temporary file for", path);
    const char *temp = arena_printf(&arena, "%s/.atoll-%llx.tmp", dir, salt);
    if (write_temp(temp, path, content) < 0 || name_temp(temp, path, fresh) < 0) {
        fail(err, "writing", path);
        unlink(temp);
        return -1;
    }
    return sync_dir(dir) < 0 ? fail(err, "writing", path) : 0;
}

int
fs_write(const char *path, struct str content, struct err *err)
{
    return write_whole(path, content, false, err);
}

int
fs_write_scratch(const char *path, struct str content, struct err *err)
{
    AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 || write_all(fd, content) < 0 ? fail(err, "writing", path) : 0;
}

int
fs_create(const char *path, struct str content, struct err *err)
{
    if (write_whole(path, content, true, err) == 0)
        return 0;
    if (err->sys == EEXIST)
        err->kind = ERR_CONFLICT;
    return -1;
}

int
fs_mkdirs(const char *path, struct err *err)
{
    AUTO_ARENA arena = {0};
    char *part = arena_dup(&arena, path);
    for (char *slash = part; slash;) {
        slash = strchr(slash + strspn(slash, "/"), '/');
        if (slash)
            *slash = 0;
        if (*part && mkdir(part, 0777) < 0 && errno != EEXIST)
            return fail(err, "making folder", part);
        if (slash)
            *slash = '/';
    }
    if (fs_is_dir(path))
        return 0;
    errno = ENOTDIR;
    return err_sys(err, ERR_IO, "making folder %s", path);
}

static FTS *
walk_open(const char *root, int options)
{
    char *const roots[] = {(char *)root, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | options, NULL);
}

static void
walk_close(FTS **walk)
{
    if (*walk)
        fts_close(*walk);
}
#define AUTO_WALK __attribute__((cleanup(walk_close))) FTS

// 0, or -1 with errno when the entry could not be read.
static int
walk_check(const FTSENT *entry)
{
    if (entry->fts_info != FTS_ERR && entry->fts_info != FTS_DNR && entry->fts_info != FTS_NS)
        return 0;
    errno = entry->fts_errno;
    return -1;
}

static int
remove_entry(const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_D:
        return (entry->fts_statp->st_mode & 0700) == 0700 ? 0 : chmod(entry->fts_path, 0700);
    case FTS_DP:
        return rmdir(entry->fts_path);
    case FTS_F:
    case FTS_SL:
    case FTS_SLNONE:
    case FTS_DEFAULT:
        return unlink(entry->fts_path);
    default:
        return walk_check(entry);
    }
}

int
fs_remove_tree(const char *path, struct err *err)
{
    AUTO_WALK *walk = walk_open(path, 0);
    if (!walk)
        return fail(err, "removing", path);
    FTSENT *entry;
    while ((errno = 0, entry = fts_read(walk)))
        if (remove_entry(entry) < 0 && errno != ENOENT)
            return fail(err, "removing", entry->fts_path);
    return errno ? fail(err, "removing", path) : 0;
}

bool
fs_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool
fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
copy_file(const char *from, const char *to, const struct stat *st)
{
    AUTO_FD in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0 || (unlink(to) < 0 && errno != ENOENT))
        return -1;
    AUTO_FD out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        return -1;
    ssize_t put;
    while ((put = sendfile(out, in, NULL, 1 << 20)) > 0 || (put < 0 && errno == EINTR))
        ;
    return put < 0 ? -1 : fchmod(out, st->st_mode & 07777);
}

static int
copy_link(const char *from, const char *to)
{
    char target[PATH_MAX];
    ssize_t len = readlink(from, target, sizeof(target) - 1);
    if (len < 0 || (unlink(to) < 0 && errno != ENOENT))
        return -1;
    target[len] = 0;
    return symlink(target, to);
}

static int
copy_entry(const FTSENT *entry, const char *to)
{
    switch (entry->fts_info) {
    case FTS_D:
        return mkdir(to, 0700) < 0 && errno != EEXIST ? -1 : 0;
    case FTS_DP:
        return chmod(to, entry->fts_statp->st_mode & 07777);
    case FTS_F:
        return copy_file(entry->fts_accpath, to, entry->fts_statp);
    case FTS_SL:
    case FTS_SLNONE:
        return copy_link(entry->fts_accpath, to);
    default:
        return walk_check(entry);
    }
}

int
fs_copy_tree(const char *from, const char *to, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (!fs_is_dir(from)) {
        errno = fs_exists(from) ? ENOTDIR : ENOENT;
        return fail(err, "copying", from);
    }
    struct stat top;
    if (fs_mkdirs(to, err) < 0)
        return -1;
    if (stat(to, &top) < 0)
        return fail(err, "copying to", to);
    AUTO_WALK *walk = walk_open(from, FTS_COMFOLLOW);
    if (!walk)
        return fail(err, "copying", from);
    FTSENT *entry;
    while ((errno = 0, entry = fts_read(walk))) {
        const char *rest = entry->fts_path + strlen(from);
        bool is_copy = entry->fts_ino == top.st_ino && entry->fts_dev == top.st_dev;
        if (is_copy)
            fts_set(walk, entry, FTS_SKIP);
        else if (copy_entry(entry, arena_printf(&arena, "%s/%s", to, rest)) < 0)
            return fail(err, "copying", entry->fts_path);
    }
    return errno ? fail(err, "copying", from) : 0;
}

char *
fs_join(struct arena *arena, const char *a, const char *b)
{
    if (!*a || *b == '/')
        return arena_dup(arena, b);
    return arena_printf(arena, "%s%s%s", a, a[strlen(a) - 1] == '/' ? "" : "/", b);
}

char *
fs_real(struct arena *arena, const char *path, struct err *err)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        fail(err, "resolving", path);
        return NULL;
    }
    return arena_dup(arena, real);
}

static int
by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list_sort(struct fs_list *list)
{
    if (list->count > 1)
        qsort(list->paths, list->count, sizeof(*list->paths), by_bytes);
}

int
fs_glob(struct arena *arena, const char *pattern, struct fs_list *out, struct err *err)
{
    glob_t found = {0};
    *out = (struct fs_list){0};
    int status = glob(pattern, GLOB_NOSORT | GLOB_BRACE | GLOB_TILDE, NULL, &found);
    if (status != 0 && status != GLOB_NOMATCH)
        return err_sys(err, ERR_IO, "matching %s", pattern);
    out->count = found.gl_pathc;
    out->paths = ARENA_ARRAY(arena, char *, found.gl_pathc);
    for (size_t i = 0; i < found.gl_pathc; i++)
        out->paths[i] = arena_dup(arena, found.gl_pathv[i]);
    globfree(&found);
    list_sort(out);
    return 0;
}

static int
walk_into(FTS *walk, const char *root, struct arena *arena, struct path_vec *found, struct err *err)
{
    FTSENT *entry;
    while ((errno = 0, entry = fts_read(walk))) {
        if (walk_check(entry) < 0 && (errno != ENOENT || entry->fts_level == FTS_ROOTLEVEL))
            return fail(err, "reading", entry->fts_path);
        if (entry->fts_info == FTS_D && strcmp(entry->fts_name, ".git") == 0)
            fts_set(walk, entry, FTS_SKIP);
        if (entry->fts_info != FTS_F || strcmp(entry->fts_name, ".git") == 0)
            continue;
        if (found->count == WALK_MAX)
            return err_set(err, ERR_LIMIT, "%s holds more than %d files", root, WALK_MAX);
        const char *rest = entry->fts_path + strlen(root);
        *vec_push(found) = arena_dup(arena, rest + strspn(rest, "/"));
    }
    return errno ? fail(err, "reading", root) : 0;
}

int
fs_walk(struct arena *arena, const char *root, struct fs_list *out, struct err *err)
{
    *out = (struct fs_list){0};
    if (!fs_is_dir(root)) {
        errno = fs_exists(root) ? ENOTDIR : ENOENT;
        return fail(err, "reading", root);
    }
    AUTO_WALK *walk = walk_open(root, FTS_COMFOLLOW);
    if (!walk)
        return fail(err, "reading", root);
    struct path_vec found = {0};
    int status = walk_into(walk, root, arena, &found, err);
    if (status == 0) {
        out->count = found.count;
        out->paths = ARENA_ARRAY(arena, char *, found.count);
        if (found.count > 0)
            memcpy(out->paths, found.items, found.count * sizeof(*found.items));
        list_sort(out);
    }
    vec_release(&found);
    return status;
}

char *
fs_temp_dir(struct arena *arena, const char *parent, const char *prefix, struct err *err)
{
    if (!parent)
        parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    char *path = arena_printf(arena, "%s/%sXXXXXX", parent, prefix);
    if (mkdtemp(path))
        return path;
    fail(err, "making a folder in", parent);
    return NULL;
}

char *
fs_dir_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return arena_dup(arena, ".");
    return arena_str(arena, str_n(path, slash == path ? 1 : (size_t)(slash - path)));
}

const char *
fs_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int
fs_self_dir(struct arena *arena, char **out, struct err *err)
{
    char *self = fs_real(arena, "/proc/self/exe", err);
    if (!self)
        return -1;
    *out = fs_dir_name(arena, self);
    return 0;
}
