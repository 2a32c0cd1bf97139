// SPDX-License-Identifier: Apache-2.0
// Which function of the repository each function of a profile is. A function with a file is looked up in the
// file that its path ends like (build folders, -trimpath and vendored modules fall away) and has to be
// defined there; a path that stands below a root proven by another function counts even when the function is
// gone, which is worth a warning. A function without a file (folded stacks, perf without source lines) is the
// one C definition of its name. System libraries and the kernel are never the repository's.
#ifndef ATOLL_STEPS_PROFILE_FETCH_LOCATE_H
#define ATOLL_STEPS_PROFILE_FETCH_LOCATE_H

#include "steps/profile-fetch/profile.h"
#include "steps/profile-fetch/tree.h"

struct place {
    struct str name;   // as the source has it, "" only for an unnamed function
    uint32_t file;     // of the tree, TREE_NONE outside the repository
    uint32_t line;     // of the definition; the profile's own when missing
    uint32_t line_end; // 0 when unknown
    bool local;        // other files cannot call it
    bool helper;       // local and so small that its cost is its caller's
    bool missing;      // its file is the repository's, but does not define it
    bool ambiguous;    // several files define it, so it counts as outside
};

// Whether a file of the repository is preferred when several define a function; NULL: all alike.
typedef bool (*locate_prefers)(void *context, const char *path);

// A place for each function of the profile, in the arena.
struct place *locate_all(struct arena *arena, const struct profile *profile, struct tree *tree,
                         locate_prefers prefers, void *context);

#endif
