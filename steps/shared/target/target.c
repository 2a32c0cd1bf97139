// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/target.h"

#include "base/fs.h"
#include "base/git.h"

#include <string.h>

enum { SOURCE_MAX_BYTES = 16 << 20 };

static const char *
head_commit(struct arena *arena, const char *repository)
{
    struct err err;
    char oid[41] = "";
    struct repo *repo = repo_open(repository, &err);

    if (repo != NULL && repo_resolve(repo, "HEAD", oid, &err) != 0)
        oid[0] = '\0';
    if (repo != NULL)
        repo_free(repo);
    return arena_dup(arena, oid);
}

static int
read_source(struct arena *arena, struct target *target, struct err *err)
{
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
    const char *path = fs_join(arena, target->repository, target->file);

    if (!fs_exists(path))
        return err_set(err, ERR_NOT_FOUND, "no file '%s' in %s", target->file, target->repository);
    if (fs_read(path, SOURCE_MAX_BYTES, &text, err) != 0)
        return -1;
    target->source = str_n(arena_str(arena, buf_str(&text)), text.len);
    target->language = language_ops(language_of(target->file));
    target->syntax = syntax_new_in(target->language->id, target->source, err);
    return target->syntax == NULL ? -1 : 0;
}

int
target_open(struct arena *arena, const char *repository, const char *file, const char *name,
            const json_t *description, const struct recipe_yard *yard, struct target *target, struct err *err)
{
    *target = (struct target){.file = arena_dup(arena, file), .name = arena_dup(arena, name)};
    target->repository = fs_real(arena, repository, err);
    if (target->repository == NULL)
        return -1;
    target->commit = head_commit(arena, target->repository);
    if (read_source(arena, target, err) != 0)
        goto out;
    if (function_find(arena, target->syntax, name, &target->function, err) != 0) {
        err_wrap(err, "%s", file);
        goto out;
    }
    if (target->language->open(arena, description, yard, target, err) != 0)
        goto out;
    return 0;
out:
    target_close(target);
    return -1;
}

void
target_close(struct target *target)
{
    syntax_free(target->syntax);
    target->syntax = NULL;
}

struct str
target_baseline(const struct target *target)
{
    return str_n(target->source.ptr + target->function.start, target->function.end - target->function.start);
}

struct str
target_splice(struct arena *arena, const struct target *target, struct str variant, bool for_cell)
{
    struct str before = str_head(target->source, target->function.start);
    struct str after = str_from(target->source, target->function.end);
    AUTO_BUF text = BUF(4 * (size_t)SOURCE_MAX_BYTES);

    buf_add_str(&text, before);
    buf_add_str(&text, variant);
    buf_add_str(&text, after);
    const char *epilogue = for_cell ? target->language->epilogue(arena, target) : NULL;
    if (epilogue != NULL)
        buf_puts(&text, epilogue);
    return str_n(arena_str(arena, buf_str(&text)), text.len);
}
