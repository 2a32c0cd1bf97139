// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/revision.h"

#include "base/git.h"

#include <string.h>

// The commit's full id in the arena, or NULL.
static const char *
S_resolve(struct repo *repo, struct arena *arena, const char *revision)
{
    char oid[REPO_OID_SIZE];
    struct err ignored;
    return repo_resolve(repo, revision, oid, &ignored) == 0 ? arena_dup(arena, oid) : NULL;
}

void
revision_find(struct hotspot_context *context)
{
    struct err ignored;
    struct repo *repo = repo_open(context->request->repository, &ignored);
    if (!repo)
        return;
    context->commit = S_resolve(repo, context->arena, "HEAD");
    if (context->request->commit)
        context->profile_commit = S_resolve(repo, context->arena, context->request->commit);
    for (size_t i = 0; i < context->profile->commits.count && !context->request->commit; i++) {
        context->profile_commit = S_resolve(repo, context->arena, context->profile->commits.items[i]);
        if (context->profile_commit)
            break;
    }
    repo_free(repo);
}

// Whether a file is the same in both commits; a file that one does not have differs.
static bool
S_is_same(struct repo *repo, const struct hotspot_context *context, const char *path)
{
    AUTO_BUF before = BUF(TREE_MAX_FILE_BYTES);
    AUTO_BUF now = BUF(TREE_MAX_FILE_BYTES);
    struct err ignored;
    return repo_read(repo, context->profile_commit, path, TREE_MAX_FILE_BYTES, &before, &ignored) == 0 &&
           repo_read(repo, context->commit, path, TREE_MAX_FILE_BYTES, &now, &ignored) == 0 &&
           str_eq(buf_str(&before), buf_str(&now));
}

// The distinct files of the hotspots that changed, separated by ", ".
static void
S_changed_files(struct repo *repo, const struct hotspot_context *context, const json_t *hotspots,
                struct buf *text)
{
    AUTO_MAP seen = {0};
    size_t index;
    const json_t *hotspot;
    json_array_foreach(hotspots, index, hotspot)
    {
        const char *path = json_get_text(hotspot, "file", "");
        if (map_has(&seen, str_of(path)))
            continue;
        map_set(&seen, str_of(path), NULL);
        if (!S_is_same(repo, context, path))
            buf_printf(text, "%s%s", text->len > 0 ? ", " : "", path);
    }
}

void
revision_warn(const struct hotspot_context *context, const json_t *hotspots, json_t *warnings)
{
    if (context->request->commit && !context->profile_commit) {
        json_array_append_new(warnings,
                              json_sprintf("the profile's commit %.60s is not in the repository, so it is "
                                           "unknown whether the source changed since",
                                           context->request->commit));
        return;
    }
    if (!context->commit || !context->profile_commit || strcmp(context->commit, context->profile_commit) == 0)
        return;
    struct err ignored;
    struct repo *repo = repo_open(context->request->repository, &ignored);
    if (!repo)
        return;
    AUTO_BUF text = BUF(2000);
    S_changed_files(repo, context, hotspots, &text);
    if (text.len > 0)
        json_array_append_new(warnings,
                              json_sprintf("the profile was taken at %.12s, HEAD is %.12s; changed since: %s",
                                           context->profile_commit, context->commit, buf_text(&text)));
    repo_free(repo);
}
