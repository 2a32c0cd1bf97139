// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Git holds a ref's lock for milliseconds. Patience is longer than that age, so that whoever comes right
// after a kill outlasts the lock that was left.
#define LOCK_STALE_S 20
#define LOCK_PATIENCE_MS 30000
#define LOCK_RETRY_MS 5

// A process that was killed leaves its lock file behind for ever, so an old one is removed.
static void
remove_stale_lock(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_mtime + LOCK_STALE_S < time(NULL))
        unlink(path);
}

// Takes the lock that git itself takes for a ref.
static int
ref_lock(git_transaction *transaction, git_repository *handle, const char *ref, struct err *err)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s%s.lock", git_repository_commondir(handle), ref);
    int64_t deadline_ns = clock_mono_ns() + LOCK_PATIENCE_MS * CLOCK_MS_NS;
    int code;
    while ((code = git_transaction_lock_ref(transaction, ref)) == GIT_ELOCKED &&
           clock_mono_ns() < deadline_ns) {
        remove_stale_lock(path);
        poll(NULL, 0, LOCK_RETRY_MS);
    }
    return code < 0 ? repo_fail(code, err, "locking %s", ref) : 0;
}

int
repo_parse_oid(git_oid *oid, const char *hex, struct err *err)
{
    if (strlen(hex) == GIT_OID_HEXSZ && git_oid_fromstr(oid, hex) == 0)
        return 0;
    return err_set(err, ERR_INTERNAL, "not an object id: %.60s", hex);
}

int
repo_moved(const char *ref, const git_oid *now, struct err *err)
{
    char at[REPO_OID_SIZE];
    if (git_oid_is_zero(now))
        return err_set(err, ERR_CONFLICT, "%s was moved: it is not there any more", ref);
    return err_set(err, ERR_CONFLICT, "%s was moved: it is at %s", ref, git_oid_tostr(at, sizeof(at), now));
}

static int
ref_check(git_repository *handle, const struct ref_change *change, const git_oid *now, struct err *err)
{
    if (change->expect && !git_oid_equal(now, change->expect))
        return repo_moved(change->ref, now, err);
    if (!change->fast_forward_only || !change->oid || git_oid_is_zero(now) || git_oid_equal(now, change->oid))
        return 0;
    if (git_graph_descendant_of(handle, change->oid, now) == 1)
        return 0;
    return repo_moved(change->ref, now, err);
}

int
repo_swap_ref(git_repository *handle, const struct ref_change *change, struct err *err)
{
    int is_valid = 0;
    AUTO_GIT(git_transaction) *transaction = NULL;
    if (git_reference_name_is_valid(&is_valid, change->ref) < 0 || !is_valid)
        return err_set(err, ERR_USAGE, "not a valid ref name: %s", change->ref);
    int code = git_transaction_new(&transaction, handle);
    if (code < 0)
        return repo_fail(code, err, "changing %s", change->ref);
    if (ref_lock(transaction, handle, change->ref, err) < 0)
        return -1;
    git_oid now = {0};
    code = git_reference_name_to_id(&now, handle, change->ref);
    if (code < 0 && code != GIT_ENOTFOUND)
        return repo_fail(code, err, "reading %s", change->ref);
    bool is_absent = code == GIT_ENOTFOUND;
    if (ref_check(handle, change, &now, err) < 0)
        return -1;
    if (is_absent && !change->oid)
        return 0;
    code = change->oid ? git_transaction_set_target(transaction, change->ref, change->oid, NULL, "atoll")
                       : git_transaction_remove(transaction, change->ref);
    if (code == 0)
        code = git_transaction_commit(transaction);
    return code < 0 ? repo_fail(code, err, "changing %s", change->ref) : 0;
}

int
repo_set_ref(struct repo *repo, const char *ref, const char *oid, const char *expect, struct err *err)
{
    git_oid new, old;
    if ((oid && repo_parse_oid(&new, oid, err) < 0) || (expect && repo_parse_oid(&old, expect, err) < 0))
        return -1;
    struct ref_change change = {ref, oid ? &new : NULL, expect ? &old : NULL, false};
    return repo_swap_ref(repo->handle, &change, err);
}

// ---- commits ----

int
repo_blob_put(struct repo *repo, struct str content, char oid[REPO_OID_SIZE], struct err *err)
{
    git_oid found;
    int code = git_blob_create_from_buffer(&found, repo->handle, content.len ? content.ptr : "", content.len);
    if (code < 0)
        return repo_fail(code, err, "storing %zu bytes", content.len);
    git_oid_tostr(oid, REPO_OID_SIZE, &found);
    return 0;
}

// libgit2 refuses "..", ".git" and the like, but takes empty components.
static bool
is_tree_path(const char *path)
{
    struct str rest = str_of(path);
    while (rest.ptr)
        if (str_cut(&rest, '/').len == 0)
            return false;
    return true;
}

static int
index_apply(git_repository *handle, git_index *index, const struct repo_change *change)
{
    const git_index_entry *before = git_index_get_bypath(index, change->path, 0);
    if (change->remove)
        return before ? git_index_remove(index, change->path, 0) : 0;
    git_index_entry entry = {.path = change->path, .mode = GIT_FILEMODE_BLOB};
    if (change->executable || (before && before->mode == GIT_FILEMODE_BLOB_EXECUTABLE))
        entry.mode = GIT_FILEMODE_BLOB_EXECUTABLE;
    const void *bytes = change->content.len ? change->content.ptr : "";
    int code = change->blob ? git_oid_fromstr(&entry.id, change->blob)
                            : git_blob_create_from_buffer(&entry.id, handle, bytes, change->content.len);
    return code < 0 ? code : git_index_add(index, &entry);
}

// Writes the tree of `base` with the changes; the index lives in memory only.
static int
tree_build(git_repository *handle, const git_tree *base, const struct repo_change *changes, size_t count,
           git_oid *out, struct err *err)
{
    AUTO_GIT(git_index) *index = NULL;
    int code = git_index_new(&index);
    if (code == 0)
        code = git_index_read_tree(index, base);
    const char *path = "the parent's files";
    for (size_t i = 0; code == 0 && i < count; i++) {
        path = changes[i].path;
        if (!is_tree_path(path))
            return err_set(err, ERR_USAGE, "not a relative path of a file: %s", path);
        code = index_apply(handle, index, &changes[i]);
    }
    if (code == 0)
        code = git_index_write_tree_to(out, index, handle);
    return code < 0 ? repo_fail(code, err, "building a tree with %s", path) : 0;
}

static int
commit_write(git_repository *handle, git_commit *parent, const git_oid *tree_oid, const char *message,
             const struct repo_author *author, git_oid *out)
{
    AUTO_ARENA arena = {0};
    AUTO_GIT(git_signature) *signature = NULL;
    AUTO_GIT(git_tree) *tree = NULL;
    int code = git_signature_new(&signature, author->name, author->email, author->when_s, 0);
    if (code == 0)
        code = git_tree_lookup(&tree, handle, tree_oid);
    if (code < 0)
        return code;
    if (!str_ends(str_of(message), STR("\n")))
        message = arena_printf(&arena, "%s\n", message);
    const git_commit *parents[] = {parent};
    return git_commit_create(out, handle, NULL, signature, signature, NULL, message, tree, parent ? 1 : 0,
                             parents);
}

// Creates the branch, or moves it on from the parent.
static int
branch_advance(git_repository *handle, const char *branch, const git_oid *parent, const git_oid *oid,
               struct err *err)
{
    const git_oid nowhere = {0};
    git_oid now;
    bool is_there = git_reference_name_to_id(&now, handle, branch) == 0;
    struct ref_change change = {branch, oid, is_there && parent ? parent : &nowhere, false};
    return repo_swap_ref(handle, &change, err);
}

int
repo_commit(struct repo *repo, const char *parent, const char *branch, const struct repo_change *changes,
            size_t count, const char *message, const struct repo_author *author, char oid[REPO_OID_SIZE],
            struct err *err)
{
    git_repository *handle = repo->handle;
    AUTO_GIT(git_commit) *base = parent ? repo_find_commit(handle, parent, err) : NULL;
    if (parent && !base)
        return -1;
    AUTO_GIT(git_tree) *tree = repo_find_tree(handle, parent, err);
    git_oid tree_oid, commit_oid;
    if (!tree || tree_build(handle, tree, changes, count, &tree_oid, err) < 0)
        return -1;
    int code = commit_write(handle, base, &tree_oid, message, author, &commit_oid);
    if (code < 0)
        return repo_fail(code, err, "writing a commit");
    git_oid_tostr(oid, REPO_OID_SIZE, &commit_oid);
    return branch ? branch_advance(handle, branch, base ? git_commit_id(base) : NULL, &commit_oid, err) : 0;
}
