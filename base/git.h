// SPDX-License-Identifier: Apache-2.0
// A git repository. Commits are built in the object database alone: no work tree, no index, no hooks, no
// `git` program. Object ids are 40 lower-case hex digits. What does not exist is ERR_NOT_FOUND, what somebody
// else moved ERR_CONFLICT, trouble with a remote ERR_NET, everything else ERR_IO. CA settings
// (GIT_SSL_CAINFO, SSL_CERT_FILE, SSL_CERT_DIR), proxies of the environment and http.*.extraheader of git's
// configuration are obeyed.
#ifndef ATOLL_BASE_GIT_H
#define ATOLL_BASE_GIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define REPO_OID_SIZE 41
// As an expected old value: the ref must not exist.
#define REPO_NO_OID "0000000000000000000000000000000000000000"

struct repo;

// Opens the repository that `path` is in, looking upwards. Returns owned, or NULL.
struct repo *repo_open(const char *path, struct err *err) MUST_USE;

// Closes it; NULL is fine.
void repo_free(struct repo *repo);

// Makes an empty repository with HEAD at refs/heads/main; an existing one is left as it is.
int repo_init(const char *path, bool bare, struct err *err) MUST_USE;

// Work tree with a slash at the end, NULL when bare; borrowed. Git folder with a slash at the end; borrowed.
const char *repo_workdir(struct repo *repo);
const char *repo_git_dir(struct repo *repo);

// Whether git would take a text as the full name of a ref ("refs/heads/main").
bool repo_is_ref_name(const char *text);

// The token for https remotes that ask for a password; copied, NULL forgets it. It goes before an
// Authorization header of git's configuration.
void repo_set_token(struct repo *repo, const char *token);

// Notes in a repository that what it sends and fetches by path is not searched for similarities: much faster
// for chunks that were cut out of a file.
int repo_skip_deltas(struct repo *repo, struct err *err) MUST_USE;

// From now on repo_fetch ends with ERR_LIMIT when a remote sends more than that; 0 is no limit.
void repo_limit_fetch(struct repo *repo, size_t max_bytes);

// From now on remotes are what they are in another repository's configuration, and relative paths begin in
// its work tree. `other` is borrowed until the repository is closed.
void repo_use_remotes_of(struct repo *repo, const struct repo *other);

// The URL of a named remote as it may be shown and kept, without user and password (base/url.h), borrowed
// from the arena, or NULL (ERR_NOT_FOUND). Connections take the name.
const char *repo_remote_url(struct repo *repo, struct arena *arena, const char *remote,
                            struct err *err) MUST_USE;

// The full name of the branch HEAD points to ("refs/heads/main"), or NULL (ERR_NOT_FOUND when detached).
char *repo_head_ref(struct repo *repo, struct arena *arena, struct err *err) MUST_USE;

// The branch that a clone's remote has as its main one ("main"; refs/remotes/REMOTE/HEAD, nothing is asked
// over the network), or NULL (ERR_NOT_FOUND when the clone does not know).
char *repo_remote_head(struct repo *repo, struct arena *arena, const char *remote, struct err *err) MUST_USE;

// The commit that a revision ("HEAD", ref, branch, oid, "HEAD~2") stands for.
int repo_resolve(struct repo *repo, const char *revision, char oid[REPO_OID_SIZE], struct err *err) MUST_USE;

// Replaces the content of `out` by a file of a commit. ERR_LIMIT when larger than `max_bytes` or than `out`
// may hold.
int repo_read(struct repo *repo, const char *commit, const char *path, size_t max_bytes, struct buf *out,
              struct err *err) MUST_USE;

// The message of a commit, replacing the content of `out`.
int repo_message(struct repo *repo, const char *commit, struct buf *out, struct err *err) MUST_USE;

// When a commit was made, Unix seconds.
int repo_commit_time(struct repo *repo, const char *commit, int64_t *when_s, struct err *err) MUST_USE;

// Whether `ancestor` is `commit` or one of its ancestors.
int repo_is_ancestor(struct repo *repo, const char *ancestor, const char *commit, bool *out,
                     struct err *err) MUST_USE;

// Stores bytes that a commit is to hold, and gives their id.
int repo_blob_put(struct repo *repo, struct str content, char oid[REPO_OID_SIZE], struct err *err) MUST_USE;

// Replaces the content of `out` by such bytes. ERR_LIMIT when larger than `max_bytes` or than `out` may hold.
int repo_blob_get(struct repo *repo, const char *oid, size_t max_bytes, struct buf *out,
                  struct err *err) MUST_USE;

// The id of what a file of a commit holds.
int repo_blob_of(struct repo *repo, const char *commit, const char *path, char oid[REPO_OID_SIZE],
                 struct err *err) MUST_USE;

// One file of a new commit. A removed path that is not there is fine. A path is relative, with '/'.
struct repo_change {
    const char *path;
    struct str content;
    const char *blob; // when not NULL, the id of the content in its place
    bool remove;
    bool executable; // else a new file is 0644 and an existing one keeps its mode
};

struct repo_author {
    const char *name, *email;
    int64_t when_s; // Unix seconds, UTC
};

// Commits `changes` on top of `parent` (NULL: no parent, empty tree) and gives the id. `branch` (full ref
// name, or NULL for none) is created, or moved from `parent`; ERR_CONFLICT when it stands anywhere else.
int repo_commit(struct repo *repo, const char *parent, const char *branch, const struct repo_change *changes,
                size_t count, const char *message, const struct repo_author *author, char oid[REPO_OID_SIZE],
                struct err *err) MUST_USE;

// Points `ref` to `oid` (NULL: deletes it) if it stands at `expect` (NULL: wherever; REPO_NO_OID: nowhere),
// else ERR_CONFLICT. Atomic against other processes.
int repo_set_ref(struct repo *repo, const char *ref, const char *oid, const char *expect,
                 struct err *err) MUST_USE;

// Pushes commit `oid` to `ref` of a remote (name, URL or path); a NULL `oid` deletes the ref. With `expect`
// the ref must stand there (REPO_NO_OID: must not exist) and may be moved anywhere; without it only a
// fast-forward is done. ERR_CONFLICT when the remote moved or refused; nothing is changed then.
int repo_push(struct repo *repo, const char *remote, const char *oid, const char *ref, const char *expect,
              struct err *err) MUST_USE;

// Where a ref of a remote stands.
int repo_remote_ref(struct repo *repo, const char *remote, const char *ref, char oid[REPO_OID_SIZE],
                    struct err *err) MUST_USE;

// Calls `fn` for each ref of a remote whose full name begins with `prefix`; -1 from it ends with its error.
int repo_remote_refs(struct repo *repo, const char *remote, const char *prefix,
                     int (*fn)(void *context, const char *ref, struct err *err), void *context,
                     struct err *err) MUST_USE;

// Downloads what a ref of a remote stands for and gives its id; no local ref is changed. What the commits of
// local refs hold is not downloaded again.
int repo_fetch(struct repo *repo, const char *remote, const char *ref, char oid[REPO_OID_SIZE],
               struct err *err) MUST_USE;

// Appends the patch from one commit to another (NULL: the empty tree), as `git apply` takes it.
int repo_diff(struct repo *repo, const char *old_commit, const char *new_commit, struct buf *patch,
              struct err *err) MUST_USE;

// Appends the unified diff of two texts, named a/OLD_NAME and b/NEW_NAME; nothing when they are equal.
int repo_diff_text(const char *old_name, struct str old_text, const char *new_name, struct str new_text,
                   struct buf *patch, struct err *err) MUST_USE;

// Writes the files of a commit below `dir`, which is made; existing files are overwritten. Work tree and
// index stay.
int repo_checkout(struct repo *repo, const char *commit, const char *dir, struct err *err) MUST_USE;

// Makes a linked work tree NAME at `path`, whose parent exists, on no branch, at a commit; one that is there
// of that name is made anew. ERR_NOT_FOUND when the clone lacks the commit.
int repo_worktree_add(struct repo *repo, const char *name, const char *path, const char *commit,
                      struct err *err) MUST_USE;

// Removes it with all that is in it; one that is not there is fine.
int repo_worktree_remove(struct repo *repo, const char *name, const char *path, struct err *err) MUST_USE;

// Whether a tracked file differs from HEAD, in the index or in the work tree.
int repo_status_dirty(struct repo *repo, bool *dirty, struct err *err) MUST_USE;

#endif
