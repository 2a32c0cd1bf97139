// SPDX-License-Identifier: Apache-2.0
// The namespaces of level cell. The zygote enters them for real and a probe's child to see whether it can, by
// the same calls; so this links to libc alone and allocates nothing. A namespace once entered stays: order is
// user, mount, ipc, uts, net; then a process namespace (for the children to come), and in its first process
// a /proc.
#ifndef ATOLL_SANDBOX_NAMESPACES_H
#define ATOLL_SANDBOX_NAMESPACES_H

#include "sandbox/isolation.h"

#include <stddef.h>

// Size of a private file system in memory when nothing else was said, and the most files in one.
#define TMPFS_DEFAULT_BYTES ((size_t)256 << 20)
#define TMPFS_FILES 16384

// Whether this process may make namespaces as it is; else it needs a user namespace first.
bool namespaces_privileged(void);

// Enters the namespace of PART_USER_NS (nothing when privileged; the ids inside are those outside),
// PART_MOUNT_NS (all file systems read-only and without set-user-id, nothing propagates), PART_IPC_NS,
// PART_UTS_NS, PART_NET_NS or PART_PID_NS. 0, or -1 with errno.
int namespaces_enter(enum isolation_part part);

// An empty file system in memory of at most `bytes`, mounted nowhere yet: a descriptor, or -1 with errno.
int namespaces_tmpfs(size_t bytes);

// Changes the size of one that is mounted. 0, or -1 with errno.
int namespaces_resize(const char *path, size_t bytes);

// Mounts such a descriptor, or one of open_tree(2), at a path, and closes it. 0, or -1 with errno.
int namespaces_attach(int tree, const char *path);

// A user namespace in which this process's user and group are `id` outside: a mount that is mapped by it
// (MOUNT_ATTR_IDMAP) shows our files as those of `id`, and stores its files as ours. A descriptor, or -1 with
// errno. Needs a /proc that can be written.
int namespaces_map(unsigned id);

// A user id that nobody else has, for what this process starts (no system gives those out).
unsigned namespaces_own_id(void);

// Becomes that user and group for good; capabilities are gone. Calls no library. 0, or -1 with errno.
int namespaces_become(unsigned id);

// Mounts this process namespace's own /proc, read-only. 0, or -1 with errno.
int namespaces_proc(void);

#endif
