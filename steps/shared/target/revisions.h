// SPDX-License-Identifier: Apache-2.0
// One function at two revisions of its repository, ready to be built and run side by side. Each revision is
// checked out whole into a scratch folder, so that its headers, packages and what it links are its own; flags
// of C are those of the work tree's build for both. Headers that the build makes and git does not know are
// taken from the work tree.
#ifndef ATOLL_STEPS_SHARED_TARGET_REVISIONS_H
#define ATOLL_STEPS_SHARED_TARGET_REVISIONS_H

#include "base/git.h"
#include "steps/shared/target/workbench.h"

// The work tree's own name as a revision.
#define REVISIONS_WORK_TREE "."

struct revisions_spec {
    struct arena *arena;
    const char *cell_path;  // of atoll-cell
    const char *repository; // the work tree, absolute, without links
    const char *names[2];   // A and B: revisions as git names them, or REVISIONS_WORK_TREE
    const char *file;       // relative to the repository
    const char *function;
    const json_t *description; // {"params", "recipe"} that win over inference, as in target_open; may be NULL
    struct launch_limits limits; // of cells
};

struct revisions {
    struct workbench benches[2];
    char commits[2][REPO_OID_SIZE]; // "" of the work tree
    const char *scratch;            // removed by revisions_release
};

// Opens both. The roles of C parameters are those of A. ERR_USAGE for a revision, ERR_NOT_FOUND for a file
// or function that is not there, ERR_TARGET when the two can't be called in the same way or do not build. To
// be released in every case.
int revisions_open(const struct revisions_spec *spec, struct revisions *revisions, struct err *err) MUST_USE;
void revisions_release(struct revisions *revisions);

#endif
