// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/c_builder.h"

#include "base/fs.h"
#include "base/rng.h"
#include "steps/shared/target/linkage.h"
#include "steps/shared/target/object_cache.h"
#include "steps/shared/target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DIAGNOSTICS_MAX_BYTES = 8 << 10,
    OBJECT_MAX_BYTES = 64 << 20,
    PAD_MAX_BYTES = 4096,
    CACHE_MAX_BYTES = 64 << 20
};

struct c_builder {
    struct arena arena;
    const struct target *target;
    struct compiler *compiler;
    struct linkage *linkage;
    struct object_cache *objects;
    const char *scratch, *shim; // the shim's object; never sanitized, it reads nothing but slots
    size_t variants, links;     // counters for names
};

static int
compile_shim(struct c_builder *builder, struct err *err)
{
    AUTO_BUF text = BUF(1 << 20);
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    const char *source = fs_join(&builder->arena, builder->scratch, "shim.c");
    bool ok;

    builder->shim = fs_join(&builder->arena, builder->scratch, "shim.o");
    shim_write(&builder->target->signature, builder->target->name, &text);
    if (buf_check(&text, "the shim", err) != 0 || fs_write_scratch(source, buf_str(&text), err) != 0 ||
        compiler_compile(builder->compiler, source, "shim.c", BUILD_PLAIN, builder->shim, &ok, &diagnostics,
                         err) != 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_TARGET, "the compiler does not work with the flags of the recipe: %" STR_FMT,
                       STR_ARG(str_trim(str_head(buf_str(&diagnostics), 600))));
    return 0;
}

// What the baseline's object needs beside itself. A baseline that does not compile is the caller's to report.
static int
complete_link(struct c_builder *builder, struct err *err)
{
    struct built built;
    int status = c_builder_compile(builder, target_baseline(builder->target), BUILD_PLAIN, &built, err);

    if (status == 0 && built.ok)
        status = linkage_complete(builder->linkage, built.object, builder->shim, err);
    buf_release(&built.diagnostics);
    return status;
}

struct c_builder *
c_builder_new(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    struct c_builder *builder = calloc(1, sizeof *builder);

    if (builder == NULL)
        abort();
    builder->target = target;
    builder->scratch = arena_dup(&builder->arena, scratch);
    // Beside the folder that compilers may write to.
    builder->objects =
        object_cache_new(arena_printf(&builder->arena, "%s-objects", scratch), CACHE_MAX_BYTES);
    if (fs_mkdirs(scratch, err) != 0)
        goto out;
    builder->compiler = compiler_new(launcher, target->repository, scratch, &target->recipe, err);
    if (builder->compiler == NULL || compile_shim(builder, err) != 0)
        goto out;
    builder->linkage =
        linkage_new(builder->compiler, target->repository, target->file, scratch, &target->recipe);
    if (recipe_is_open(&target->recipe) && complete_link(builder, err) != 0)
        goto out;
    return builder;
out:
    c_builder_free(builder);
    return NULL;
}

void
c_builder_free(struct c_builder *builder)
{
    if (builder == NULL)
        return;
    linkage_free(builder->linkage);
    object_cache_free(builder->objects);
    compiler_free(builder->compiler);
    arena_release(&builder->arena);
    free(builder);
}

// ---- variants
// ---------------------------------------------------------------------------------------------------

static int
summarise(const char *path, struct built *built, struct err *err)
{
    AUTO_BUF object = BUF(OBJECT_MAX_BYTES);

    if (fs_read(path, OBJECT_MAX_BYTES, &object, err) != 0)
        return -1;
    if (object_summarise(buf_str(&object), &built->summary, err) != 0)
        return err_wrap(err, "%s", path);
    memcpy(built->code_hash, built->summary.code_hash, sizeof built->code_hash);
    built->code_bytes = built->summary.code_bytes;
    return 0;
}

// What an object is made from, beside headers; flags and compiler are the same for all of a builder.
static struct hash
key_of(struct str text, enum build_kind kind)
{
    struct hasher *hasher = hasher_new();
    struct hash key;

    hasher_add(hasher, &kind, sizeof kind);
    hasher_add(hasher, text.ptr, text.len);
    hasher_finish(hasher, &key);
    return key;
}

static int
compile(struct c_builder *builder, const char *source, const struct hash *key, enum build_kind kind,
        struct built *built, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *rule = arena_printf(&arena, "%s.d", built->object);

    if (compiler_compile(builder->compiler, source, builder->target->file, kind, built->object, &built->ok,
                         &built->diagnostics, err) != 0)
        return -1;
    if (built->ok && built->diagnostics.len == 0)
        object_cache_keep(builder->objects, key, built->object, rule, compiler_directory(builder->compiler),
                          source);
    return 0;
}

int
c_builder_compile(struct c_builder *builder, struct str variant, enum build_kind kind, struct built *built,
                  struct err *err)
{
    AUTO_ARENA arena = {0};
    size_t number = builder->variants++;
    const char *folder = arena_printf(&arena, "%s/v%zu", builder->scratch, number);
    const char *source = fs_join(&arena, folder, fs_base_name(builder->target->file));
    struct str text = target_splice(&arena, builder->target, variant, true);
    struct hash key = key_of(text, kind);

    *built = (struct built){.diagnostics = BUF(DIAGNOSTICS_MAX_BYTES)};
    snprintf(built->object, sizeof built->object, "%s.o", source);
    if (fs_mkdirs(folder, err) != 0 || fs_write_scratch(source, text, err) != 0)
        return -1;
    built->ok = object_cache_take(builder->objects, &key, built->object);
    if (!built->ok && compile(builder, source, &key, kind, built, err) != 0)
        return -1;
    return built->ok ? summarise(built->object, built, err) : 0;
}

struct object_cache_counts
c_builder_counts(const struct c_builder *builder)
{
    return object_cache_counts(builder->objects);
}

// ---- linking
// ----------------------------------------------------------------------------------------------------

static int
write_pad(const struct built *built, uint64_t layout_seed, const char *path, struct err *err)
{
    AUTO_BUF pad = BUF(4 * PAD_MAX_BYTES);
    struct rng rng;

    rng_init(&rng, layout_seed, 0);
    size_t code = (size_t)rng_below(&rng, PAD_MAX_BYTES);
    size_t data = (size_t)rng_below(&rng, PAD_MAX_BYTES);
    object_pad(&built->summary, code, data, &pad);
    return fs_write_scratch(path, buf_str(&pad), err);
}

static int
link_object(struct c_builder *builder, const struct built *built, enum build_kind kind, const char *pad,
            const char *path, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    struct words inputs = {0};
    bool ok;

    if (pad != NULL)
        words_add(&arena, &inputs, pad);
    words_add(&arena, &inputs, built->object);
    words_add(&arena, &inputs, builder->shim);
    if (linkage_add_objects(builder->linkage, kind, &arena, &inputs, err) != 0 ||
        compiler_link(builder->compiler, &inputs, kind, path, &ok, &diagnostics, err) != 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_TARGET, "linking '%s' failed: %" STR_FMT, builder->target->file,
                       STR_ARG(str_trim(str_head(buf_str(&diagnostics), 600))));
    return 0;
}

int
c_builder_link(struct c_builder *builder, const struct built *built, enum build_kind kind,
               uint64_t layout_seed, char path[4096], struct err *err)
{
    char pad[4096];
    size_t number = builder->links++;

    snprintf(path, 4096, "%s/cell%zu.so", builder->scratch, number);
    snprintf(pad, sizeof pad, "%s/pad%zu.o", builder->scratch, number);
    if (layout_seed != 0 && write_pad(built, layout_seed, pad, err) != 0)
        return -1;
    int status = link_object(builder, built, kind, layout_seed == 0 ? NULL : pad, path, err);
    if (layout_seed != 0)
        unlink(pad);
    return status;
}
