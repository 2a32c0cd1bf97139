// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include "base/fs.h"

#include <stdio.h>
#include <string.h>

// Points a fresh linked work tree at a commit, on no branch.
static int
settle(git_worktree *tree, const char *commit, struct err *err)
{
    git_oid oid;
    git_repository *linked = NULL;
    git_object *object = NULL;
    git_checkout_options options;
    git_checkout_options_init(&options, GIT_CHECKOUT_OPTIONS_VERSION);
    options.checkout_strategy = GIT_CHECKOUT_FORCE;
    if (repo_parse_oid(&oid, commit, err) < 0)
        return -1;
    int code = git_repository_open_from_worktree(&linked, tree);
    if (code == 0)
        code = git_object_lookup(&object, linked, &oid, GIT_OBJECT_COMMIT);
    if (code == 0)
        code = git_checkout_tree(linked, object, &options);
    if (code == 0)
        code = git_repository_set_head_detached(linked, &oid);
    git_object_free(object);
    git_repository_free(linked);
    if (code == GIT_ENOTFOUND)
        return err_set(err, ERR_NOT_FOUND, "commit %.12s is not in this clone", commit);
    return code < 0 ? repo_fail(code, err, "checking out %.12s", commit) : 0;
}

// libgit2 makes a branch of the work tree's name; nobody wants it.
static void
drop_branch(git_repository *handle, const char *name)
{
    git_reference *branch = NULL;
    if (git_branch_lookup(&branch, handle, name, GIT_BRANCH_LOCAL) == 0)
        (void)git_branch_delete(branch);
    git_reference_free(branch);
}

int
repo_worktree_add(struct repo *repo, const char *name, const char *path, const char *commit, struct err *err)
{
    git_worktree *tree = NULL;
    if (repo_worktree_remove(repo, name, path, err) < 0)
        return -1;
    int code = git_worktree_add(&tree, repo->handle, name, path, NULL);
    if (code < 0)
        return repo_fail(code, err, "making a work tree at %s", path);
    int result = settle(tree, commit, err);
    git_worktree_free(tree);
    drop_branch(repo->handle, name);
    struct err ignored;
    if (result < 0)
        (void)!repo_worktree_remove(repo, name, path, &ignored);
    return result;
}

int
repo_worktree_remove(struct repo *repo, const char *name, const char *path, struct err *err)
{
    git_worktree *tree = NULL;
    git_worktree_prune_options options;
    git_worktree_prune_options_init(&options, GIT_WORKTREE_PRUNE_OPTIONS_VERSION);
    options.flags = GIT_WORKTREE_PRUNE_VALID | GIT_WORKTREE_PRUNE_LOCKED;
    if (fs_remove_tree(path, err) < 0)
        return -1;
    int code = git_worktree_lookup(&tree, repo->handle, name);
    if (code == 0)
        code = git_worktree_prune(tree, &options);
    else
        code = 0; // there is none
    git_worktree_free(tree);
    drop_branch(repo->handle, name);
    return code < 0 ? repo_fail(code, err, "removing the work tree %s", name) : 0;
}
