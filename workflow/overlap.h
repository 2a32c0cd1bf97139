// SPDX-License-Identifier: Apache-2.0
// Triggers that meet an unfinished run: what changed between two pipelines, the one trigger that is kept for
// later, and the source tree of a run whose commit is no longer the one that is checked out.
#ifndef ATOLL_WORKFLOW_OVERLAP_H
#define ATOLL_WORKFLOW_OVERLAP_H

#include "workflow/run.h"

// What differs between two normalised pipelines (pipeline_normalise), in one line: "step evolve:
// with.minutes; step prove is new; vars". Lives in the arena; "" when nothing does.
const char *overlap_changes(struct arena *arena, const json_t *before, const json_t *after);

// Keeps that `commit` wanted a run while another one was unfinished; a later one takes its place.
int overlap_buffer(struct state *state, const char *pipeline, const char *commit, struct err *err) MUST_USE;

// Takes the kept trigger of a pipeline out: 1 when there was one, 0, -1.
int overlap_take(struct state *state, const char *pipeline, struct err *err) MUST_USE;

// The tree that the steps of a run work in: `repository` itself when it stands at the run's commit (`head`,
// "" outside of git), else a linked work tree of that commit below `work`. Lives in the arena. NULL:
// ERR_NOT_FOUND when the clone lacks the commit.
const char *overlap_source(struct arena *arena, const char *repository, const char *head,
                           const struct run *run, const char *work, struct err *err) MUST_USE;

// Removes the linked work tree of a run, if it had one.
void overlap_drop_source(const char *repository, const char *run, const char *work);

#endif
