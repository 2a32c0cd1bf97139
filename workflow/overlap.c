// SPDX-License-Identifier: Apache-2.0
#include "workflow/overlap.h"

#include "base/fs.h"
#include "base/git.h"

#include <stdlib.h>
#include <string.h>

static void
add_change(struct buf *out, const char *what)
{
    if (out->len > 0)
        buf_puts(out, "; ");
    buf_puts(out, what);
}

// The step of an id in a normalised pipeline, or NULL.
static const json_t *
step_in(const json_t *pipeline, const char *id)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(pipeline, "steps"), i, step)
    {
        if (strcmp(json_get_text(step, "id", ""), id) == 0)
            return step;
    }
    return NULL;
}

// Names the keys whose values differ, those of `with` one by one.
static void
add_keys(struct buf *out, struct arena *arena, const char *path, const json_t *before, const json_t *after)
{
    AUTO_JSON *all = json_object();
    json_object_update(all, (json_t *)(uintptr_t)before);
    json_object_update(all, (json_t *)(uintptr_t)after);
    const char *key;
    json_t *value;
    json_object_foreach(all, key, value)
    {
        const json_t *old = json_object_get(before, key), *fresh = json_object_get(after, key);
        const char *name = arena_printf(arena, "%s%s", path, key);
        if (json_equal((json_t *)(uintptr_t)old, (json_t *)(uintptr_t)fresh) || strcmp(name, "steps") == 0)
            continue;
        if (strcmp(key, "with") == 0 && json_is_object(old) && json_is_object(fresh))
            add_keys(out, arena, arena_printf(arena, "%s.", name), old, fresh);
        else
            add_change(out, name);
    }
}

const char *
overlap_changes(struct arena *arena, const json_t *before, const json_t *after)
{
    AUTO_BUF out = BUF(800);
    size_t i;
    json_t *step;
    add_keys(&out, arena, "", before, after);
    json_array_foreach(json_object_get(after, "steps"), i, step)
    {
        const char *id = json_get_text(step, "id", "");
        const json_t *old = step_in(before, id);
        if (old)
            add_keys(&out, arena, arena_printf(arena, "step %s: ", id), old, step);
        else
            add_change(&out, arena_printf(arena, "step %s is new", id));
    }
    json_array_foreach(json_object_get(before, "steps"), i, step)
    {
        const char *id = json_get_text(step, "id", "");
        if (!step_in(after, id))
            add_change(&out, arena_printf(arena, "step %s is gone", id));
    }
    return arena_dup(arena, buf_text(&out));
}

#define BUFFER_KEY "buffered "

int
overlap_buffer(struct state *state, const char *pipeline, const char *commit, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *key = arena_printf(&arena, BUFFER_KEY "%s", pipeline);
    state_event(state, (struct event){.type = "trigger-buffered"},
                json_pack("{s:s, s:s}", "pipeline", pipeline, "commit", commit));
    return state_run(state, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
                     json_pack("[ss]", key, commit), NULL, err);
}

int
overlap_take(struct state *state, const char *pipeline, struct err *err)
{
    AUTO_ARENA arena = {0};
    int64_t changed;
    if (state_run(state, "DELETE FROM meta WHERE key = ?",
                  json_pack("[s]", arena_printf(&arena, BUFFER_KEY "%s", pipeline)), &changed, err) < 0)
        return -1;
    return changed > 0 ? 1 : 0;
}

static const char *
tree_path(struct arena *arena, const char *work, const char *run)
{
    return arena_printf(arena, "%s/%s.source", work, run);
}

const char *
overlap_source(struct arena *arena, const char *repository, const char *head, const struct run *run,
               const char *work, struct err *err)
{
    if (strcmp(head, run->commit) == 0 || !*run->commit)
        return repository;
    const char *path = tree_path(arena, work, run->id), *name = arena_printf(arena, "atoll-%s", run->id);
    struct repo *repo = repo_open(repository, err);
    if (!repo)
        return NULL;
    int result = fs_mkdirs(work, err) < 0 ? -1 : repo_worktree_add(repo, name, path, run->commit, err);
    repo_free(repo);
    if (result == 0)
        return path;
    if (err->kind == ERR_NOT_FOUND)
        err_wrap(err, "run %s works on another commit than the one checked out; fetch more of the history",
                 run->id);
    return NULL;
}

void
overlap_drop_source(const char *repository, const char *run, const char *work)
{
    AUTO_ARENA arena = {0};
    struct err ignored;
    const char *path = tree_path(&arena, work, run);
    struct repo *repo = fs_exists(path) ? repo_open(repository, &ignored) : NULL;
    if (repo)
        (void)!repo_worktree_remove(repo, arena_printf(&arena, "atoll-%s", run), path, &ignored);
    repo_free(repo);
}
