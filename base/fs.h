// SPDX-License-Identifier: Apache-2.0
// Files and folders. A missing file is ERR_NOT_FOUND, every other failure ERR_IO, unless said otherwise;
// messages name the path. Nothing here changes the working directory or follows a symbolic link while it
// walks a tree.
#ifndef ATOLL_BASE_FS_H
#define ATOLL_BASE_FS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

// Paths, sorted by bytes; array and texts live in an arena.
struct fs_list {
    char **paths;
    size_t count;
};

// Replaces the content of `out` by that of a file, pipe or /proc entry. ERR_LIMIT when larger than
// `max_bytes` or than what `out` may hold.
int fs_read(const char *path, size_t max_bytes, struct buf *out, struct err *err) MUST_USE;

// Replaces a file atomically and durably: after a crash it holds the old or the new content. Makes parent
// folders, keeps the mode of an existing file. A symbolic link at `path` is replaced.
int fs_write(const char *path, struct str content, struct err *err) MUST_USE;

// Makes or replaces a file without waiting for the disk: for what nobody needs after a crash.
int fs_write_scratch(const char *path, struct str content, struct err *err) MUST_USE;

// The same as fs_write for a file that must not exist: ERR_CONFLICT when it does, also when somebody makes it
// meanwhile.
int fs_create(const char *path, struct str content, struct err *err) MUST_USE;

// Makes a folder and its parents; an existing one is fine.
int fs_mkdirs(const char *path, struct err *err) MUST_USE;

// Removes a file or a folder with all below, also folders made unreadable by their owner; a missing one is
// fine.
int fs_remove_tree(const char *path, struct err *err) MUST_USE;

// Whether something is there (a dangling link is not).
bool fs_exists(const char *path);

// Whether it is a folder, or a link to one.
bool fs_is_dir(const char *path);

// Copies folder `from` to `to`, which is made if needed: folders, regular files and links, with their modes.
// Existing files are overwritten, sockets and devices are left out.
int fs_copy_tree(const char *from, const char *to, struct err *err) MUST_USE;

// "a/b"; `b` alone when it is absolute or `a` is empty.
char *fs_join(struct arena *arena, const char *a, const char *b);

// The absolute path without links, "." and "..", or NULL.
char *fs_real(struct arena *arena, const char *path, struct err *err) MUST_USE;

// Existing paths that match a pattern of glob(7) with {a,b} and ~; no match is an empty list.
int fs_glob(struct arena *arena, const char *pattern, struct fs_list *out, struct err *err) MUST_USE;

// The regular files below `root` as relative paths, without what is below a `.git`, and what goes meanwhile.
// ERR_LIMIT beyond a million.
int fs_walk(struct arena *arena, const char *root, struct fs_list *out, struct err *err) MUST_USE;

// Makes a new folder PARENT/PREFIXxxxxxx with mode 0700 and gives its path, or NULL. A NULL parent means
// $TMPDIR, else /tmp. The caller removes it.
char *fs_temp_dir(struct arena *arena, const char *parent, const char *prefix, struct err *err) MUST_USE;

// The part before the last slash: "a/b" -> "a", "a" -> ".", "/a" -> "/".
char *fs_dir_name(struct arena *arena, const char *path);

// The part after the last slash; borrowed from `path`.
const char *fs_base_name(const char *path);

// The folder of the running program, without links.
int fs_self_dir(struct arena *arena, char **out, struct err *err) MUST_USE;

#endif
