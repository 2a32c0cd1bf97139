// SPDX-License-Identifier: Apache-2.0
#include "steps/canary-experiment/work.h"
#include "steps/shared/forge/forge.h"
#include "steps/shared/ledger/ledger.h"

#include <string.h>

#define FILE_MAX_BYTES (4u << 20)
#define NS_PER_S INT64_C(1000000000)
#define PLAIN_PATH ".atoll/flags"
#define SHADOW_WORDS \
    "Shadow: captured traffic replayed on the whole service, flag off against flag on; no live users."

double
saving_predicted(const struct work *work)
{
    const json_t *winner = json_object_get(json_object_get(work->request, "evidence"), "winner");
    double share = json_get_real(json_object_get(winner, "benchmark"), "share", 0);
    double speedup = json_get_real(json_object_get(winner, "holdout"), "speedup", 1);
    return speedup > 0 ? share * (1 - 1 / speedup) : 0;
}

static void
write_message(const struct work *work, struct buf *out)
{
    const struct rollout *rollout = &work->rollout;
    if (work->verdict.decision == DECISION_ADVANCE)
        buf_printf(out, "Advance %s to stage %zu of %zu (%g %%)", work->function, rollout->stage,
                   rollout->stage_count, rollout_percent(rollout));
    else
        buf_printf(out, "Roll %s back", work->function);
    buf_printf(out, "\n\n%s\n%s\n\nAtoll-Target: %s:%s\n", SHADOW_WORDS, work->verdict.reason, work->file,
               work->function);
}

// The same decision on the same tip gives the same commit in every attempt.
static int
make_commit(struct work *work, int64_t now_s, struct err *err)
{
    struct step *step = work->step;
    AUTO_BUF flag = BUF(FILE_MAX_BYTES), plain = BUF(FILE_MAX_BYTES), before = BUF(FILE_MAX_BYTES);
    AUTO_BUF message = BUF(1 << 16);
    struct err absent;
    if (repo_read(work->repo, work->tip, PLAIN_PATH, FILE_MAX_BYTES, &before, &absent) != 0)
        buf_clear(&before);
    rollout_write_plain(&work->rollout, buf_str(&before), &plain);
    if (work->format->write(&work->rollout, &flag, err) != 0 || buf_check(&plain, PLAIN_PATH, err) != 0)
        return -1;
    write_message(work, &message);
    const struct repo_change changes[] = {
        {.path = work->rollout_path, .content = buf_str(&flag)},
        {.path = PLAIN_PATH, .content = buf_str(&plain)},
    };
    struct repo_author author = {step_text(step, "author-name"), step_text(step, "author-email"), now_s};
    return repo_commit(work->repo, work->tip, NULL, changes, 2, buf_text(&message), &author, work->commit,
                       err);
}

static json_t *
pushed(const struct work *work)
{
    return json_pack("{s:s, s:s, s:s}", "branch", work->branch, "commit", work->commit, "decision",
                     decision_name(work->verdict.decision));
}

// Done when the branch stands at the commit, or has gone on from it.
static int
look_up_push(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    char tip[REPO_OID_SIZE], fetched[REPO_OID_SIZE];
    bool within = false;
    if (repo_remote_ref(work->repo, work->remote, work->ref, tip, err) != 0)
        return -1;
    if (strcmp(tip, work->tip) == 0)
        return 0;
    if (strcmp(tip, work->commit) != 0 &&
        (repo_fetch(work->repo, work->remote, work->ref, fetched, err) != 0 ||
         repo_is_ancestor(work->repo, work->commit, fetched, &within, err) != 0))
        return -1;
    if (strcmp(tip, work->commit) != 0 && !within)
        return 0;
    *result = pushed(work);
    return 1;
}

static int
act_push(void *context, json_t **result, struct err *err)
{
    struct work *work = context;
    if (repo_push(work->repo, work->remote, work->commit, work->ref, work->tip, err) != 0)
        return err_wrap(err, "pushing the decision on %s", work->branch);
    *result = pushed(work);
    return 0;
}

static int
push_commit(struct work *work, struct err *err)
{
    static const struct journal_effect effect = {look_up_push, act_push};
    struct step *step = work->step;
    int64_t now_ns;
    if (journal_now(step, "decided", &now_ns, err) != 0)
        return -1;
    if (work->verdict.decision == DECISION_ADVANCE)
        work->rollout.lease_s = now_ns / NS_PER_S + (int64_t)step_real(step, "lease");
    const char *url = repo_remote_url(work->repo, step->arena, work->remote, err);
    if (url == NULL || make_commit(work, now_ns / NS_PER_S, err) != 0)
        return -1;
    const char *key = arena_printf(step->arena, "rollout:%s:%s:%s", url, work->branch, work->commit);
    AUTO_JSON *intent = pushed(work), *done = NULL;
    return journal_effect(step, key, intent, &effect, work, &done, err);
}

static int
note_ledger(struct work *work, struct err *err)
{
    AUTO_JSON *details = pushed(work);
    json_object_set_new(details, "stage", json_integer((json_int_t)work->rollout.stage));
    json_object_set_new(details, "percent", json_real(rollout_percent(&work->rollout)));
    json_set_text(details, "reason", work->verdict.reason);
    struct ledger_entry entry = {
        .file = work->file,
        .function = work->function,
        .variant = work->variant,
        .event = work->verdict.decision == DECISION_ADVANCE ? LEDGER_SHIPPED : LEDGER_RETIRED,
        .details = details,
    };
    return ledger_note(work->step, &entry, err);
}

static void
write_note(const struct work *work, struct buf *out)
{
    const struct verdict *verdict = &work->verdict;
    buf_printf(out, "\n## Shadow canary: %s\n\n%s\n\n%s.\n", decision_name(verdict->decision), SHADOW_WORDS,
               verdict->reason);
    if (verdict->speedup.known)
        buf_printf(out,
                   "\n| | flag off | flag on |\n|---|---|---|\n| CPU time of a run, median | %.4f s | %.4f s "
                   "|\n\nSaving of the service's CPU time: %.2f %% measured in %zu quads, %.2f %% "
                   "predicted.\n",
                   verdict->control_s, verdict->treatment_s, 100 * (1 - 1 / verdict->speedup.estimate),
                   work->shadow.quads, 100 * saving_predicted(work));
    if (work->commit[0] != '\0')
        buf_printf(out, "\nCommit %.12s: stage %zu of %zu, %g %%.\n", work->commit, work->rollout.stage,
                   work->rollout.stage_count, rollout_percent(&work->rollout));
}

struct note {
    const struct forge_ops *forge;
    const char *url, *key;
    struct str text;
};

// A note is its own look-up: one with the same key is not added twice.
static int
look_up_note(void *context, json_t **result, struct err *err)
{
    (void)context, (void)result, (void)err;
    return 0;
}

static int
act_note(void *context, json_t **result, struct err *err)
{
    struct note *note = context;
    if (note->forge->note(note->url, note->key, note->text, err) != 0)
        return -1;
    *result = json_pack("{s:s}", "url", note->url);
    return 0;
}

static int
note_request(struct work *work, struct err *err)
{
    static const struct journal_effect effect = {look_up_note, act_note};
    struct step *step = work->step;
    AUTO_BUF text = BUF(1 << 16);
    struct note note = {
        .forge = forge_find(json_get_text(work->request, "forge", "local")),
        .url = work->url,
        .key = arena_printf(step->arena, "canary %s %s", work->tip, decision_name(work->verdict.decision))};
    if (note.forge == NULL || note.url == NULL)
        return 0;
    write_note(work, &text);
    note.text = buf_str(&text);
    const char *key = arena_printf(step->arena, "note:%s:%s", note.url, note.key);
    AUTO_JSON *intent = json_pack("{s:s, s:s}", "url", note.url, "note", note.key), *done = NULL;
    int status = journal_effect(step, key, intent, &effect, &note, &done, err);
    if (status == 0 || err->kind != ERR_NOT_FOUND)
        return status;
    step_warn(step, "no note on the pull request: %s", err->message);
    return 0;
}

int
publish_decision(struct work *work, struct err *err)
{
    struct verdict *verdict = &work->verdict;
    struct rollout *rollout = &work->rollout;
    if (verdict->decision == DECISION_ADVANCE && !rollout_advance(rollout, verdict->reason)) {
        verdict->decision = DECISION_HOLD;
        verdict->reason = arena_printf(work->step->arena, "already at the last stage; %s", verdict->reason);
    }
    if (verdict->decision == DECISION_ROLLBACK)
        rollout_roll_back(rollout, verdict->reason);
    if (verdict->decision != DECISION_HOLD && (push_commit(work, err) != 0 || note_ledger(work, err) != 0))
        return -1;
    return note_request(work, err);
}
