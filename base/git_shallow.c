// SPDX-License-Identifier: Apache-2.0
// CI checks out a few commits without their history, and `.git/shallow` lists where it ends. libgit2 1.5
// walks on and fails on the parents that are missing, so each gets a stand-in: a root commit without files,
// in memory, under its id. A walk ends there, as git's does. Were one ever packed, its receiver would compute
// another id and refuse.
#include "base/fs.h"
#include "base/git_handle.h"

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#define SHALLOW_MAX_BYTES (4u << 20)

static const char stand_in[] = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
                               "author - <-> 0 +0000\n"
                               "committer - <-> 0 +0000\n\n";

static int
graft(git_repository *handle, git_odb *odb, git_odb_backend *memory, const git_oid *boundary)
{
    AUTO_GIT(git_commit) *commit = NULL;
    int code = git_commit_lookup(&commit, handle, boundary);
    if (code == GIT_ENOTFOUND)
        return 0;
    for (unsigned i = 0; code == 0 && i < git_commit_parentcount(commit); i++) {
        const git_oid *parent = git_commit_parent_id(commit, i);
        if (!git_odb_exists(odb, parent))
            code = memory->write(memory, parent, stand_in, sizeof(stand_in) - 1, GIT_OBJECT_COMMIT);
    }
    return code;
}

static int
graft_all(git_repository *handle, git_odb *odb, struct str lines)
{
    git_odb_backend *memory = NULL;
    int code = git_mempack_new(&memory);
    if (code == 0)
        code = git_odb_add_alternate(odb, memory, 1); // takes it; an alternate is never written to by libgit2
    if (code == 0)
        code = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    while (code == 0 && lines.ptr) {
        struct str line = str_trim(str_cut(&lines, '\n'));
        git_oid oid;
        if (line.len == GIT_OID_HEXSZ && git_oid_fromstrn(&oid, line.ptr, line.len) == 0)
            code = graft(handle, odb, memory, &oid);
    }
    return code;
}

int
repo_graft_shallow(git_repository *handle, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF lines = BUF(SHALLOW_MAX_BYTES);
    if (!git_repository_is_shallow(handle))
        return 0;
    const char *path = fs_join(&arena, git_repository_commondir(handle), "shallow");
    if (fs_read(path, SHALLOW_MAX_BYTES, &lines, err) < 0)
        return -1;
    git_odb *odb = NULL;
    int code = git_repository_odb(&odb, handle);
    if (code == 0)
        code = graft_all(handle, odb, buf_str(&lines));
    git_odb_free(odb);
    return code < 0 ? repo_fail(code, err, "reading %s", path) : 0;
}
