// SPDX-License-Identifier: Apache-2.0
// The pipeline under test stands in no git repository. Linked instead of base/git.c, this keeps libgit2 and
// the twenty libraries behind it out of a program that a sweep starts ten thousand times.
#include "base/git.h"

struct repo *
repo_open(const char *path, struct err *err)
{
    err_set(err, ERR_NOT_FOUND, "%s is no git repository", path);
    return NULL;
}

void
repo_free(struct repo *repo)
{
    (void)repo;
}

int
repo_resolve(struct repo *repo, const char *name, char oid[REPO_OID_SIZE], struct err *err)
{
    (void)repo;
    (void)oid;
    return err_set(err, ERR_NOT_FOUND, "%s: no git repository", name);
}

int
repo_message(struct repo *repo, const char *name, struct buf *out, struct err *err)
{
    (void)repo;
    (void)out;
    return err_set(err, ERR_NOT_FOUND, "%s: no git repository", name);
}
