// SPDX-License-Identifier: Apache-2.0
// What the step works with, and its halves: the branch it looks at (branch.c), the experiment (replay.c), and
// what leaves the machine (publish.c).
#ifndef ATOLL_STEPS_CANARY_EXPERIMENT_WORK_H
#define ATOLL_STEPS_CANARY_EXPERIMENT_WORK_H

#include "base/git.h"
#include "steps/canary-experiment/verdict.h"
#include "steps/shared/rollout/rollout.h"
#include "workflow/journal.h"

struct work {
    struct step *step;
    struct repo *repo;
    const json_t *request; // record of open-pull-request; borrowed
    const char *function, *file, *variant;
    const char *branch, *ref, *remote, *url;
    const char *variable, *rollout_path;
    char tip[REPO_OID_SIZE]; // of the branch on the remote when the step began; "" when it is gone
    const struct flag_format *format;
    struct rollout rollout; // as it stands at the tip, then as decided
    struct shadow shadow;
    struct verdict verdict;
    char commit[REPO_OID_SIZE]; // what the decision wrote; "" when it wrote nothing
    const char *next;           // the command to type next
};

// Fills the texts from the record, opens the repository, fetches the branch and reads its rollout file.
// *standing says why there is nothing to experiment on (the branch is gone, somebody rewrote it, it was
// rolled back, the request is closed), NULL when there is.
int branch_open(struct work *work, const char **standing, struct err *err) MUST_USE;

// Builds the tip and replays the captured traffic on it, flag off against flag on; fills work->shadow. An
// activity: a later attempt gets the committed figures. ERR_TARGET when the branch does not build.
int replay_run(struct work *work, struct err *err) MUST_USE;

// Writes the decision: a commit on the branch for advance and rollback (an effect, done once), and a note on
// the pull request. At the last stage advance becomes hold.
int publish_decision(struct work *work, struct err *err) MUST_USE;

// The saving of the service's CPU time that the function's share and its own speed-up promise, 0..1.
double saving_predicted(const struct work *work);

#endif
