// SPDX-License-Identifier: Apache-2.0
// A private view of a folder for a build that is not trusted: it may change all of it, and nothing of that
// reaches the folder itself or another view. Files are shared with the original until one of them is written
// where the file system can do that (FICLONE: Btrfs, XFS, bcachefs), and copied elsewhere. Hard links are
// never used: whoever may write below the view could write through one into the original, since a rule about
// folders (Landlock) permits what stands below them, whatever other names it has.
//
// Times and modes are the original's, so that make sees what it would see there. A symbolic link with an
// absolute path into the original leads into the view. Sockets, pipes and devices are left out.
//
// A view is locked by its owner as long as that lives. What a killed owner left behind is removed by the next
// one that makes a view in the same home.
#ifndef ATOLL_SANDBOX_WORKSPACE_H
#define ATOLL_SANDBOX_WORKSPACE_H

#include "base/err.h"

#include <stddef.h>

struct workspace;

enum workspace_way { WORKSPACE_REFLINK, WORKSPACE_COPY };

struct workspace_spec {
    const char *source;         // absolute; only read
    const char *home;           // folder that views stand in, absolute; made when it is not there
    const char *const *without; // names that are left out at any depth, NULL-terminated; NULL = none
    size_t max_bytes;           // of all files that have to be copied; 0 = 1 GiB
};

// Makes a view. NULL with ERR_LIMIT when copying would take more than max_bytes; nothing is left then.
struct workspace *workspace_new(const struct workspace_spec *spec, struct err *err) MUST_USE;

// Removes it. NULL is fine.
void workspace_free(struct workspace *workspace);

// Where it is, absolute and without symbolic links; borrowed.
const char *workspace_path(const struct workspace *workspace);

// How its files came: by reflink when all of them did.
enum workspace_way workspace_way(const struct workspace *workspace);

// Removes the views below `home` whose owners are dead. A home that is not there is fine.
int workspace_sweep(const char *home, struct err *err) MUST_USE;

#endif
