// SPDX-License-Identifier: Apache-2.0
// dir:PATH, a folder that all machines see (a network file system needs working fcntl locks and links):
//
//   chunks/AB/ABCD...   chunks by their SHA-256
//   head                the head's text; its version is the SHA-256 of it
//   lock                held (fcntl, dies with its process) from the comparison to the rename
//   inbox/ID            messages
//   swept               when chunks that no head names were last looked for
#include "base/clock.h"
#include "base/fs.h"
#include "base/map.h"
#include "workflow/carriers/ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_PATIENCE_MS 30000
#define LOCK_RETRY_MS 2
// A writer has this long from putting a chunk to naming it in a head, a reader from a head to its chunks.
#define GRACE_S 900

struct dir {
    char *path;
};

static void *
dir_open(const char *place, const struct carrier_options *options, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (!*place) {
        err_set(err, ERR_CONFIG, "dir: names no folder; write dir:PATH");
        return NULL;
    }
    char *path = fs_join(&arena, options->folder ? options->folder : "", place);
    if (fs_exists(path) && !fs_is_dir(path)) {
        err_set(err, ERR_CONFIG, "dir:%s: that is not a folder", place);
        return NULL;
    }
    struct dir *dir = calloc(1, sizeof(*dir));
    if (!dir || !(dir->path = strdup(path)))
        abort();
    return dir;
}

static void
dir_close(void *self)
{
    struct dir *dir = self;
    free(dir->path);
    free(dir);
}

static char *
path_of(const struct dir *dir, struct arena *arena, const char *name)
{
    return fs_join(arena, dir->path, name);
}

static char *
chunk_path(const struct dir *dir, struct arena *arena, const char *hash)
{
    return arena_printf(arena, "%s/chunks/%.2s/%s", dir->path, hash, hash);
}

// ---- chunks ----

// A fresh time keeps the chunk from being swept.
static int
dir_has(void *self, const char *hash, bool *there, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *path = chunk_path(self, &arena, hash);
    *there = utimensat(AT_FDCWD, path, NULL, 0) == 0;
    return *there || errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, ERR_IO, "looking for %s", path);
}

static int
dir_put(void *self, const char *hash, struct str content, struct err *err)
{
    AUTO_ARENA arena = {0};
    bool there;
    if (dir_has(self, hash, &there, err) < 0)
        return -1;
    return there ? 0 : fs_write(chunk_path(self, &arena, hash), content, err);
}

static int
dir_get(void *self, const char *hash, struct buf *content, struct err *err)
{
    AUTO_ARENA arena = {0};
    return fs_read(chunk_path(self, &arena, hash), CARRIER_CHUNK_BYTES, content, err);
}

// ---- head ----

static int
dir_load(void *self, struct carrier_version *version, struct buf *head, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (fs_read(path_of(self, &arena, "head"), CARRIER_HEAD_MAX_BYTES, head, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    struct hash sum = hash_of(buf_text(head), head->len);
    hash_hex(&sum, version->text);
    return 0;
}

static int
dir_look(void *self, struct carrier_version *version, struct err *err)
{
    AUTO_BUF head = BUF(CARRIER_HEAD_MAX_BYTES);
    *version = (struct carrier_version){""};
    return dir_load(self, version, &head, err);
}

static void
unlock(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

// Gives the descriptor that holds the lock, or -1.
static int
lock_take(const struct dir *dir, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (fs_mkdirs(dir->path, err) < 0)
        return -1;
    const char *path = path_of(dir, &arena, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_sys(err, ERR_IO, "opening %s", path);
    int64_t deadline_ns = clock_mono_ns() + LOCK_PATIENCE_MS * CLOCK_MS_NS;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_SETLK, &lock) < 0) {
        bool is_held = errno == EACCES || errno == EAGAIN;
        if (is_held && clock_mono_ns() < deadline_ns) {
            poll(NULL, 0, LOCK_RETRY_MS);
            continue;
        }
        err_sys(err, is_held ? ERR_TIMEOUT : ERR_IO, "locking %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

static int
check_chunks(struct dir *dir, const struct carrier_hash *live, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        bool there;
        if (dir_has(dir, live[i].text, &there, err) < 0)
            return -1;
        if (!there)
            return err_set(err, ERR_NOT_FOUND, "chunk %s is not in %s", live[i].text, dir->path);
    }
    return 0;
}

// When the last sweep was long enough ago, stamps a new one with the file system's own clock.
static bool
sweep_is_due(const struct dir *dir, struct timespec *now)
{
    AUTO_ARENA arena = {0};
    struct err ignored;
    const char *stamp = path_of(dir, &arena, "swept");
    struct stat before, after;
    bool is_known = stat(stamp, &before) == 0;
    const char *probe = path_of(dir, &arena, "lock");
    if (utimensat(AT_FDCWD, probe, NULL, 0) < 0 || stat(probe, &after) < 0)
        return false;
    *now = after.st_mtim;
    if (is_known && before.st_mtim.tv_sec + GRACE_S > now->tv_sec)
        return false;
    return fs_write(stamp, STR(""), &ignored) == 0;
}

// Removes old chunks that the new head does not name, and what a killed writer left half-way. A failure
// leaves them for the next time.
static void
sweep(const struct dir *dir, const struct carrier_hash *live, size_t count)
{
    AUTO_ARENA arena = {0};
    AUTO_MAP named = {0};
    struct fs_list chunks;
    struct timespec now;
    struct err ignored;
    const char *root = path_of(dir, &arena, "chunks");
    if (!sweep_is_due(dir, &now) || !fs_is_dir(root) || fs_walk(&arena, root, &chunks, &ignored) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        map_set(&named, str_of(live[i].text), NULL);
    for (size_t i = 0; i < chunks.count; i++) {
        struct stat st;
        const char *path = fs_join(&arena, root, chunks.paths[i]);
        bool is_old = stat(path, &st) == 0 && st.st_mtim.tv_sec + GRACE_S < now.tv_sec;
        if (is_old && !map_has(&named, str_of(fs_base_name(path))))
            unlink(path);
    }
}

static int
dir_swap(void *self, const struct carrier_version *expect, struct str head, const struct carrier_hash *live,
         size_t count, struct carrier_version *now, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct hash sum = hash_of(head.ptr, head.len);
    hash_hex(&sum, now->text);
    struct carrier_version standing;
    int fd __attribute__((cleanup(unlock))) = lock_take(self, err);
    if (fd < 0 || dir_look(self, &standing, err) < 0)
        return -1;
    if (strcmp(standing.text, expect->text) != 0)
        return err_set(err, ERR_CONFLICT, "the state in dir:%s was replaced by somebody else",
                       ((struct dir *)self)->path);
    if (check_chunks(self, live, count, err) < 0 || fs_write(path_of(self, &arena, "head"), head, err) < 0)
        return -1;
    sweep(self, live, count);
    return 0;
}

// ---- messages ----

static char *
message_path(const struct dir *dir, struct arena *arena, const char *id)
{
    return arena_printf(arena, "%s/inbox/%s", dir->path, id);
}

static int
sync_folder(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) < 0 ? err_sys(err, ERR_IO, "syncing %s", path) : 0;
    unlock(&fd);
    return status;
}

// A link is what can't replace a file that is there. Names of half-written messages begin with a dot.
static int
dir_message_put(void *self, const char *id, struct str text, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *path = message_path(self, &arena, id);
    const char *fresh =
        arena_printf(&arena, "%s/.%s-%d", fs_dir_name(&arena, path), fs_base_name(path), (int)getpid());
    if (fs_write(fresh, text, err) < 0)
        return -1;
    int status = 0;
    if (link(fresh, path) < 0)
        status = errno == EEXIST ? err_set(err, ERR_CONFLICT, "a message %s is there already", id)
                                 : err_sys(err, ERR_IO, "leaving the message %s", path);
    unlink(fresh);
    return status < 0 ? -1 : sync_folder(fs_dir_name(&arena, path), err);
}

static int
dir_message_list(void *self, int (*add)(void *context, const char *id, struct err *err), void *context,
                 struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *path = path_of(self, &arena, "inbox");
    DIR *inbox = opendir(path);
    if (!inbox)
        return errno == ENOENT ? 0 : err_sys(err, ERR_IO, "reading %s", path);
    int status = 0;
    const struct dirent *entry;
    while (status == 0 && (errno = 0, entry = readdir(inbox)))
        status = add(context, entry->d_name, err);
    if (status == 0 && errno)
        status = err_sys(err, ERR_IO, "reading %s", path);
    closedir(inbox);
    return status;
}

static int
dir_message_get(void *self, const char *id, struct buf *text, struct err *err)
{
    AUTO_ARENA arena = {0};
    return fs_read(message_path(self, &arena, id), CARRIER_MESSAGE_MAX_BYTES, text, err);
}

static int
dir_message_drop(void *self, const char *id, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *path = message_path(self, &arena, id);
    if (unlink(path) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, ERR_IO, "removing %s", path);
    return sync_folder(fs_dir_name(&arena, path), err);
}

const struct carrier_ops carrier_dir = {
    .scheme = "dir",
    .form = "dir:PATH",
    .open = dir_open,
    .close = dir_close,
    .has = dir_has,
    .put = dir_put,
    .get = dir_get,
    .load = dir_load,
    .look = dir_look,
    .swap = dir_swap,
    .message_put = dir_message_put,
    .message_list = dir_message_list,
    .message_get = dir_message_get,
    .message_drop = dir_message_drop,
};
