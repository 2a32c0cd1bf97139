// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/open_pull_request.h"

#include "steps/open-pull-request/guard.h"
#include "steps/open-pull-request/work.h"
#include "steps/shared/ledger/ledger.h"

#include <string.h>

// The branch that HEAD is on; CI checks out a commit alone, then the remote's main branch.
static const char *
find_base(struct repo *repo, struct arena *arena, const char *remote, struct err *err)
{
    struct err ignored;
    const char *head = repo_head_ref(repo, arena, &ignored);
    if (head != NULL && strncmp(head, "refs/heads/", 11) == 0)
        return head + 11;
    const char *base = repo_remote_head(repo, arena, remote, &ignored);
    if (base == NULL)
        err_set(
            err, ERR_CONFIG,
            "HEAD is on no branch, and the main branch of remote %s is not known here; set `base:` to the "
            "branch that the pull request is for",
            remote);
    return base;
}

// A search for nothing is what a missing `base:` would cost.
static int
check(const char *repository, const json_t *with, struct err *err)
{
    AUTO_ARENA arena = {0};
    if (json_get_text(with, "base", NULL) != NULL)
        return 0;
    struct repo *repo = repo_open(repository, err);
    if (repo == NULL)
        return -1;
    const char *base = find_base(repo, &arena, json_get_text(with, "remote", "origin"), err);
    repo_free(repo);
    return base != NULL ? 0 : -1;
}

static int
open_repository(struct work *work, struct err *err)
{
    struct step *step = work->step;
    work->repo = repo_open(step->repository, err);
    if (work->repo == NULL)
        return -1;
    work->remote = step_text(step, "remote");
    work->base = step_text(step, "base");
    if (work->base == NULL)
        work->base = find_base(work->repo, step->arena, work->remote, err);
    if (work->base == NULL)
        return -1;
    work->name = guard_name(step->arena, &work->bench.target);
    work->branch = arena_printf(step->arena, "atoll/%s", work->name);
    work->ref = arena_printf(step->arena, "refs/heads/%s", work->branch);
    const char *commit = work->bench.target.commit;
    return repo_resolve(work->repo, *commit ? commit : "HEAD", work->base_commit, err);
}

static int
prepare_request(struct work *work, enum request_state *state, const char **url, struct err *err)
{
    struct step *step = work->step;
    work->forge = forge_find(step_text(step, "forge"));
    work->request = (struct pull_request){
        .remote_url = repo_remote_url(work->repo, step->arena, work->remote, err),
        .branch = work->branch,
        .base = work->base,
        .marker = arena_printf(step->arena, "<!-- atoll target: %s:%s -->", work->file, work->function),
        .draft = step_bool(step, "draft"),
    };
    if (work->request.remote_url == NULL ||
        work->forge->find(step->arena, &work->request, state, url, err) != 0)
        return -1;
    if (*state == REQUEST_FOREIGN)
        return err_set(err, ERR_CONFLICT,
                       "%s is a pull request that is not atoll's, or for another function than %s of %s; "
                       "rename its branch",
                       *url, work->function, work->file);
    return 0;
}

static json_t *
stages_json(const struct work *work)
{
    json_t *list = json_array();
    for (size_t i = 0; i < work->rollout.stage_count; i++)
        json_array_append_new(list, json_real(work->rollout.stages[i]));
    return list;
}

static const char *
summary_of(const struct work *work, const char *url, bool kept)
{
    const struct standing *before = &work->standing;
    struct arena *arena = work->step->arena;
    const char *place = arena_printf(arena, "%s at %.12s, %s", work->branch, work->commit, url);
    if (*before->variant == '\0')
        return place;
    const char *at = before->rollout.state == ROLLOUT_ROLLED_BACK
                         ? "rolled back"
                         : arena_printf(arena, "at %g %%", rollout_percent(&before->rollout));
    if (kept)
        return arena_printf(arena, "%s; it offers this variant already, and stays as it is, %s", place, at);
    return arena_printf(arena, "%s; it takes the place of %.12s, which was %s", place, before->tip, at);
}

static int
finish(struct work *work, const char *url, bool kept, struct err *err)
{
    struct step *step = work->step;
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:O}", "branch", work->branch,
                  "commit", work->commit, "base", work->base, "url", url, "rollout_file", work->rollout_path,
                  "flag", work->rollout.flag, "variable", guard_variable(step->arena, work->name), "remote",
                  work->remote, "function", work->function, "file", work->file, "stages", stages_json(work),
                  "lease", (json_int_t)work->rollout.lease_s, "evidence", work->evidence);
    if (request == NULL)
        return err_set(err, ERR_INTERNAL, "the pull request's record could not be put together");
    step_output(step, "status", json_string(kept ? "unchanged" : "open"));
    step_output(step, "pull_request", request);
    step_output(step, "summary", json_text(str_of(summary_of(work, url, kept))));
    step_output(step, "next",
                json_string(arena_printf(step->arena, "git -C %s fetch %s && git -C %s diff %s...%s/%s",
                                         step->repository, work->remote, step->repository, work->base,
                                         work->remote, work->branch)));
    return 0;
}

static int
note_ledger(struct work *work, enum ledger_event event, const char *key, const char *value, struct err *err)
{
    AUTO_JSON *details = json_pack("{s:s}", key, value);
    struct ledger_entry entry = {
        .file = work->file,
        .function = work->function,
        .variant = json_get_text(work->winner, "variant", ""),
        .event = event,
        .details = details,
    };
    return ledger_note(work->step, &entry, err);
}

// Ends the step without publishing.
static int
stop(struct work *work, const char *status, const char *summary)
{
    step_output(work->step, "status", json_string(status));
    step_output(work->step, "summary", json_text(str_of(summary)));
    return 0;
}

static bool
is_same_variant(const struct work *work)
{
    const char *before = work->standing.variant;
    return *before != '\0' && strcmp(before, json_get_text(work->winner, "variant", "")) == 0;
}

// Why this variant was rolled back, by the branch or by the ledger; NULL when it was not.
static const char *
retired_reason(const struct work *work)
{
    const struct rollout *rollout = &work->standing.rollout;
    if (is_same_variant(work) && rollout->state == ROLLOUT_ROLLED_BACK)
        return rollout->reason != NULL ? rollout->reason : "no reason given";
    const json_t *entry =
        ledger_standing(work->ledger, LEDGER_RETIRED, json_get_text(work->winner, "variant", ""));
    return entry != NULL ? json_get_text(json_object_get(entry, "details"), "reason", "no reason given")
                         : NULL;
}

// The branch offers the variant already: branch and rollout stay as they are. A request that is missing is
// opened, as after a kill between the push and the request.
static int
keep(struct work *work, enum request_state state, const char *url, struct err *err)
{
    const struct standing *standing = &work->standing;
    struct err absent;
    memcpy(work->commit, standing->tip, REPO_OID_SIZE);
    work->rollout = standing->rollout;
    if (state == REQUEST_NONE) {
        // A shallow clone lacks it; the difference is then from the new base.
        if (repo_resolve(work->repo, arena_printf(work->step->arena, "%s~1", standing->change),
                         work->base_commit, &absent) != 0)
            step_progress(work->step, NULL, "%s: the branch's base is not here", work->function);
        if (commit_verify(work, err) != 0 || publish_request(work, &url, err) != 0)
            return -1;
    }
    bool noted = ledger_knows_commit(work->ledger, work->commit) &&
                 ledger_standing(work->ledger, LEDGER_CLOSED, NULL) == NULL;
    if (!noted && note_ledger(work, LEDGER_SHIPPED, "commit", work->commit, err) != 0)
        return -1;
    return finish(work, url, true, err);
}

static int
offer(struct work *work, enum request_state state, const char *url, struct err *err)
{
    struct step *step = work->step;
    const char *moved;
    if (base_follow(work, &moved, err) != 0)
        return -1;
    if (moved != NULL)
        return stop(work, "base-moved", arena_printf(step->arena, "%s: %s", work->function, moved));
    if (commit_make(work, err) != 0 || branch_look(work, err) != 0)
        return -1;
    const char *reason = retired_reason(work);
    bool again = step_bool(step, "again");
    if (reason != NULL && !again)
        return stop(work, "retired",
                    arena_printf(step->arena,
                                 "%s: this variant was rolled back (%s); `again: true` offers it again",
                                 work->function, reason));
    bool is_live = is_same_variant(work) && work->standing.rollout.state != ROLLOUT_ROLLED_BACK;
    if (is_live && !(again && state == REQUEST_NONE))
        return keep(work, state, url, err);
    if (commit_verify(work, err) != 0 || publish_push(work, err) != 0 ||
        publish_request(work, &url, err) != 0 ||
        note_ledger(work, LEDGER_SHIPPED, "commit", work->commit, err) != 0)
        return -1;
    return finish(work, url, false, err);
}

static int
open_request(struct work *work, struct err *err)
{
    struct step *step = work->step;
    if (strcmp(json_get_text(work->evidence, "verdict", ""), "proven") != 0)
        return err_set(err, ERR_CONFIG,
                       "`evidence:` is the `evidence` output of correctness-test with verdict proven");
    enum request_state state;
    const char *url;
    if (workbench_open(step, json_object_get(work->record, "target"), &work->bench, err) != 0 ||
        open_repository(work, err) != 0 || prepare_request(work, &state, &url, err) != 0 ||
        ledger_rows(step, work->file, work->function, &work->ledger, err) != 0)
        return -1;
    step_output(step, "function", json_string(work->function));
    if (state == REQUEST_CLOSED) {
        stop(work, "closed-by-person", "a person closed this pull request; it stays closed");
        return note_ledger(work, LEDGER_CLOSED, "branch", work->branch, err);
    }
    if (state == REQUEST_NONE && ledger_standing(work->ledger, LEDGER_CLOSED, NULL) != NULL &&
        !step_bool(step, "again"))
        return stop(work, "closed-by-person",
                    arena_printf(step->arena,
                                 "a person closed the pull request of %s; `again: true` offers one",
                                 work->function));
    if (state == REQUEST_MERGED)
        return stop(work, "merged", arena_printf(step->arena, "%s is merged", url));
    return offer(work, state, url, err);
}

static int
run(struct step *step, struct err *err)
{
    struct work work = {.step = step, .evidence = json_object_get(step->with, "evidence")};
    work.winner = json_object_get(work.evidence, "winner");
    work.record = json_object_get(work.winner, "benchmark");
    work.function = json_get_text(work.winner, "function", "");
    work.file = json_get_text(work.winner, "file", "");
    int result = open_request(&work, err);
    repo_free(work.repo);
    json_decref(work.ledger);
    workbench_release(&work.bench);
    return result;
}

static const char *
plan(struct arena *arena, const json_t *with)
{
    return arena_printf(arena, "PUSHES branch atoll/FUNCTION to %s and opens a pull request on forge %s",
                        json_get_text(with, "remote", "origin"), json_get_text(with, "forge", "local"));
}

static const char *const forge_words[] = {"local", NULL};
static const char *const guard_words[] = {"per-process", "per-call", NULL};
static const struct field inputs[] = {
    {.name = "evidence",
     .type = FIELD_ANY,
     .required = true,
     .summary = "The evidence of correctness-test, verdict proven."},
    {.name = "remote",
     .type = FIELD_TEXT,
     .otherwise = "\"origin\"",
     .summary = "Remote that the branch is pushed to."},
    {.name = "base",
     .type = FIELD_TEXT,
     .summary = "Branch that the pull request is for; default the current one, else the remote's main one."},
    {.name = "forge",
     .type = FIELD_TEXT,
     .otherwise = "\"local\"",
     .choices = forge_words,
     .summary = "Where pull requests live; local is a Markdown file beside a bare repository."},
    {.name = "test",
     .type = FIELD_TEXT,
     .summary = "Test command that the branch must pass with the flag off and on."},
    {.name = "guard",
     .type = FIELD_TEXT,
     .otherwise = "\"per-process\"",
     .choices = guard_words,
     .summary = "When the flag is read: once in the life of a process, or on every call."},
    {.name = "stages",
     .type = FIELD_LIST,
     .otherwise = "[\"1\", \"5\", \"25\", \"50\", \"100\"]",
     .summary = "Stages of the rollout in per cent."},
    {.name = "lease",
     .type = FIELD_DURATION,
     .otherwise = "\"14d\"",
     .summary = "How long evaluators serve the treatment when nobody renews the rollout file."},
    {.name = "again",
     .type = FIELD_BOOL,
     .otherwise = "false",
     .summary = "Offer again what was rolled back, or was closed by a person and is gone from the forge."},
    {.name = "draft", .type = FIELD_BOOL, .otherwise = "false", .summary = "Open it as a draft."},
    {.name = "author-name", .type = FIELD_TEXT, .otherwise = "\"atoll\"", .summary = "Author of the commit."},
    {.name = "author-email",
     .type = FIELD_TEXT,
     .otherwise = "\"atoll@localhost\"",
     .summary = "Their address."},
    {.name = NULL},
};
static const struct field outputs[] = {
    {.name = "status",
     .type = FIELD_TEXT,
     .summary = "open, unchanged, retired, base-moved, closed-by-person or merged."},
    {.name = "function", .type = FIELD_TEXT, .summary = "The function."},
    {.name = "pull_request",
     .type = FIELD_ANY,
     .summary =
         "Branch, commit, url, flag, rollout file; for canary-experiment. Only when open or unchanged."},
    {.name = "summary", .type = FIELD_TEXT, .summary = "One line for people."},
    {.name = "next", .type = FIELD_TEXT, .summary = "The command to type next."},
    {.name = NULL},
};

const struct step_ops step_open_pull_request = {
    .name = "open-pull-request",
    .summary = "Pushes a flag-guarded branch and opens a pull request with the evidence.",
    .inputs = inputs,
    .outputs = outputs,
    .check = check,
    .run = run,
    .plan = plan,
};
