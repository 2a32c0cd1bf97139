// SPDX-License-Identifier: Apache-2.0
// The file system that a run sees at level cell. The zygote's is the host's, read-only. On top of it a run
// gets an empty /tmp and /dev/shm in memory, and what it may write is mounted over itself, writable. What it
// is given below those two folders is put back where it was.
#include "sandbox/cell/cell.h"
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RECURSIVE 0x8000u // AT_RECURSIVE

static const char *const private_folders[] = {"/tmp", "/dev/shm", NULL};

// A copy of a place in the tree, to be mounted again.
struct graft {
    int tree; // -1 when there is nothing to mount
    bool folder;
    char path[PATH_MAX]; // without symbolic links
};

// Whether `path` is `folder` or below it.
static bool
is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool
is_private(const char *path)
{
    for (const char *const *folder = private_folders; *folder; folder++)
        if (is_below(path, *folder))
            return true;
    return false;
}

// Takes a copy of a path; of a read-only one only when it is about to be covered. What is not there is none.
static int
graft_take(struct graft *graft, const char *path, bool writable)
{
    char link[64];
    struct stat info;
    graft->tree = -1;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, graft->path, sizeof(graft->path) - 1);
    int done = length > 0 ? fstat(fd, &info) : -1;
    if (done == 0) {
        graft->path[length] = 0;
        graft->folder = S_ISDIR(info.st_mode);
        if (writable || is_private(graft->path))
            graft->tree = (int)syscall(SYS_open_tree, fd, "",
                                       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | RECURSIVE);
        done = graft->tree < 0 && (writable || is_private(graft->path)) ? -1 : 0;
    }
    close(fd);
    if (done == 0 && writable) {
        // A place that is read-only for everybody stays so.
        struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
        (void)syscall(SYS_mount_setattr, graft->tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
    }
    return done;
}

// Makes the place to mount on, when it was covered.
static int
make_place(const struct graft *graft)
{
    char path[PATH_MAX];
    if (!is_private(graft->path) || access(graft->path, F_OK) == 0)
        return 0;
    memcpy(path, graft->path, sizeof(path));
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    if (graft->folder)
        return mkdir(path, 0755);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : -1;
}

static int
graft_attach(struct graft *graft)
{
    if (graft->tree < 0)
        return 0;
    if (make_place(graft) < 0)
        return -1;
    long done = syscall(SYS_move_mount, graft->tree, "", AT_FDCWD, graft->path, MOVE_MOUNT_F_EMPTY_PATH);
    close(graft->tree);
    graft->tree = -1;
    return done < 0 ? -1 : 0;
}

static int
cover_private(size_t bytes)
{
    for (const char *const *folder = private_folders; *folder; folder++)
        if (namespaces_tmpfs(*folder, bytes > 0 ? bytes : TMPFS_DEFAULT_BYTES) < 0 && errno != ENOENT)
            return -1;
    return 0;
}

int
view_make(const struct order *order)
{
    const struct wire_request *request = &order->request;
    size_t count = 0, capacity = (size_t)request->read_count + request->write_count;
    struct graft *grafts = malloc((capacity + 1) * sizeof(*grafts));
    if (!grafts)
        return -1;
    umask(022);
    int done = 0;
    bool covers = request->parts & PART(PART_TMPFS);
    for (char **path = order->read_paths; *path && covers && done == 0; path++)
        done = graft_take(&grafts[count++], *path, false);
    for (char **path = order->write_paths; *path && done == 0; path++)
        done = graft_take(&grafts[count++], *path, true);
    if (done == 0 && covers)
        done = cover_private(request->memory_bytes);
    for (size_t i = 0; i < count && done == 0; i++)
        done = graft_attach(&grafts[i]);
    free(grafts);
    return done;
}
