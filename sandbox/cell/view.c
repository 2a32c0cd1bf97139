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

enum { COVERS_MAX = 8, GRAFTS_FEW = 8 };

// A copy of a place in the tree, to be mounted again.
struct graft {
    int tree; // -1 when there is nothing to mount
    bool folder;
    char path[PATH_MAX]; // without symbolic links
};

// A folder that an empty one is mounted over.
struct cover {
    int tree; // the empty one, -1 when it is yet to be made
    char path[PATH_MAX];
};

// What a run's view is made of.
struct view {
    const struct order *order;
    bool own_user;
    // Those of the run alone, and for a program of another user those that only ours may enter.
    struct cover covers[COVERS_MAX];
    size_t cover_count;
    struct graft *grafts, few[GRAFTS_FEW];
    size_t count;
};

// Whether `path` is `folder` or below it.
static bool
is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool
is_covered(const struct view *view, const char *path)
{
    for (size_t i = 0; i < view->cover_count; i++)
        if (is_below(path, view->covers[i].path))
            return true;
    return false;
}

static int
cover(struct view *view, const char *folder, size_t length, int tree)
{
    if (view->cover_count == COVERS_MAX) {
        errno = E2BIG;
        return -1;
    }
    struct cover *cover = &view->covers[view->cover_count++];
    cover->tree = tree;
    memcpy(cover->path, folder, length);
    cover->path[length] = 0;
    return 0;
}

// Covers the first folder on the way to a path that others may not enter.
static int
cover_closed(struct view *view, const char *path)
{
    struct stat info;
    char folder[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        size_t length = (size_t)(at - path);
        memcpy(folder, path, length);
        folder[length] = 0;
        if (stat(folder, &info) == 0 && !(info.st_mode & S_IXOTH))
            return is_covered(view, path) ? 0 : cover(view, folder, length, -1);
    }
    return 0;
}

// Makes the copy what the program is to see: writable, and of its own user.
static int
change_tree(const struct view *view, int tree, bool writable)
{
    // A place that is read-only for everybody stays so.
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
    if (writable)
        (void)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
    if (!view->own_user)
        return 0;
    attributes =
        (struct mount_attr){.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)view->order->own_map};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
}

// Takes a copy of a path; of a read-only one only when it is about to be covered, or belongs to another user
// than the program. What is not there is none.
static int
take(struct view *view, const char *path, bool writable)
{
    char name[16];
    struct stat info;
    struct graft *graft = &view->grafts[view->count++];
    graft->tree = -1;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    snprintf(name, sizeof(name), "%d", fd);
    ssize_t length = readlinkat(view->order->own_fds, name, graft->path, sizeof(graft->path) - 1);
    int done = length > 0 ? fstat(fd, &info) : -1;
    if (done == 0) {
        graft->path[length] = 0;
        graft->folder = S_ISDIR(info.st_mode);
        done = view->own_user ? cover_closed(view, graft->path) : 0;
    }
    if (done == 0 && (writable || view->own_user || is_covered(view, graft->path))) {
        graft->tree = (int)syscall(SYS_open_tree, fd, "",
                                   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | RECURSIVE);
        done = graft->tree < 0 ? -1 : change_tree(view, graft->tree, writable);
    }
    close(fd);
    return done;
}

// Makes the place to mount on, when it was covered.
static int
make_place(const struct view *view, const struct graft *graft)
{
    char path[PATH_MAX];
    if (!is_covered(view, graft->path) || access(graft->path, F_OK) == 0)
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
attach(const struct view *view, struct graft *graft)
{
    if (graft->tree < 0)
        return 0;
    if (make_place(view, graft) < 0)
        return -1;
    return namespaces_attach(graft->tree, graft->path);
}

static int
cover_all(const struct view *view)
{
    size_t bytes = view->order->request.memory_bytes;
    for (size_t i = 0; i < view->cover_count; i++) {
        const struct cover *cover = &view->covers[i];
        int tree = cover->tree < 0 ? namespaces_tmpfs(TMPFS_DEFAULT_BYTES) : cover->tree;
        if (tree < 0)
            return -1;
        if (namespaces_attach(tree, cover->path) < 0) {
            if (errno != ENOENT)
                return -1;
        } else if (bytes > 0 && namespaces_resize(cover->path, bytes) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
fill(struct view *view)
{
    const struct order *order = view->order;
    if (order->parts & PART(PART_TMPFS))
        if (cover(view, "/tmp", 4, order->memory[0]) < 0 || cover(view, "/dev/shm", 8, order->memory[1]) < 0)
            return -1;
    for (char **path = order->read_paths; *path; path++)
        if (take(view, *path, false) < 0)
            return -1;
    for (char **path = order->write_paths; *path; path++)
        if (take(view, *path, true) < 0)
            return -1;
    if (cover_all(view) < 0)
        return -1;
    for (size_t i = 0; i < view->count; i++)
        if (attach(view, &view->grafts[i]) < 0)
            return -1;
    return 0;
}

int
view_prepare(struct order *order)
{
    order->own_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (order->own_fds < 0)
        return -1;
    for (size_t i = 0; i < sizeof(order->memory) / sizeof(order->memory[0]); i++)
        if ((order->parts & PART(PART_TMPFS)) &&
            (order->memory[i] = namespaces_tmpfs(TMPFS_DEFAULT_BYTES)) < 0)
            return -1;
    return 0;
}

int
view_make(const struct order *order)
{
    const struct wire_request *request = &order->request;
    static struct view view;
    size_t most = (size_t)request->read_count + request->write_count + 1;
    // Its pages are touched as they are needed, and the heap only by a long request: that takes longer than
    // the mounts do.
    view.order = order;
    view.own_user = order->parts & PART(PART_OWN_UID);
    view.grafts = most <= GRAFTS_FEW ? view.few : malloc(most * sizeof(*view.grafts));
    if (!view.grafts)
        return -1;
    umask(022);
    int done = fill(&view), failed = errno;
    if (view.grafts != view.few)
        free(view.grafts);
    errno = failed;
    return done;
}
