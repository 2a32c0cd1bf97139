// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/body.h"
#include "steps/open-pull-request/guard.h"
#include "steps/open-pull-request/work.h"

#include <string.h>

#define BODY_MAX_BYTES (4u << 20)

static json_t *
pushed(const struct work *work)
{
    return json_pack("{s:s, s:s}", "branch", work->branch, "commit", work->commit);
}

static int
look_up_push(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    char tip[REPO_OID_SIZE];
    if (branch_tip(work, tip, err) != 0)
        return -1;
    if (strcmp(tip, work->commit) != 0)
        return 0;
    *result = pushed(work);
    return 1;
}

static int
act_push(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    if (repo_push(work->repo, work->remote, work->commit, work->ref, work->standing.tip, err) != 0)
        return err_wrap(err, "pushing branch %s", work->branch);
    *result = pushed(work);
    return 0;
}

int
publish_push(struct work *work, struct err *err)
{
    static const struct journal_effect effect = {look_up_push, act_push};
    struct step *step = work->step;
    const char *key =
        arena_printf(step->arena, "push:%s:%s:%s", work->request.remote_url, work->branch, work->commit);
    AUTO_JSON *intent = pushed(work), *done = NULL;
    step_progress(step, NULL, "%s: pushing %s", work->function, work->branch);
    return journal_effect(step, key, intent, &effect, work, &done, err);
}

// An open request may show an older commit, so finding one does not say that it is up to date; publishing
// again is idempotent by itself.
static int
look_up_request(void *context, json_t **result, struct err *err)
{
    (void)context, (void)result, (void)err;
    return 0;
}

static int
act_request(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    const char *url;
    if (work->forge->publish(work->step->arena, &work->request, &url, err) != 0)
        return -1;
    *result = json_pack("{s:s}", "url", url);
    return 0;
}

int
publish_request(struct work *work, const char **url, struct err *err)
{
    static const struct journal_effect effect = {look_up_request, act_request};
    struct step *step = work->step;
    AUTO_BUF body = BUF(BODY_MAX_BYTES), diff = BUF(BODY_MAX_BYTES), title = BUF(1024);
    if (repo_diff(work->repo, work->base_commit, work->commit, &diff, err) != 0)
        return -1;
    struct body_parts parts = {
        .evidence = work->evidence,
        .marker = work->request.marker,
        .flag = work->rollout.flag,
        .variable = guard_variable(step->arena, work->name),
        .rollout_file = work->rollout_path,
        .branch = work->branch,
        .base = work->base,
        .diff = buf_str(&diff),
        .tests = work->tests,
    };
    body_write(&parts, &body);
    body_write_title(work->evidence, &title);
    work->request.title = buf_text(&title);
    work->request.body = buf_str(&body);
    const char *key =
        arena_printf(step->arena, "request:%s:%s:%s", work->request.remote_url, work->branch, work->commit);
    AUTO_JSON *intent = pushed(work), *done = NULL;
    if (journal_effect(step, key, intent, &effect, work, &done, err) != 0)
        return -1;
    *url = arena_dup(step->arena, json_get_text(done, "url", ""));
    return 0;
}
