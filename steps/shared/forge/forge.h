// SPDX-License-Identifier: Apache-2.0
// Where pull requests live. A request is found again by its branch, and is atoll's own only when its hidden
// marker names the target.
#ifndef ATOLL_STEPS_SHARED_FORGE_FORGE_H
#define ATOLL_STEPS_SHARED_FORGE_FORGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct pull_request {
    const char *remote_url; // of the repository
    const char *branch, *base;
    const char *title;
    struct str body;    // Markdown, with the marker in it
    const char *marker; // "<!-- atoll target: FILE:FUNCTION -->"
    bool draft;
};

// Closed: a person said no. Merged: it ended well.
enum request_state { REQUEST_NONE, REQUEST_OPEN, REQUEST_CLOSED, REQUEST_MERGED, REQUEST_FOREIGN };

struct forge_ops {
    const char *name;
    // What there is under the branch: nothing, one with our marker that is open or that somebody closed or
    // merged, or one that is not ours. `url` names it (arena).
    int (*find)(struct arena *arena, const struct pull_request *request, enum request_state *state,
                const char **url, struct err *err);
    // Opens a request, or brings an open one up to date; its notes stay.
    int (*publish)(struct arena *arena, const struct pull_request *request, const char **url,
                   struct err *err);
    // Adds a note (Markdown) to the request at `url` unless one with this key is there already. ERR_NOT_FOUND
    // when there is no request.
    int (*note)(const char *url, const char *key, struct str text, struct err *err);
};

// `local`: a Markdown file beside a bare repository on this machine, REPOSITORY.pull-requests/BRANCH.md. A
// person closes it by writing `state: closed` into its head, and says `state: merged` after a merge.
extern const struct forge_ops forge_local;

// All forges, NULL-terminated.
extern const struct forge_ops *const forges[];

// The forge of a name, or NULL.
const struct forge_ops *forge_find(const char *name);

#endif
