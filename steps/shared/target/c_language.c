// SPDX-License-Identifier: Apache-2.0
// C: the signature is read off the text, a cell hosts a shared object.
#include "steps/shared/target/c_builder.h"
#include "steps/shared/target/command.h"
#include "steps/shared/target/effect.h"
#include "steps/shared/target/target.h"

#include "base/fs.h"

#include <string.h>

enum { SOURCE_MAX_BYTES = 16 << 20, HEADERS_MAX = 64 };

// Headers of the repository that a file includes in quotes, parsed; those that can't be read or parsed are
// left out.
struct headers {
    struct arena *arena;
    struct syntax *items[HEADERS_MAX];
    const char *paths[HEADERS_MAX];
    size_t count;
};

static bool
has_header(const struct headers *headers, const char *path)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (strcmp(headers->paths[i], path) == 0)
            return true;
    }
    return false;
}

static void
add_header(struct headers *headers, const char *path)
{
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);
    struct err err;

    if (headers->count == HEADERS_MAX || has_header(headers, path) || !fs_exists(path) ||
        fs_read(path, SOURCE_MAX_BYTES, &text, &err) != 0)
        return;
    struct syntax *syntax = syntax_new(buf_str(&text), &err);
    if (syntax == NULL)
        return;
    headers->paths[headers->count] = path;
    headers->items[headers->count++] = syntax;
}

struct include_search {
    struct headers *headers;
    const struct syntax *syntax;
    const char *directory;        // of the including file
    const struct recipe *recipe;  // for its -I flags
    const char *recipe_directory; // absolute
};

// Looks a quoted name up beside the file, then along -I; takes every place where it is.
static bool
visit_include(void *context, struct node node)
{
    struct include_search *search = context;
    struct arena *arena = search->headers->arena;
    struct node path = node_field(node, "path");

    if (!node_is(node, "preproc_include"))
        return !node_is(node, "compound_statement");
    struct str text = node_text(search->syntax, path);
    if (!node_is(path, "string_literal") || text.len < 3)
        return false;
    const char *name = arena_str(arena, str_n(text.ptr + 1, text.len - 2));
    add_header(search->headers, command_path(arena, search->directory, name));
    for (size_t i = 0; i < search->recipe->flag_count; i++) {
        const char *flag = search->recipe->flags[i];
        if (strncmp(flag, "-I", 2) != 0)
            continue;
        const char *folder = flag[2] != '\0'                      ? flag + 2
                             : i + 1 < search->recipe->flag_count ? search->recipe->flags[i + 1]
                                                                  : ".";
        add_header(search->headers,
                   command_path(arena, command_path(arena, search->recipe_directory, folder), name));
    }
    return false;
}

static void
read_headers(struct arena *arena, const struct target *target, struct headers *headers)
{
    struct include_search search = {
        .headers = headers,
        .syntax = target->syntax,
        .directory = fs_dir_name(arena, fs_join(arena, target->repository, target->file)),
        .recipe = &target->recipe,
        .recipe_directory = command_path(arena, target->repository, target->recipe.directory),
    };

    node_walk(syntax_root(target->syntax), visit_include, &search);
    for (size_t i = 0; i < headers->count; i++) {
        search.syntax = headers->items[i];
        search.directory = fs_dir_name(arena, headers->paths[i]);
        node_walk(syntax_root(search.syntax), visit_include, &search);
    }
}

// What can't be compared can't be proven.
static int
check_comparable(struct arena *arena, const struct target *target, const struct headers *headers,
                 struct err *err)
{
    const struct signature *signature = &target->signature;
    const struct scope scope = {target->syntax, headers->items, headers->count};
    const struct scope_node definition = {target->syntax, target->function.node};
    bool has_output = signature->result_size > 0;

    for (size_t i = 0; i < signature->count; i++)
        has_output = has_output || parameter_is_output(&signature->parameters[i]);
    if (!has_output)
        return err_set(
            err, ERR_TARGET,
            "function '%s': it has no result and writes to no parameter, so there is nothing to compare",
            target->name);
    const char *effect = effect_find(arena, &scope, definition);
    if (effect != NULL)
        return err_set(
            err, ERR_TARGET,
            "function '%s': it %s; atoll compares results and buffers only. Move that to the caller, or "
            "choose an inner function",
            target->name, effect);
    return 0;
}

static int
infer(struct arena *arena, const json_t *description, struct target *target, struct err *err)
{
    struct headers headers = {.arena = arena};

    read_headers(arena, target, &headers);
    int status = signature_infer_with(arena, target->syntax, headers.items, headers.count, &target->function,
                                      json_object_get(description, "params"), &target->signature, err);
    if (status == 0)
        status = check_comparable(arena, target, &headers, err);
    for (size_t i = 0; i < headers.count; i++)
        syntax_free(headers.items[i]);
    return status;
}

static int
open_c(struct arena *arena, const json_t *description, const struct recipe_yard *yard, struct target *target,
       struct err *err)
{
    if (recipe_read(arena, target->repository, target->file, json_object_get(description, "recipe"), yard,
                    &target->recipe, err) != 0)
        return err_wrap(err, "%s", target->file);
    if (infer(arena, description, target, err) != 0)
        return err_wrap(err, "%s:%u", target->file, target->function.first_line);
    return 0;
}

// What the shim takes from the file.
static const char *
epilogue(struct arena *arena, const struct target *target)
{
    AUTO_BUF text = BUF(SOURCE_MAX_BYTES);

    shim_write_exports(&target->signature, target->name, &text);
    return arena_str(arena, buf_str(&text));
}

static void *
open_builder(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    return c_builder_new(launcher, target, scratch, err);
}

static void
close_builder(void *builder)
{
    c_builder_free(builder);
}

static int
compile_variant(void *builder, struct str variant, enum build_kind kind, struct built *built, struct err *err)
{
    return c_builder_compile(builder, variant, kind, built, err);
}

static int
link_variant(void *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
             char path[4096], struct err *err)
{
    return c_builder_link(builder, built, kind, layout_seed, path, err);
}

static struct object_cache_counts
count_objects(const void *builder)
{
    return c_builder_counts(builder);
}

const struct language_ops language_c = {
    .id = LANGUAGE_C,
    .name = "c",
    .budget_factor = 1,
    .open = open_c,
    .epilogue = epilogue,
    .foreign = object_foreign,
    .builder = {open_builder, close_builder, compile_variant, link_variant, count_objects, NULL},
};
