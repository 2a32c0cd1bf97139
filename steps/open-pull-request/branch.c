// SPDX-License-Identifier: Apache-2.0
#include "steps/open-pull-request/body.h"
#include "steps/open-pull-request/work.h"
#include "steps/shared/ledger/ledger.h"

#include <string.h>

#define FILE_MAX_BYTES (16u << 20)
#define MESSAGE_MAX_BYTES (1u << 20)

int
branch_tip(struct work *work, char oid[REPO_OID_SIZE], struct err *err)
{
    if (repo_remote_ref(work->repo, work->remote, work->ref, oid, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    memcpy(oid, REPO_NO_OID, REPO_OID_SIZE);
    return 0;
}

// What a trailer of a commit message says, "" when it is not there; in the arena.
static const char *
trailer_of(struct arena *arena, struct str message, struct str key)
{
    struct str value = STR("");
    while (message.ptr != NULL) {
        struct str line = str_cut(&message, '\n');
        if (str_starts(line, key))
            value = str_trim(str_from(line, key.len));
    }
    return arena_str(arena, value);
}

// Makes the commit once more, from what it has of the files that atoll writes and by the configured author.
// The same id says that author, committer, both dates, message and every other file are as atoll made them.
static int
is_remade(struct work *work, const char *commit, const char *message, bool *same, struct err *err)
{
    struct step *step = work->step;
    struct repo_change changes[CHANGES_MAX];
    size_t count = 0;
    char parent[REPO_OID_SIZE], again[REPO_OID_SIZE];
    struct repo_author author = {step_text(step, "author-name"), step_text(step, "author-email"), 0};
    *same = false;
    for (size_t i = 0; i < work->change_count; i++) {
        const char *path = work->changes[i].path;
        AUTO_BUF text = BUF(FILE_MAX_BYTES);
        if (repo_read(work->repo, commit, path, FILE_MAX_BYTES, &text, err) == 0)
            changes[count++] = (struct repo_change){
                .path = path, .content = str_n(arena_str(step->arena, buf_str(&text)), buf_str(&text).len)};
        else if (err->kind != ERR_NOT_FOUND)
            return -1;
    }
    if (repo_resolve(work->repo, arena_printf(step->arena, "%s~1", commit), parent, err) != 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    if (repo_commit_time(work->repo, commit, &author.when_s, err) != 0 ||
        repo_commit(work->repo, parent, NULL, changes, count, message, &author, again, err) != 0)
        return -1;
    *same = strcmp(again, commit) == 0;
    return 0;
}

// ERR_CONFLICT unless the commit is atoll's own: it names the target, and either the ledger says that atoll
// pushed it, or it is just as atoll makes them. *variant is what it carries, "" for a later decision.
static int
check_commit(struct work *work, const char *commit, const char **variant, struct err *err)
{
    struct arena *arena = work->step->arena;
    AUTO_BUF message = BUF(MESSAGE_MAX_BYTES);
    if (repo_message(work->repo, commit, &message, err) != 0)
        return err_wrap(err, "looking at branch %s of %s", work->branch, work->remote);
    const char *target = trailer_of(arena, buf_str(&message), STR(BODY_TARGET_TRAILER));
    bool ours = strcmp(target, arena_printf(arena, "%s:%s", work->file, work->function)) == 0;
    if (ours && !ledger_knows_commit(work->ledger, commit) &&
        is_remade(work, commit, buf_text(&message), &ours, err) != 0)
        return err_wrap(err, "looking at branch %s of %s", work->branch, work->remote);
    *variant = trailer_of(arena, buf_str(&message), STR(BODY_VARIANT_TRAILER));
    if (ours)
        return 0;
    return err_set(
        err, ERR_CONFLICT,
        "branch %s of %s has a commit that is not atoll's (%.12s%s%s); rename or delete the branch",
        work->branch, work->remote, commit, *target != '\0' ? ", for " : "", target);
}

static int
read_rollout(struct work *work, struct err *err)
{
    AUTO_BUF text = BUF(FILE_MAX_BYTES);
    struct standing *standing = &work->standing;
    if (repo_read(work->repo, standing->tip, work->rollout_path, FILE_MAX_BYTES, &text, err) != 0 ||
        flag_format_flagd.read(work->step->arena, buf_str(&text), work->rollout_path, &standing->rollout,
                               err) != 0)
        return err_wrap(err, "reading the rollout of branch %s of %s", work->branch, work->remote);
    return 0;
}

// From the tip down to the commit with the change. It stands on a commit of the base, as atoll made it, so
// nothing below it belongs to the branch.
static int
walk(struct work *work, struct err *err)
{
    struct standing *standing = &work->standing;
    memcpy(standing->change, standing->tip, REPO_OID_SIZE);
    while (check_commit(work, standing->change, &standing->variant, err) == 0) {
        if (*standing->variant != '\0')
            return 0;
        const char *parent = arena_printf(work->step->arena, "%s~1", standing->change);
        if (repo_resolve(work->repo, parent, standing->change, err) != 0)
            return err_wrap(err, "looking for the change below branch %s of %s", work->branch, work->remote);
    }
    return -1;
}

int
branch_look(struct work *work, struct err *err)
{
    struct standing *standing = &work->standing;
    *standing = (struct standing){.variant = ""};
    if (branch_tip(work, standing->tip, err) != 0)
        return -1;
    memcpy(standing->change, standing->tip, REPO_OID_SIZE);
    if (strcmp(standing->tip, REPO_NO_OID) == 0 || strcmp(standing->tip, work->commit) == 0)
        return 0;
    if (repo_fetch(work->repo, work->remote, work->ref, standing->tip, err) != 0)
        return err_wrap(err, "looking at branch %s of %s", work->branch, work->remote);
    return walk(work, err) == 0 ? read_rollout(work, err) : -1;
}
