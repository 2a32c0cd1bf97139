// SPDX-License-Identifier: Apache-2.0
// What the step works with, and its parts: the base branch (base.c), the commit that is made (commit.c), what
// stands under the branch already (branch.c), and what leaves the machine (publish.c).
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_WORK_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_WORK_H

#include "base/git.h"
#include "steps/shared/forge/forge.h"
#include "steps/shared/rollout/rollout.h"
#include "steps/shared/target/workbench.h"

enum { STAGES_MAX = 32, CHANGES_MAX = 8 };

// What stands under the branch on the remote, from an earlier run.
struct standing {
    char tip[REPO_OID_SIZE];    // REPO_NO_OID when there is no branch
    char change[REPO_OID_SIZE]; // the commit with the change, the tip or below it
    const char *variant;        // that it carries, "" when there is no branch, or just what this run pushed
    struct rollout rollout;     // as it stands at the tip; zeroed without a variant
};

struct work {
    struct step *step;
    struct workbench bench;
    struct repo *repo;
    const json_t *evidence, *winner, *record;
    const char *function, *file;
    const char *name; // that branch, flag and rollout file are called after
    const char *remote, *base, *branch, *ref;
    char base_commit[REPO_OID_SIZE], commit[REPO_OID_SIZE];
    json_t *ledger; // entries of the target; owned
    struct standing standing;
    struct rollout rollout;
    double stages[STAGES_MAX];
    const char *rollout_path;
    struct repo_change changes[CHANGES_MAX];
    size_t change_count;
    const char *tests; // how the branch's tests ended, "" without
    struct pull_request request;
    const struct forge_ops *forge;
};

// Looks whether the base branch moved on the remote since the run began. When it did and the target's file is
// the same there, the change is made on its tip, to be tested there by commit_verify; else *why says why the
// proof does not hold any more (lives in the arena), NULL when it does.
int base_follow(struct work *work, const char **why, struct err *err) MUST_USE;

// Makes the commit in the local object store: guarded source, header, rollout files, benchmark file. No work
// tree, index or branch is touched; the same evidence gives the same commit in every attempt. ERR_TARGET when
// the file has changes that are not committed.
int commit_make(struct work *work, struct err *err) MUST_USE;

// Runs the repository's tests on the commit with the flag off and on; ERR_TARGET when they fail.
int commit_verify(struct work *work, struct err *err) MUST_USE;

// Where the branch stands on the remote now, REPO_NO_OID when it does not.
int branch_tip(struct work *work, char oid[REPO_OID_SIZE], struct err *err) MUST_USE;

// Fills work->standing, after commit_make. ERR_CONFLICT when the branch has a commit that is not atoll's own,
// at its tip or anywhere above the base: atoll's are those that the ledger knows, and those that name the
// target, are by the configured author and committer, and touch nothing but what atoll writes.
int branch_look(struct work *work, struct err *err) MUST_USE;

// Pushes the branch in place of work->standing: an effect, found again by the remote's tip. ERR_CONFLICT when
// the branch moved since branch_look.
int publish_push(struct work *work, struct err *err) MUST_USE;

// Opens or updates the pull request: an effect. *url lives in the step's arena.
int publish_request(struct work *work, const char **url, struct err *err) MUST_USE;

#endif
