// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include "base/fs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err_kind
kind_of(int code)
{
    const git_error *last = git_error_last();
    switch (code) {
    case GIT_ENOTFOUND:
    case GIT_EUNBORNBRANCH:
    case GIT_EINVALIDSPEC:
    case GIT_EAMBIGUOUS:
        return ERR_NOT_FOUND;
    case GIT_ENONFASTFORWARD:
    case GIT_EMODIFIED:
        return ERR_CONFLICT;
    default:
        break;
    }
    int source = last ? last->klass : GIT_ERROR_NONE;
    bool is_net = source == GIT_ERROR_NET || source == GIT_ERROR_HTTP || source == GIT_ERROR_SSL ||
                  source == GIT_ERROR_SSH;
    return is_net ? ERR_NET : ERR_IO;
}

int
repo_fail(int code, struct err *err, const char *format, ...)
{
    char doing[400];
    va_list args;
    va_start(args, format);
    vsnprintf(doing, sizeof(doing), format, args);
    va_end(args);
    const git_error *last = git_error_last();
    return err_set(err, kind_of(code), "%s: %s", doing, last && last->message ? last->message : "failed");
}

// ---- open, close ----

static void
library_start(void)
{
    git_libgit2_init();
    // The owner check protects people who step into a stranger's folder; in CI checkout and job often have
    // different users, and we run no hooks and no configured programs.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

struct repo *
repo_open(const char *path, struct err *err)
{
    library_start();
    struct repo *repo = calloc(1, sizeof(*repo));
    if (!repo)
        abort();
    int code = git_repository_open_ext(&repo->handle, path, 0, NULL);
    int status = code < 0 ? repo_fail(code, err, "opening the git repository of %s", path)
                          : repo_graft_shallow(repo->handle, err);
    if (status == 0)
        return repo;
    repo_free(repo);
    return NULL;
}

void
repo_free(struct repo *repo)
{
    if (!repo)
        return;
    git_repository_free(repo->handle);
    git_libgit2_shutdown();
    free(repo->token);
    free(repo);
}

int
repo_init(const char *path, bool bare, struct err *err)
{
    library_start();
    AUTO_GIT(git_repository) *handle = NULL;
    git_repository_init_options options;
    git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_MKPATH | (bare ? (unsigned)GIT_REPOSITORY_INIT_BARE : 0u);
    options.initial_head = "main";
    int code = git_repository_open_ext(&handle, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
    if (code == GIT_ENOTFOUND)
        code = git_repository_init_ext(&handle, path, &options);
    int status = code < 0 ? repo_fail(code, err, "making a git repository in %s", path) : 0;
    git_repository_free(handle);
    handle = NULL;
    git_libgit2_shutdown();
    return status;
}

const char *
repo_workdir(struct repo *repo)
{
    return git_repository_workdir(repo->handle);
}

const char *
repo_git_dir(struct repo *repo)
{
    return git_repository_commondir(repo->handle);
}

bool
repo_is_ref_name(const char *text)
{
    int is_valid = 0;
    library_start();
    int code = git_reference_name_is_valid(&is_valid, text);
    git_libgit2_shutdown();
    return strncmp(text, "refs/", 5) == 0 && code == 0 && is_valid;
}

void
repo_set_token(struct repo *repo, const char *token)
{
    free(repo->token);
    repo->token = token ? strdup(token) : NULL;
}

void
repo_limit_fetch(struct repo *repo, size_t max_bytes)
{
    repo->fetch_max_bytes = max_bytes;
}

void
repo_use_remotes_of(struct repo *repo, const struct repo *other)
{
    repo->settings = other;
}

// ---- reading ----

git_commit *
repo_find_commit(git_repository *handle, const char *revision, struct err *err)
{
    AUTO_GIT(git_object) *found = NULL;
    git_object *commit = NULL;
    int code = git_revparse_single(&found, handle, revision);
    if (code == 0)
        code = git_object_peel(&commit, found, GIT_OBJECT_COMMIT);
    if (code < 0)
        repo_fail(code, err, "looking for the commit %s", revision);
    return (git_commit *)commit;
}

git_tree *
repo_find_tree(git_repository *handle, const char *revision, struct err *err)
{
    git_tree *tree = NULL;
    int code;
    if (revision) {
        AUTO_GIT(git_commit) *commit = repo_find_commit(handle, revision, err);
        if (!commit)
            return NULL;
        code = git_commit_tree(&tree, commit);
    } else {
        AUTO_GIT(git_treebuilder) *builder = NULL;
        git_oid empty;
        code = git_treebuilder_new(&builder, handle, NULL);
        if (code == 0)
            code = git_treebuilder_write(&empty, builder);
        if (code == 0)
            code = git_tree_lookup(&tree, handle, &empty);
    }
    if (code < 0)
        repo_fail(code, err, "reading the tree of %s", revision ? revision : "nothing");
    return tree;
}

int
repo_resolve(struct repo *repo, const char *revision, char oid[REPO_OID_SIZE], struct err *err)
{
    AUTO_GIT(git_commit) *commit = repo_find_commit(repo->handle, revision, err);
    if (!commit)
        return -1;
    git_oid_tostr(oid, REPO_OID_SIZE, git_commit_id(commit));
    return 0;
}

char *
repo_head_ref(struct repo *repo, struct arena *arena, struct err *err)
{
    AUTO_GIT(git_reference) *head = NULL;
    int code = git_reference_lookup(&head, repo->handle, "HEAD");
    const char *target = code == 0 ? git_reference_symbolic_target(head) : NULL;
    if (target)
        return arena_dup(arena, target);
    if (code < 0)
        repo_fail(code, err, "looking for HEAD");
    else
        err_set(err, ERR_NOT_FOUND, "HEAD is on no branch");
    return NULL;
}

char *
repo_remote_head(struct repo *repo, struct arena *arena, const char *remote, struct err *err)
{
    AUTO_GIT(git_reference) *head = NULL;
    const char *prefix = arena_printf(arena, "refs/remotes/%s/", remote);
    int code = git_reference_lookup(&head, repo->handle, arena_printf(arena, "%sHEAD", prefix));
    struct str target = str_of(code == 0 ? git_reference_symbolic_target(head) : NULL);
    if (str_starts(target, str_of(prefix)))
        return arena_str(arena, str_from(target, strlen(prefix)));
    err_set(err, ERR_NOT_FOUND, "this clone does not know the main branch of %s", remote);
    return NULL;
}

static int
find_blob(git_repository *handle, const char *commit, const char *path, git_oid *oid, struct err *err)
{
    AUTO_GIT(git_tree) *tree = repo_find_tree(handle, commit, err);
    if (!tree)
        return -1;
    AUTO_GIT(git_tree_entry) *entry = NULL;
    int code = git_tree_entry_bypath(&entry, tree, path);
    if (code < 0)
        return repo_fail(code, err, "reading %s of %s", path, commit);
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
        return err_set(err, ERR_NOT_FOUND, "%s is not a file in %s", path, commit);
    *oid = *git_tree_entry_id(entry);
    return 0;
}

// Its size is known before anything of it is unpacked.
static int
read_blob(git_repository *handle, const git_oid *oid, const char *name, size_t max_bytes, struct buf *out,
          struct err *err)
{
    AUTO_GIT(git_blob) *blob = NULL;
    AUTO_GIT(git_odb) *odb = NULL;
    git_object_t type;
    size_t size = 0;
    int code = git_repository_odb(&odb, handle);
    if (code == 0)
        code = git_odb_read_header(&size, &type, odb, oid);
    if (code == 0 && size > max_bytes)
        return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", name, max_bytes);
    if (code == 0)
        code = git_blob_lookup(&blob, handle, oid);
    if (code < 0)
        return repo_fail(code, err, "reading %s", name);
    buf_add(out, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    return buf_check(out, name, err);
}

int
repo_read(struct repo *repo, const char *commit, const char *path, size_t max_bytes, struct buf *out,
          struct err *err)
{
    buf_clear(out);
    git_oid oid;
    return find_blob(repo->handle, commit, path, &oid, err) < 0
               ? -1
               : read_blob(repo->handle, &oid, path, max_bytes, out, err);
}

int
repo_blob_get(struct repo *repo, const char *hex, size_t max_bytes, struct buf *out, struct err *err)
{
    buf_clear(out);
    git_oid oid;
    return repo_parse_oid(&oid, hex, err) < 0 ? -1 : read_blob(repo->handle, &oid, hex, max_bytes, out, err);
}

int
repo_blob_of(struct repo *repo, const char *commit, const char *path, char oid[REPO_OID_SIZE],
             struct err *err)
{
    git_oid found;
    if (find_blob(repo->handle, commit, path, &found, err) < 0)
        return -1;
    git_oid_tostr(oid, REPO_OID_SIZE, &found);
    return 0;
}

int
repo_message(struct repo *repo, const char *revision, struct buf *out, struct err *err)
{
    buf_clear(out);
    AUTO_GIT(git_commit) *commit = repo_find_commit(repo->handle, revision, err);
    if (!commit)
        return -1;
    buf_puts(out, git_commit_message(commit));
    return buf_check(out, "the commit message", err);
}

int
repo_commit_time(struct repo *repo, const char *revision, int64_t *when_s, struct err *err)
{
    AUTO_GIT(git_commit) *commit = repo_find_commit(repo->handle, revision, err);
    if (!commit)
        return -1;
    *when_s = git_commit_time(commit);
    return 0;
}

int
repo_is_ancestor(struct repo *repo, const char *ancestor, const char *revision, bool *out, struct err *err)
{
    AUTO_GIT(git_commit) *old = repo_find_commit(repo->handle, ancestor, err);
    AUTO_GIT(git_commit) *new = old ? repo_find_commit(repo->handle, revision, err) : NULL;
    if (!new)
        return -1;
    int code = git_oid_equal(git_commit_id(old), git_commit_id(new))
                   ? 1
                   : git_graph_descendant_of(repo->handle, git_commit_id(new), git_commit_id(old));
    *out = code == 1;
    return code < 0 ? repo_fail(code, err, "comparing %s and %s", ancestor, revision) : 0;
}

int
repo_status_dirty(struct repo *repo, bool *dirty, struct err *err)
{
    *dirty = false;
    if (git_repository_is_bare(repo->handle))
        return 0;
    git_status_options options;
    git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
    AUTO_GIT(git_status_list) *list = NULL;
    int code = git_status_list_new(&list, repo->handle, &options);
    if (code < 0)
        return repo_fail(code, err, "comparing the work tree with HEAD");
    *dirty = git_status_list_entrycount(list) > 0;
    return 0;
}

int
repo_checkout(struct repo *repo, const char *commit, const char *dir, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_GIT(git_tree) *tree = repo_find_tree(repo->handle, commit, err);
    if (!tree || fs_mkdirs(dir, err) < 0)
        return -1;
    git_checkout_options options;
    git_checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
    options.checkout_strategy =
        GIT_CHECKOUT_FORCE | GIT_CHECKOUT_RECREATE_MISSING | GIT_CHECKOUT_DONT_UPDATE_INDEX;
    options.target_directory = fs_real(&arena, dir, err);
    if (!options.target_directory)
        return -1;
    int code = git_checkout_tree(repo->handle, (git_object *)tree, &options);
    return code < 0 ? repo_fail(code, err, "writing the files of %s to %s", commit, dir) : 0;
}

// ---- patches ----

static int
patch_add(git_buf *text, struct buf *patch, struct err *err)
{
    buf_add(patch, text->ptr, text->size);
    git_buf_dispose(text);
    return buf_check(patch, "the patch", err);
}

int
repo_diff(struct repo *repo, const char *old_commit, const char *new_commit, struct buf *patch,
          struct err *err)
{
    AUTO_GIT(git_tree) *old_tree = repo_find_tree(repo->handle, old_commit, err);
    AUTO_GIT(git_tree) *new_tree = old_tree ? repo_find_tree(repo->handle, new_commit, err) : NULL;
    if (!new_tree)
        return -1;
    AUTO_GIT(git_diff) *diff = NULL;
    git_buf text = {0};
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_SHOW_BINARY;
    int code = git_diff_tree_to_tree(&diff, repo->handle, old_tree, new_tree, &options);
    if (code == 0)
        code = git_diff_to_buf(&text, diff, GIT_DIFF_FORMAT_PATCH);
    return code < 0 ? repo_fail(code, err, "comparing two commits") : patch_add(&text, patch, err);
}

int
repo_diff_text(const char *old_name, struct str old_text, const char *new_name, struct str new_text,
               struct buf *patch, struct err *err)
{
    library_start();
    git_patch *diff = NULL;
    git_buf text = {0};
    int code = git_patch_from_buffers(&diff, old_text.ptr, old_text.len, old_name, new_text.ptr, new_text.len,
                                      new_name, NULL);
    if (code == 0)
        code = git_patch_to_buf(&text, diff);
    int status = code < 0 ? repo_fail(code, err, "comparing %s and %s", old_name, new_name)
                          : patch_add(&text, patch, err);
    git_patch_free(diff);
    git_libgit2_shutdown();
    return status;
}
