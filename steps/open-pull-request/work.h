// SPDX-License-Identifier: Apache-2.0
// What the step works with, and its two halves: the commit that is made (commit.c) and what leaves the
// machine (publish.c).
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_WORK_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_WORK_H

#include "base/git.h"
#include "steps/shared/forge/forge.h"
#include "steps/shared/rollout/rollout.h"
#include "steps/shared/target/workbench.h"

enum { STAGES_MAX = 32, CHANGES_MAX = 8 };

struct work {
    struct step *step;
    struct workbench bench;
    struct repo *repo;
    const json_t *evidence, *winner, *record;
    const char *function, *file;
    const char *name; // that branch, flag and rollout file are called after
    const char *remote, *base, *branch, *ref;
    char base_commit[REPO_OID_SIZE], commit[REPO_OID_SIZE];
    char replaced[REPO_OID_SIZE]; // our own older tip of the branch, or REPO_NO_OID
    struct rollout rollout;
    double stages[STAGES_MAX];
    const char *rollout_path;
    struct repo_change changes[CHANGES_MAX];
    size_t change_count;
    const char *tests; // how the branch's tests ended, "" without
    struct pull_request request;
    const struct forge_ops *forge;
};

// Makes the commit in the local object store: guarded source, header, rollout files, benchmark file. No work
// tree, index or branch is touched; the same evidence gives the same commit in every attempt. ERR_TARGET when
// the file has changes that are not committed.
int commit_make(struct work *work, struct err *err) MUST_USE;

// Runs the repository's tests on the commit with the flag off and on; ERR_TARGET when they fail.
int commit_verify(struct work *work, struct err *err) MUST_USE;

// ERR_CONFLICT when the branch's tip on the remote is not atoll's; fills work->replaced.
int publish_check(struct work *work, struct err *err) MUST_USE;

// Pushes the branch: an effect, found again by the remote's tip.
int publish_push(struct work *work, struct err *err) MUST_USE;

// Opens or updates the pull request: an effect. *url lives in the step's arena.
int publish_request(struct work *work, const char **url, struct err *err) MUST_USE;

#endif
