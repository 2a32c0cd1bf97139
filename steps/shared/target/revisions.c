// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/revisions.h"

#include "base/fs.h"
#include "steps/shared/target/command.h"
#include "steps/shared/target/language.h"

#include <string.h>

enum { HEADER_MAX_BYTES = 16 << 20 };

// ---- the files of a revision
// ------------------------------------------------------------------------------------

static bool
is_header(const char *path)
{
    return str_ends(str_of(path), STR(".h")) || str_ends(str_of(path), STR(".inc")) ||
           str_ends(str_of(path), STR(".def"));
}

// Headers that the revision does not have, such as a config.h, from the work tree.
static int
borrow_headers(const struct revisions_spec *spec, const char *tree, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct fs_list list;
    if (fs_walk(&arena, spec->repository, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        AUTO_BUF text = BUF(HEADER_MAX_BYTES);
        const char *to = fs_join(&arena, tree, list.paths[i]);
        if (!is_header(list.paths[i]) || fs_exists(to))
            continue;
        if (fs_read(fs_join(&arena, spec->repository, list.paths[i]), HEADER_MAX_BYTES, &text, err) != 0 ||
            fs_write(to, buf_str(&text), err) != 0)
            return -1;
    }
    return 0;
}

// The folder that holds a revision's files, or NULL.
static const char *
check_out(const struct revisions_spec *spec, size_t side, struct repo *repo, struct revisions *revisions,
          struct err *err)
{
    const char *name = spec->names[side];
    char *commit = revisions->commits[side], blob[REPO_OID_SIZE];
    if (strcmp(name, REVISIONS_WORK_TREE) == 0)
        return spec->repository;
    if (repo_resolve(repo, name, commit, err) != 0) {
        err->kind = ERR_USAGE;
        err_wrap(err, "revision \"%s\"", name);
        return NULL;
    }
    if (repo_blob_of(repo, commit, spec->file, blob, err) != 0) {
        err_wrap(err, "revision \"%s\"", name);
        return NULL;
    }
    const char *tree = arena_printf(spec->arena, "%s/tree%zu", revisions->scratch, side);
    if (repo_checkout(repo, commit, tree, err) != 0 || borrow_headers(spec, tree, err) != 0)
        return NULL;
    return tree;
}

// ---- the recipe
// --------------------------------------------------------------------------------------------------

// A flag that names a folder of the work tree names that of the revision, where it has one.
static const char *
flag_for(struct arena *arena, const char *flag, const char *repository, const char *tree)
{
    struct str root = str_of(repository);
    ptrdiff_t at = str_find(str_of(flag), root);
    if (at < 0 || flag[(size_t)at + root.len] != '/')
        return flag;
    const char *moved = arena_printf(arena, "%s%s", tree, flag + (size_t)at + root.len);
    return fs_exists(moved) ? arena_printf(arena, "%.*s%s", (int)at, flag, moved) : flag;
}

// The work tree's recipe as JSON, for the files in `tree`; of Go what is given, as its modules say the rest.
// Owned.
static json_t *
recipe_for(const struct revisions_spec *spec, const char *tree, const struct recipe_yard *yard,
           struct err *err)
{
    const json_t *given = json_object_get(spec->description, "recipe");
    struct recipe recipe;
    if (language_of(spec->file) == LANGUAGE_GO)
        return json_is_object(given) ? json_deep_copy(given) : json_object();
    if (recipe_read(spec->arena, spec->repository, spec->file, given, yard, &recipe, err) != 0)
        return NULL;
    const char **flags = ARENA_ARRAY(spec->arena, const char *, recipe.flag_count + 1);
    for (size_t i = 0; i < recipe.flag_count; i++)
        flags[i] = flag_for(spec->arena, recipe.flags[i], spec->repository, tree);
    recipe.flags = flags;
    return recipe_to_json(&recipe);
}

// ---- roles
// -------------------------------------------------------------------------------------------------------

// Whether two types are the same but for what they promise not to change.
static bool
same_type(const json_t *a, const json_t *b)
{
    struct str left = str_of(json_get_text(a, "type", "")), right = str_of(json_get_text(b, "type", ""));
    if (str_starts(left, STR("const ")))
        left = str_from(left, 6);
    if (str_starts(right, STR("const ")))
        right = str_from(right, 6);
    return str_eq(left, right);
}

static const char *
name_at(const json_t *object, size_t index)
{
    void *at = json_object_iter((json_t *)(uintptr_t)object);
    while (at != NULL && index-- > 0)
        at = json_object_iter_next((json_t *)(uintptr_t)object, at);
    return at != NULL ? json_object_iter_key(at) : NULL;
}

// The name that parameter `name` of A has in B, where parameters are the same by position.
static const char *
renamed(const json_t *from, const json_t *to, const char *name)
{
    for (size_t i = 0; i < json_object_size(from); i++)
        if (strcmp(name_at(from, i), name) == 0)
            return name_at(to, i);
    return name;
}

// What A's parameters are, under the names that they have in B; NULL when the two take other things. Owned.
static json_t *
roles_for(const json_t *a, const json_t *b)
{
    const json_t *from = json_object_get(a, "params"), *to = json_object_get(b, "params");
    if (json_object_size(from) != json_object_size(to) ||
        strcmp(json_get_text(a, "result", ""), json_get_text(b, "result", "")) != 0)
        return NULL;
    json_t *roles = json_object();
    for (size_t i = 0; i < json_object_size(from); i++) {
        const char *name = name_at(to, i);
        json_t *role = json_deep_copy(json_object_get(from, name_at(from, i)));
        const char *of = json_get_text(role, "of", NULL);
        if (!same_type(role, json_object_get(to, name))) {
            json_decref(role);
            json_decref(roles);
            return NULL;
        }
        if (of != NULL)
            json_set_text(role, "of", renamed(from, to, of));
        json_object_set(role, "type", json_object_get(json_object_get(to, name), "type"));
        json_object_set_new(roles, name, role);
    }
    return roles;
}

// ---- both
// --------------------------------------------------------------------------------------------------------

static int
open_target(const struct revisions_spec *spec, size_t side, const char *tree, const json_t *params,
            struct revisions *revisions, struct err *err)
{
    struct workbench *bench = &revisions->benches[side];
    AUTO_JSON *description = json_object();
    struct recipe_yard yard = {bench->launcher, fs_join(spec->arena, revisions->scratch, "views")};
    json_t *recipe = recipe_for(spec, tree, &yard, err);
    if (recipe == NULL)
        return -1;
    json_object_set_new(description, "recipe", recipe);
    if (params != NULL)
        json_object_set(description, "params", (json_t *)(uintptr_t)params);
    target_close(&bench->target);
    if (target_open(spec->arena, tree, spec->file, spec->function, description, &yard, &bench->target, err) !=
        0)
        return err_wrap(err, "revision \"%s\"", spec->names[side]);
    return 0;
}

static int
refuse(const struct revisions_spec *spec, struct err *err)
{
    return err_set(err, ERR_TARGET,
                   "%s takes or returns other things at \"%s\" than at \"%s\": they can't be compared",
                   spec->function, spec->names[1], spec->names[0]);
}

// Opens B with the roles that A has.
static int
match_roles(const struct revisions_spec *spec, const char *tree, struct revisions *revisions, struct err *err)
{
    struct workbench *benches = revisions->benches;
    AUTO_JSON *a = signature_to_json(&benches[0].target.signature);
    AUTO_JSON *b = signature_to_json(&benches[1].target.signature);
    AUTO_JSON *roles = roles_for(a, b);
    if (roles == NULL)
        return refuse(spec, err);
    if (json_equal(roles, json_object_get(b, "params")))
        return 0;
    return open_target(spec, 1, tree, roles, revisions, err);
}

static int
open_builder(const struct revisions_spec *spec, size_t side, struct revisions *revisions, struct err *err)
{
    struct workbench *bench = &revisions->benches[side];
    const char *scratch = arena_printf(spec->arena, "%s/build%zu", revisions->scratch, side);
    bench->builder = builder_new(bench->launcher, &bench->target, scratch, err);
    if (bench->builder == NULL ||
        builder_signature(bench->builder, spec->arena, &bench->target.signature, err) != 0)
        return err_wrap(err, "revision \"%s\"", spec->names[side]);
    return 0;
}

// Signatures of C are known before anything is built, those of Go after.
static int
open_builders(const struct revisions_spec *spec, const char *tree, struct revisions *revisions,
              struct err *err)
{
    const struct signature *a = &revisions->benches[0].target.signature;
    const struct signature *b = &revisions->benches[1].target.signature;
    if (language_of(spec->file) == LANGUAGE_C && match_roles(spec, tree, revisions, err) != 0)
        return -1;
    for (size_t side = 0; side < 2; side++)
        if (open_builder(spec, side, revisions, err) != 0)
            return -1;
    return a->calls == NULL || a->calls->same(a, b) ? 0 : refuse(spec, err);
}

int
revisions_open(const struct revisions_spec *spec, struct revisions *revisions, struct err *err)
{
    const json_t *params = json_object_get(spec->description, "params");
    const char *trees[2] = {NULL, NULL};
    *revisions = (struct revisions){0};
    revisions->scratch = fs_temp_dir(spec->arena, NULL, "atoll-compare-", err);
    struct repo *repo = revisions->scratch != NULL ? repo_open(spec->repository, err) : NULL;
    int status = repo != NULL ? 0 : -1;
    for (size_t side = 0; side < 2 && status == 0; side++) {
        revisions->benches[side].limits = spec->limits;
        revisions->benches[side].launcher = launcher_new(spec->cell_path, ISOLATION_GUARD, err);
        if (revisions->benches[side].launcher == NULL)
            status = -1;
    }
    for (size_t side = 0; side < 2 && status == 0; side++) {
        trees[side] = check_out(spec, side, repo, revisions, err);
        status = trees[side] != NULL ? open_target(spec, side, trees[side], params, revisions, err) : -1;
    }
    repo_free(repo);
    return status == 0 ? open_builders(spec, trees[1], revisions, err) : -1;
}

void
revisions_release(struct revisions *revisions)
{
    struct err ignored;
    workbench_release(&revisions->benches[0]);
    workbench_release(&revisions->benches[1]);
    if (revisions->scratch != NULL)
        (void)!fs_remove_tree(revisions->scratch, &ignored);
    *revisions = (struct revisions){0};
}
