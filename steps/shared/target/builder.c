// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/builder.h"

#include "base/fs.h"
#include "base/rng.h"
#include "steps/shared/target/compiler.h"
#include "steps/shared/target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIAGNOSTICS_MAX_BYTES = 8 << 10, OBJECT_MAX_BYTES = 64 << 20, PAD_MAX_BYTES = 4096, KINDS = 2 };

struct builder {
    struct arena arena;
    const struct target *target;
    struct compiler *compiler;
    const char *scratch;
    const char *shim[KINDS];    // objects
    struct words linked[KINDS]; // objects of the recipe's sources, then -l flags
    size_t variants, objects;   // counters for names
};

// ---- flags
// ------------------------------------------------------------------------------------------------------

static bool
is_level(const char *flag)
{
    return strncmp(flag, "-O", 2) == 0;
}

// The repository's flags, and those that make a shared object of the file without changing how it is
// optimised: definitions bind inside the object as they do in a program.
static void
add_flags(struct arena *arena, const struct target *target, enum build_kind kind, struct words *out)
{
    static const char *const ours[] = {
        "-fPIC", "-fno-semantic-interposition", "-fvisibility=hidden", "-fno-lto",
        "-w",    "-fno-diagnostics-color"};
    static const char *const checked[] = {"-O1", "-g", "-fsanitize=address,undefined",
                                          "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"};

    for (size_t i = 0; i < target->recipe.flag_count; i++) {
        if (kind == BUILD_PLAIN || !is_level(target->recipe.flags[i]))
            words_add(arena, out, target->recipe.flags[i]);
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        words_add(arena, out, ours[i]);
    for (size_t i = 0; kind == BUILD_SANITIZED && i < sizeof checked / sizeof *checked; i++)
        words_add(arena, out, checked[i]);
    if (kind == BUILD_PLAIN)
        words_add(arena, out, "-g0");
}

// Compiles `source` (absolute) as if it stood at `original` (relative to the repository): quoted includes are
// looked up there, and __FILE__ names it.
static int
compile(struct builder *builder, const char *source, const char *original, enum build_kind kind,
        const char *object, bool *ok, struct buf *diagnostics, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct words arguments = {0};
    const char *place = fs_dir_name(&arena, fs_join(&arena, builder->target->repository, original));

    words_add(&arena, &arguments, "-iquote");
    words_add(&arena, &arguments, place);
    add_flags(&arena, builder->target, kind, &arguments);
    words_add(&arena, &arguments, arena_printf(&arena, "-ffile-prefix-map=%s=%s", source, original));
    words_add(&arena, &arguments, "-c");
    words_add(&arena, &arguments, source);
    words_add(&arena, &arguments, "-o");
    words_add(&arena, &arguments, object);
    return compiler_run(builder->compiler, &arguments, ok, diagnostics, err);
}

// Scratch files need no durability, fs_write would only cost time.
static int
write_scratch(const char *path, struct str text, struct err *err)
{
    FILE *file = fopen(path, "wbe");

    if (file == NULL)
        return err_sys(err, ERR_IO, "creating %s", path);
    bool ok = fwrite(text.ptr, 1, text.len, file) == text.len;
    if (fclose(file) != 0 || !ok)
        return err_sys(err, ERR_IO, "writing %s", path);
    return 0;
}

// ---- shim and linked sources
// ------------------------------------------------------------------------------------

// Compiles something that must compile.
static int
compile_part(struct builder *builder, const char *source, const char *original, enum build_kind kind,
             const char **object, struct err *err)
{
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    bool ok;

    *object = arena_printf(&builder->arena, "%s/part%zu.o", builder->scratch, builder->objects++);
    if (compile(builder, source, original, kind, *object, &ok, &diagnostics, err) != 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_TARGET, "'%s' does not compile with the flags of the recipe: %" STR_FMT,
                       original, STR_ARG(str_trim(str_head(buf_str(&diagnostics), 600))));
    return 0;
}

static int
compile_shim(struct builder *builder, struct err *err)
{
    AUTO_BUF text = BUF(1 << 20);
    const char *path = fs_join(&builder->arena, builder->scratch, "shim.c");

    shim_write(&builder->target->signature, builder->target->name, &text);
    if (buf_check(&text, "the shim", err) != 0 || write_scratch(path, buf_str(&text), err) != 0)
        return -1;
    // Never sanitized: it reads nothing but slots.
    if (compile_part(builder, path, "shim.c", BUILD_PLAIN, &builder->shim[BUILD_PLAIN], err) != 0)
        return -1;
    builder->shim[BUILD_SANITIZED] = builder->shim[BUILD_PLAIN];
    return 0;
}

static int
compile_linked(struct builder *builder, enum build_kind kind, struct err *err)
{
    const struct recipe *recipe = &builder->target->recipe;

    if (builder->linked[kind].count > 0)
        return 0;
    for (size_t i = 0; i < recipe->link_count; i++) {
        const char *item = recipe->link[i];
        const char *object = item;
        if (item[0] != '-' &&
            compile_part(builder, command_path(&builder->arena, builder->target->repository, item), item,
                         kind, &object, err) != 0)
            return -1;
        words_add(&builder->arena, &builder->linked[kind], object);
    }
    words_add(&builder->arena, &builder->linked[kind], "-lm");
    return 0;
}

struct builder *
builder_new(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    struct builder *builder = calloc(1, sizeof *builder);

    if (builder == NULL)
        abort();
    builder->target = target;
    builder->scratch = arena_dup(&builder->arena, scratch);
    if (fs_mkdirs(scratch, err) != 0)
        goto out;
    builder->compiler = compiler_new(launcher, target->repository, scratch, &target->recipe, err);
    if (builder->compiler == NULL || compile_shim(builder, err) != 0 ||
        compile_linked(builder, BUILD_PLAIN, err) != 0)
        goto out;
    return builder;
out:
    builder_free(builder);
    return NULL;
}

void
builder_free(struct builder *builder)
{
    if (builder == NULL)
        return;
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

int
builder_compile(struct builder *builder, struct str variant, enum build_kind kind, struct built *built,
                struct err *err)
{
    AUTO_ARENA arena = {0};
    size_t number = builder->variants++;
    const char *file = builder->target->file;
    const char *folder = arena_printf(&arena, "%s/v%zu", builder->scratch, number);
    const char *source = fs_join(&arena, folder, fs_base_name(file));
    struct str text = target_splice(&arena, builder->target, variant, true);

    *built = (struct built){.diagnostics = BUF(DIAGNOSTICS_MAX_BYTES)};
    snprintf(built->object, sizeof built->object, "%s.o", source);
    if (fs_mkdirs(folder, err) != 0 || write_scratch(source, text, err) != 0)
        return -1;
    if (compile(builder, source, file, kind, built->object, &built->ok, &built->diagnostics, err) != 0)
        return -1;
    return built->ok ? summarise(built->object, built, err) : 0;
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
    return write_scratch(path, buf_str(&pad), err);
}

static int
link_object(struct builder *builder, const struct built *built, enum build_kind kind, const char *pad,
            const char *path, struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF diagnostics = BUF(DIAGNOSTICS_MAX_BYTES);
    struct words arguments = {0};
    bool ok;

    words_add(&arena, &arguments, "-shared");
    words_add(&arena, &arguments, "-Wl,--build-id=none");
    if (kind == BUILD_SANITIZED)
        words_add(&arena, &arguments, "-fsanitize=address,undefined");
    if (pad != NULL)
        words_add(&arena, &arguments, pad);
    words_add(&arena, &arguments, built->object);
    words_add(&arena, &arguments, builder->shim[kind]);
    words_add(&arena, &arguments, "-Wl,--as-needed");
    for (size_t i = 0; i < builder->linked[kind].count; i++)
        words_add(&arena, &arguments, builder->linked[kind].items[i]);
    words_add(&arena, &arguments, "-o");
    words_add(&arena, &arguments, path);
    if (compiler_run(builder->compiler, &arguments, &ok, &diagnostics, err) != 0)
        return -1;
    if (!ok)
        return err_set(err, ERR_TARGET, "linking '%s' failed: %" STR_FMT, builder->target->file,
                       STR_ARG(str_trim(str_head(buf_str(&diagnostics), 600))));
    return 0;
}

int
builder_link(struct builder *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
             char path[4096], struct err *err)
{
    char pad[4096];
    size_t number = builder->objects++;

    snprintf(path, 4096, "%s/cell%zu.so", builder->scratch, number);
    snprintf(pad, sizeof pad, "%s/pad%zu.o", builder->scratch, number);
    if (compile_linked(builder, kind, err) != 0)
        return -1;
    if (layout_seed != 0 && write_pad(built, layout_seed, pad, err) != 0)
        return -1;
    int status = link_object(builder, built, kind, layout_seed == 0 ? NULL : pad, path, err);
    if (layout_seed != 0)
        unlink(pad);
    return status;
}

static int
link_variant(void *context, uint64_t layout_seed, char path[4096], struct err *err)
{
    const struct built_variant *variant = context;

    return builder_link(variant->builder, variant->built, BUILD_PLAIN, layout_seed, path, err);
}

struct duet_variant
built_duet_variant(struct built_variant *variant)
{
    return (struct duet_variant){.context = variant, .link = link_variant};
}
