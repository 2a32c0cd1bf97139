// SPDX-License-Identifier: Apache-2.0
#include "base/git_handle.h"

#include <string.h>

// As many objects as git itself unpacks of a push (receive.unpackLimit); more stay together in a pack.
#define LOOSE_MAX 100

// What copies objects one by one.
struct copy {
    git_repository *from;
    git_odb *source, *target;
    size_t room; // how many more may be copied
};

static int
copy_object(struct copy *copy, const git_oid *oid)
{
    git_odb_object *object;
    git_oid same;
    if (git_odb_exists(copy->target, oid))
        return 0;
    if (copy->room == 0)
        return GIT_EUSER;
    copy->room--;
    int code = git_odb_read(&object, copy->source, oid);
    if (code < 0)
        return code;
    code = git_odb_write(&same, copy->target, git_odb_object_data(object), git_odb_object_size(object),
                         git_odb_object_type(object));
    git_odb_object_free(object);
    return code;
}

// What is in a tree goes before the tree, so that a copy cut short leaves no tree with holes.
static int
copy_tree(struct copy *copy, const git_oid *oid)
{
    AUTO_GIT(git_tree) *tree = NULL;
    if (git_odb_exists(copy->target, oid))
        return 0;
    int code = git_tree_lookup(&tree, copy->from, oid);
    for (size_t i = 0; code == 0 && i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
            code = copy_tree(copy, git_tree_entry_id(entry));
        else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
            code = copy_object(copy, git_tree_entry_id(entry));
    }
    return code < 0 ? code : copy_object(copy, oid);
}

static int
copy_commit(struct copy *copy, const git_oid *oid)
{
    AUTO_GIT(git_commit) *commit = NULL;
    int code = git_commit_lookup(&commit, copy->from, oid);
    if (code == 0)
        code = copy_tree(copy, git_commit_tree_id(commit));
    return code < 0 ? code : copy_object(copy, oid);
}

// A walk over the commits that `oid` needs and the target lacks, parents first.
static int
walk_missing(git_revwalk **walk, git_repository *from, git_repository *to, git_odb *target,
             const git_oid *oid)
{
    AUTO_GIT(git_reference_iterator) *refs = NULL;
    int code = git_revwalk_new(walk, from);
    if (code == 0)
        code = git_revwalk_sorting(*walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
    if (code == 0)
        code = git_revwalk_push(*walk, oid);
    if (code == 0)
        code = git_reference_iterator_new(&refs, to);
    git_reference *ref;
    while (code == 0 && git_reference_next(&ref, refs) == 0) {
        const git_oid *known = git_reference_target(ref);
        if (known && git_odb_exists(target, known))
            git_revwalk_hide(*walk, known); // fails for what we do not have: nothing to leave out then
        git_reference_free(ref);
    }
    return code;
}

// GIT_EUSER when they are too many.
static int
copy_loose(git_repository *from, git_repository *to, git_odb *target, const git_oid *oid)
{
    AUTO_GIT(git_revwalk) *walk = NULL;
    AUTO_GIT(git_odb) *source = NULL;
    struct copy copy = {from, NULL, target, LOOSE_MAX};
    git_oid commit;
    int code = git_repository_odb(&source, from);
    copy.source = source;
    if (code == 0)
        code = walk_missing(&walk, from, to, target, oid);
    while (code == 0 && (code = git_revwalk_next(&commit, walk)) == 0)
        code = copy_commit(&copy, &commit);
    return code == GIT_ITEROVER ? 0 : code;
}

static int
copy_packed(git_repository *from, git_repository *to, git_odb *target, const git_oid *oid)
{
    AUTO_ARENA arena = {0};
    AUTO_GIT(git_revwalk) *walk = NULL;
    AUTO_GIT(git_packbuilder) *pack = NULL;
    int code = walk_missing(&walk, from, to, target, oid);
    if (code == 0)
        code = git_packbuilder_new(&pack, from);
    if (code == 0)
        code = git_packbuilder_insert_walk(pack, walk);
    if (code < 0 || git_packbuilder_object_count(pack) == 0)
        return code;
    const char *folder = arena_printf(&arena, "%sobjects/pack", git_repository_commondir(to));
    return git_packbuilder_write(pack, folder, 0, NULL, NULL);
}

// Copies what `oid` needs and the target lacks straight into the target's object folder. Whoever publishes
// often would fill it with packs, all of which have to be looked through for each object.
static int
objects_copy(git_repository *from, git_repository *to, const git_oid *oid)
{
    AUTO_GIT(git_odb) *target = NULL;
    int code = git_repository_odb(&target, to);
    if (code == 0)
        code = copy_loose(from, to, target, oid);
    return code == GIT_EUSER ? copy_packed(from, to, target, oid) : code;
}

// libgit2's own local transport ignores where the ref stood; here the ref's lock is held from the comparison
// to the change.
int
repo_push_local(git_repository *from, const char *path, const struct ref_change *change, struct err *err)
{
    AUTO_GIT(git_repository) *to = NULL;
    AUTO_GIT(git_reference) *head = NULL;
    int code = git_repository_open(&to, path);
    if (code < 0)
        return repo_fail(code, err, "opening the remote %s", path);
    const char *checked_out = NULL;
    if (!git_repository_is_bare(to) && git_reference_lookup(&head, to, "HEAD") == 0)
        checked_out = git_reference_symbolic_target(head);
    if (checked_out && strcmp(checked_out, change->ref) == 0)
        return err_set(err, ERR_CONFLICT, "%s is checked out in %s", change->ref, path);
    git_oid now = {0};
    code = git_reference_name_to_id(&now, to, change->ref);
    bool is_known = code == 0 || code == GIT_ENOTFOUND;
    if (is_known && change->expect && !git_oid_equal(&now, change->expect))
        return repo_moved(change->ref, &now, err); // spares the copying; the lock's word counts below
    code = change->oid ? objects_copy(from, to, change->oid) : 0;
    return code < 0 ? repo_fail(code, err, "copying objects to %s", path) : repo_swap_ref(to, change, err);
}

// libgit2 1.5 reads the size from which nothing is compared under the name of another setting.
int
repo_skip_deltas(struct repo *repo, struct err *err)
{
    static const char *const keys[] = {"pack.deltaCacheSize", "pack.bigFileThreshold", "pack.windowMemory"};
    AUTO_GIT(git_config) *config = NULL;
    int code = git_repository_config(&config, repo->handle);
    for (size_t i = 0; code == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
        int64_t set = 0;
        if (git_config_get_int64(&set, config, keys[i]) < 0 || set != 1)
            code = git_config_set_int64(config, keys[i], 1);
    }
    return code < 0 ? repo_fail(code, err, "configuring %s", git_repository_commondir(repo->handle)) : 0;
}

// Another handle of a repository that sees the objects of a second one as well: packs are built as the first
// one's configuration says.
static int
open_with_objects_of(git_repository **both, git_repository *home, git_repository *from)
{
    AUTO_ARENA arena = {0};
    AUTO_GIT(git_odb) *odb = NULL;
    const char *objects = arena_printf(&arena, "%sobjects", git_repository_commondir(from));
    int code = git_repository_open(both, git_repository_commondir(home));
    if (code == 0)
        code = git_repository_odb(&odb, *both);
    return code == 0 ? git_odb_add_disk_alternate(odb, objects) : code;
}

// libgit2's own local transport copies everything again.
int
repo_fetch_local(git_repository *to, const char *path, const char *ref, char oid[REPO_OID_SIZE],
                 struct err *err)
{
    AUTO_GIT(git_repository) *from = NULL, *both = NULL;
    git_oid found;
    int code = git_repository_open(&from, path);
    if (code < 0)
        return repo_fail(code, err, "opening the remote %s", path);
    code = git_reference_name_to_id(&found, from, ref);
    if (code == GIT_ENOTFOUND)
        return err_set(err, ERR_NOT_FOUND, "%s has no %s", path, ref);
    if (code == 0)
        code = open_with_objects_of(&both, to, from);
    if (code == 0)
        code = objects_copy(both, to, &found);
    git_oid_tostr(oid, REPO_OID_SIZE, &found);
    return code < 0 ? repo_fail(code, err, "asking for %s of %s", ref, path) : 0;
}
