// SPDX-License-Identifier: Apache-2.0
// Inside of base/git: the only place that includes libgit2, for git*.c.
#ifndef ATOLL_BASE_GIT_HANDLE_H
#define ATOLL_BASE_GIT_HANDLE_H

#include "base/git.h"

#include <git2.h>

struct repo {
    git_repository *handle;
    char *token;                 // owned, NULL for none
    const struct repo *settings; // whose configuration tells of remotes; NULL is its own
    size_t fetch_max_bytes;      // 0: no limit
};

// A libgit2 object that is freed at the end of its scope: AUTO_GIT(git_tree) *tree = NULL;
#define AUTO_GIT(type) __attribute__((cleanup(type##_drop))) type

// Cleanup functions of AUTO_GIT; all of these frees take NULL.
#define GIT_DROP(type)                            \
    static inline void type##_drop(type **object) \
    {                                             \
        type##_free(*object);                     \
    }
GIT_DROP(git_object)
GIT_DROP(git_commit)
GIT_DROP(git_tree)
GIT_DROP(git_tree_entry)
GIT_DROP(git_signature)
GIT_DROP(git_diff)
GIT_DROP(git_remote)
GIT_DROP(git_repository)
GIT_DROP(git_revwalk)
GIT_DROP(git_packbuilder)
GIT_DROP(git_transaction)
GIT_DROP(git_config)
GIT_DROP(git_reference_iterator)
GIT_DROP(git_reference)
GIT_DROP(git_status_list)
GIT_DROP(git_index)
GIT_DROP(git_blob)
GIT_DROP(git_odb)
GIT_DROP(git_treebuilder)

// Reports what libgit2 said behind what we were doing. Returns -1.
int repo_fail(int code, struct err *err, const char *format, ...) PRINTF_LIKE(3, 4);

// The commit of a revision. Owned, or NULL.
git_commit *repo_find_commit(git_repository *handle, const char *revision, struct err *err) MUST_USE;

// The tree of a revision, the empty tree for NULL. Owned, or NULL.
git_tree *repo_find_tree(git_repository *handle, const char *revision, struct err *err) MUST_USE;

// Makes walks end where a shallow clone's history does.
int repo_graft_shallow(git_repository *handle, struct err *err) MUST_USE;

// Parses 40 hex digits; ERR_INTERNAL.
int repo_parse_oid(git_oid *oid, const char *hex, struct err *err) MUST_USE;

// A wanted change of one ref: `oid` NULL deletes it, `expect` NULL is any old value, zero none.
struct ref_change {
    const char *ref;
    const git_oid *oid, *expect;
    bool fast_forward_only;
};

// Reports that a ref stands at `now` (zero: nowhere) and not where it should. Returns -1.
int repo_moved(const char *ref, const git_oid *now, struct err *err);

// Compares and swaps under the ref's lock; ERR_CONFLICT.
int repo_swap_ref(git_repository *handle, const struct ref_change *change, struct err *err) MUST_USE;

// Pushes to, and fetches from, a repository on this machine, as repo_push and repo_fetch do.
int repo_push_local(git_repository *from, const char *path, const struct ref_change *change,
                    struct err *err) MUST_USE;
int repo_fetch_local(git_repository *to, const char *path, const char *ref, char oid[REPO_OID_SIZE],
                     struct err *err) MUST_USE;

#endif
