// SPDX-License-Identifier: Apache-2.0
// The base branch while the run went on: what it became, and whether the proof still holds there.
#include "steps/open-pull-request/work.h"

#include <string.h>

#define FILE_MAX_BYTES ((size_t)4 << 20)

// Whether a file is the same in two commits; one that is in neither is.
static int
is_same_file(struct work *work, const char *one, const char *other, bool *same, struct err *err)
{
    AUTO_BUF first = BUF(FILE_MAX_BYTES), second = BUF(FILE_MAX_BYTES);
    int there = repo_read(work->repo, one, work->file, FILE_MAX_BYTES, &first, err);
    if (there != 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    int still = repo_read(work->repo, other, work->file, FILE_MAX_BYTES, &second, err);
    if (still != 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    *same = there == still && (there != 0 || str_eq(buf_str(&first), buf_str(&second)));
    return 0;
}

// The tip of the base branch on the remote when it moved on from our commit; else "". What is not below it is
// a branch of its own, or was not pushed yet: it stays where it is.
static int
find_new_tip(struct work *work, char tip[REPO_OID_SIZE], struct err *err)
{
    const char *ref = arena_printf(work->step->arena, "refs/heads/%s", work->base);
    bool behind = false;
    int status = repo_remote_ref(work->repo, work->remote, ref, tip, err);
    if (status != 0 && err->kind != ERR_NOT_FOUND)
        return -1;
    if (status == 0 && strcmp(tip, work->base_commit) != 0 &&
        (repo_fetch(work->repo, work->remote, ref, tip, err) != 0 ||
         repo_is_ancestor(work->repo, work->base_commit, tip, &behind, err) != 0))
        return -1;
    if (!behind)
        *tip = '\0';
    return 0;
}

int
base_follow(struct work *work, const char **why, struct err *err)
{
    struct step *step = work->step;
    char tip[REPO_OID_SIZE];
    bool same;
    *why = NULL;
    if (find_new_tip(work, tip, err) != 0)
        return -1;
    if (*tip == '\0')
        return 0;
    if (is_same_file(work, work->base_commit, tip, &same, err) != 0)
        return -1;
    const char *moved =
        arena_printf(step->arena, "%s moved from %.12s to %.12s", work->base, work->base_commit, tip);
    if (!same)
        *why = arena_printf(step->arena, "%s and %s changed there; a new run proves it on what it is now",
                            moved, work->file);
    else if (step_text(step, "test") == NULL)
        *why = arena_printf(step->arena, "%s and there is no `test:` to prove the change there", moved);
    if (*why != NULL)
        return 0;
    step_warn(step, "%s; %s is the same there, so the change is made and tested on that", moved, work->file);
    memcpy(work->base_commit, tip, REPO_OID_SIZE);
    return 0;
}
