// SPDX-License-Identifier: Apache-2.0
#include "steps/canary-experiment/work.h"
#include "steps/shared/forge/forge.h"

#include <string.h>

#define FILE_MAX_BYTES (4u << 20)

static const char *
member(const struct work *work, const json_t *object, const char *key)
{
    const char *text = json_get_text(object, key, NULL);
    return text != NULL ? arena_dup(work->step->arena, text) : NULL;
}

static int
read_record(struct work *work, struct err *err)
{
    const json_t *request = work->request;
    const json_t *winner = json_object_get(json_object_get(request, "evidence"), "winner");
    work->function = member(work, request, "function");
    work->file = member(work, request, "file");
    work->branch = member(work, request, "branch");
    work->remote = member(work, request, "remote");
    work->url = member(work, request, "url");
    work->variable = member(work, request, "variable");
    work->rollout_path = member(work, request, "rollout_file");
    work->variant = member(work, winner, "variant");
    if (work->function == NULL || work->file == NULL || work->branch == NULL || work->remote == NULL ||
        work->variable == NULL || work->rollout_path == NULL ||
        json_get_text(request, "commit", NULL) == NULL)
        return err_set(err, ERR_CONFIG, "`pull-request:` is the `pull_request` output of open-pull-request");
    work->ref = arena_printf(work->step->arena, "refs/heads/%s", work->branch);
    work->format = flag_format_of(work->rollout_path);
    if (work->format == NULL)
        return err_set(err, ERR_CONFIG, "%s: no known flag format has this extension", work->rollout_path);
    return 0;
}

static int
ask_tip(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    char tip[REPO_OID_SIZE];
    if (repo_remote_ref(work->repo, work->remote, work->ref, tip, err) == 0)
        *result = json_string(tip);
    else if (err->kind == ERR_NOT_FOUND)
        *result = json_string("");
    else
        return -1;
    return 0;
}

// Where the branch stood when the step first looked: a later attempt goes on from the same commit.
static int
find_tip(struct work *work, struct err *err)
{
    AUTO_JSON *input = json_string(json_get_text(work->request, "commit", "")), *tip = NULL;
    if (journal_activity(work->step, "tip", work->branch, input, ask_tip, work, &tip, err) != 0)
        return err_wrap(err, "looking at branch %s of %s", work->branch, work->remote);
    const char *oid = json_string_value(tip);
    memset(work->tip, 0, sizeof(work->tip));
    if (oid != NULL && strlen(oid) < sizeof(work->tip))
        memcpy(work->tip, oid, strlen(oid));
    char known[REPO_OID_SIZE];
    struct err absent;
    if (work->tip[0] == '\0' || repo_resolve(work->repo, work->tip, known, &absent) == 0)
        return 0;
    return repo_fetch(work->repo, work->remote, work->ref, known, err);
}

static int
read_rollout(struct work *work, struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    if (repo_read(work->repo, work->tip, work->rollout_path, FILE_MAX_BYTES, &text, err) != 0)
        return err_wrap(err, "reading the rollout file of branch %s", work->branch);
    return work->format->read(work->step->arena, buf_str(&text), work->rollout_path, &work->rollout, err);
}

// Whether a person (or a merge) ended the request.
static int
is_closed(struct work *work, bool *closed, struct err *err)
{
    struct step *step = work->step;
    const struct forge_ops *forge = forge_find(json_get_text(work->request, "forge", "local"));
    struct pull_request request = {
        .remote_url = repo_remote_url(work->repo, step->arena, work->remote, err),
        .branch = work->branch,
        .marker = arena_printf(step->arena, "<!-- atoll target: %s:%s -->", work->file, work->function),
    };
    enum request_state state = REQUEST_NONE;
    const char *url;
    *closed = false;
    if (forge == NULL || work->url == NULL)
        return 0;
    if (request.remote_url == NULL || forge->find(step->arena, &request, &state, &url, err) != 0)
        return -1;
    *closed = state == REQUEST_CLOSED || state == REQUEST_MERGED;
    return 0;
}

static bool
is_rewritten(struct work *work)
{
    bool within = false;
    struct err unknown;
    const char *commit = json_get_text(work->request, "commit", "");
    return repo_is_ancestor(work->repo, commit, work->tip, &within, &unknown) != 0 || !within;
}

int
branch_open(struct work *work, const char **standing, struct err *err)
{
    bool closed;
    *standing = NULL;
    if (read_record(work, err) != 0)
        return -1;
    work->repo = repo_open(work->step->repository, err);
    if (work->repo == NULL || find_tip(work, err) != 0 || is_closed(work, &closed, err) != 0)
        return -1;
    if (closed)
        *standing = "the pull request is no longer open";
    else if (work->tip[0] == '\0')
        *standing = "the branch is gone";
    else if (is_rewritten(work))
        *standing = "somebody rewrote the branch";
    if (*standing != NULL)
        return 0;
    if (read_rollout(work, err) != 0)
        return -1;
    if (work->rollout.state == ROLLOUT_ROLLED_BACK)
        *standing = arena_printf(work->step->arena, "rolled back before: %s",
                                 work->rollout.reason != NULL ? work->rollout.reason : "no reason given");
    return 0;
}
