// SPDX-License-Identifier: Apache-2.0
#include "sandbox/cgroup.h"
#include "base/fs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

static bool
read_text(const char *path, struct buf *text)
{
    struct err ignored;
    buf_clear(text);
    return fs_read(path, TEXT_MAX_BYTES, text, &ignored) == 0;
}

// The word number `index` (from 0) of a line.
static struct str
word(struct str line, size_t index)
{
    struct str found = str_cut(&line, ' ');
    while (index-- > 0)
        found = line.ptr ? str_cut(&line, ' ') : STR("");
    return found;
}

static bool
has_word(struct str line, struct str wanted)
{
    line = str_trim(line);
    while (line.ptr)
        if (str_eq(str_cut(&line, ' '), wanted))
            return true;
    return false;
}

// Our own group, a path from the hierarchy's root ("0::/path"), into *group.
static bool
own_group(struct buf *group)
{
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    if (!read_text("/proc/self/cgroup", &text))
        return false;
    struct str rest = buf_str(&text);
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, STR("0::"))) {
            buf_add_str(group, str_from(line, 3));
            return true;
        }
    }
    return false;
}

// Where cgroup v2 is mounted, and which group that mount shows as its root.
static bool
find_mount(struct buf *mount, struct buf *root)
{
    AUTO_BUF text = BUF(TEXT_MAX_BYTES);
    if (!read_text("/proc/self/mountinfo", &text))
        return false;
    struct str rest = buf_str(&text);
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        if (str_find(line, STR(" - cgroup2 ")) < 0)
            continue;
        buf_add_str(root, word(line, 3));
        buf_add_str(mount, word(line, 4));
        return true;
    }
    return false;
}

// Whether groups below `folder` are given what a run's group needs, and one can be made.
static bool
suits(const char *folder, struct buf *reason)
{
    AUTO_BUF path = BUF(PATH_MAX), controllers = BUF(TEXT_MAX_BYTES);
    struct stat info;
    buf_clear(reason);
    buf_printf(&path, "%s/cgroup.subtree_control", folder);
    if (!read_text(buf_text(&path), &controllers) || !has_word(buf_str(&controllers), STR("memory")) ||
        !has_word(buf_str(&controllers), STR("pids"))) {
        buf_puts(reason, "cgroup v2 gives groups no memory and pids controllers here");
        return false;
    }
    buf_clear(&path);
    buf_printf(&path, "%s/atoll-probe-%ld", folder, (long)getpid());
    if (mkdir(buf_text(&path), 0755) < 0) {
        buf_printf(reason, "making a group: %s", strerror(errno));
        return false;
    }
    size_t length = path.len;
    buf_puts(&path, "/cgroup.kill");
    bool kills = stat(buf_text(&path), &info) == 0;
    buf_cut(&path, length);
    (void)rmdir(buf_text(&path));
    if (!kills)
        buf_puts(reason, "this kernel has no cgroup.kill (Linux 5.14)");
    return kills;
}

bool
cgroup_find(struct buf *folder, struct buf *reason)
{
    AUTO_BUF group = BUF(PATH_MAX), root = BUF(PATH_MAX);
    if (!find_mount(folder, &root) || !own_group(&group)) {
        buf_puts(reason, "cgroup v2 is not mounted");
        return false;
    }
    size_t top = folder->len;
    struct str below = buf_str(&group);
    if (str_starts(below, buf_str(&root)))
        below = str_from(below, root.len);
    if (below.len > 0 && below.ptr[0] != '/')
        buf_putc(folder, '/');
    if (!str_is(below, "/"))
        buf_add_str(folder, below);
    while (!suits(buf_text(folder), reason)) {
        const char *slash = strrchr(buf_text(folder), '/');
        size_t length = slash ? (size_t)(slash - buf_text(folder)) : 0;
        if (folder->len <= top || length < top)
            return false;
        buf_cut(folder, length);
    }
    return true;
}
