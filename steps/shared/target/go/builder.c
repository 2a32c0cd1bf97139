// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/builder.h"

#include "base/fs.h"
#include "steps/shared/target/go/harness.h"
#include "steps/shared/target/go/listing.h"
#include "steps/shared/target/go/tool.h"
#include "steps/shared/target/go/vet.h"
#include "steps/shared/target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIAGNOSTICS_MAX_BYTES = 8 << 10, LISTING_MAX_BYTES = 64 << 20, TEXT_MAX_BYTES = 1 << 20 };
enum { TYPES_MAX_BYTES = 1 << 20 };

// What a variant's folder has in it beside its file.
#define PROGRAM "cell"
#define OVERLAY "overlay.json"

struct go_builder {
    struct arena arena;
    const struct target *target;
    struct go_function function;
    struct go_tool *tool;
    struct go_vet *vet; // made when it is first asked
    const char *scratch;
    json_t *overlay;        // of every variant: the harness, and no tests
    size_t variants, links; // counters for names
};

// The package's own tests are left out: they may have a TestMain, and cost time.
static int
hide_tests(struct go_builder *builder, struct err *err)
{
    struct fs_list found;
    const char *pattern = fs_join(&builder->arena, go_tool_package(builder->tool), "*_test.go");

    if (fs_glob(&builder->arena, pattern, &found, err) != 0)
        return -1;
    for (size_t i = 0; i < found.count; i++)
        json_object_set_new(builder->overlay, found.paths[i], json_string(""));
    return 0;
}

static int
add_harness(struct go_builder *builder, struct err *err)
{
    for (size_t i = 0; i < GO_HARNESS_FILES; i++) {
        AUTO_BUF text = BUF(TEXT_MAX_BYTES);
        const char *name = go_harness_name(i), *path = fs_join(&builder->arena, builder->scratch, name);
        go_harness_write(i, &builder->function, &text);
        if (buf_check(&text, "the harness", err) != 0 || fs_write_scratch(path, buf_str(&text), err) != 0)
            return -1;
        json_object_set_new(builder->overlay, fs_join(&builder->arena, go_tool_package(builder->tool), name),
                            json_string(path));
    }
    return 0;
}

static int
check_kind(const struct target *target, const struct go_function *function, struct err *err)
{
    if (*function->type_parameters != '\0' || *function->type_arguments != '\0' ||
        (function->receiver != NULL && strchr(function->receiver, '[') != NULL))
        return err_set(
            err, ERR_TARGET,
            "%s:%u: function '%s' has type parameters; atoll measures concrete functions: name one "
            "that calls it",
            target->file, target->function.first_line, target->name);
    return 0;
}

struct go_builder *
go_builder_new(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    struct go_builder *builder = calloc(1, sizeof *builder);

    if (builder == NULL)
        abort();
    builder->target = target;
    builder->scratch = arena_dup(&builder->arena, scratch);
    builder->overlay = json_object();
    if (go_function_read(&builder->arena, target->syntax, &target->function, &builder->function, err) != 0 ||
        check_kind(target, &builder->function, err) != 0)
        goto out;
    builder->tool = go_tool_new(launcher, target->repository, target->file, scratch, err);
    if (builder->tool == NULL || hide_tests(builder, err) != 0 || add_harness(builder, err) != 0)
        goto out;
    return builder;
out:
    go_builder_free(builder);
    return NULL;
}

void
go_builder_free(struct go_builder *builder)
{
    if (builder == NULL)
        return;
    json_decref(builder->overlay);
    go_vet_free(builder->vet);
    go_tool_free(builder->tool);
    arena_release(&builder->arena);
    free(builder);
}

// ---- variants
// ---------------------------------------------------------------------------------------------------

// Writes the variant's file and its overlay beside it.
static int
write_variant(struct go_builder *builder, const char *folder, struct str variant, struct err *err)
{
    AUTO_ARENA arena = {0};
    const struct target *target = builder->target;
    const char *source = fs_join(&arena, folder, fs_base_name(target->file));
    struct str text = target_splice(&arena, target, variant, false);

    if (fs_mkdirs(folder, err) != 0 || fs_write_scratch(source, text, err) != 0)
        return -1;
    AUTO_JSON *files = json_copy(builder->overlay);
    json_object_set_new(files, fs_join(&arena, target->repository, target->file), json_string(source));
    AUTO_JSON *overlay = json_pack("{s:O}", "Replace", files);
    char *json = json_canonical(overlay);
    int status = fs_write_scratch(fs_join(&arena, folder, OVERLAY), str_of(json), err);
    free(json);
    return status;
}

// The same command with or without a seed gives the same code; only the order of functions differs. The
// listing is asked for each time, since another command would compile anew.
static int
build(struct go_builder *builder, const char *folder, enum build_kind kind, uint64_t layout_seed,
      const char *path, bool *ok, struct buf *output, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct words arguments = {0};
    const struct recipe *recipe = &builder->target->recipe;
    uint64_t drawn = layout_seed & INT64_MAX; // what the linker takes

    words_add(&arena, &arguments, "test");
    words_add(&arena, &arguments, "-c");
    words_add(&arena, &arguments, "-trimpath");
    words_add(&arena, &arguments, "-buildvcs=false");
    words_add(&arena, &arguments, "-vet=off");
    for (size_t i = 0; i < recipe->flag_count; i++)
        words_add(&arena, &arguments, recipe->flags[i]);
    words_add(&arena, &arguments, arena_printf(&arena, "-overlay=%s", fs_join(&arena, folder, OVERLAY)));
    words_add(&arena, &arguments, "-gcflags=-S");
    if (kind == BUILD_SANITIZED)
        words_add(&arena, &arguments, "-race");
    // No debug information: nobody reads it, and linking is a good part of a launch.
    words_add(&arena, &arguments,
              layout_seed == 0 ? "-ldflags=-s -w"
                               : arena_printf(&arena, "-ldflags=-s -w -randlayout=%llu",
                                              (unsigned long long)(drawn == 0 ? 1 : drawn)));
    words_add(&arena, &arguments, "-o");
    words_add(&arena, &arguments, path);
    words_add(&arena, &arguments, ".");
    return go_tool_run(builder->tool, &arguments, ok, output, err);
}

// "../scratch/v7/tag.go:3:1: .." becomes "tag.go:3:1: ..": where the variant stands is nobody's business.
static struct str
without_folder(struct str line, const char *base)
{
    struct str name = str_of(base);
    ptrdiff_t end = str_find(line, STR(".go:"));

    if (end < 0 || !str_ends(str_head(line, (size_t)end + 3), name))
        return line;
    return str_from(line, (size_t)end + 3 - name.len);
}

// What the compiler complains of: lines that are neither listing nor headings.
static void
copy_complaints(const struct go_builder *builder, struct str output, struct buf *diagnostics)
{
    const char *base = fs_base_name(builder->target->file);

    while (output.ptr != NULL) {
        struct str line = str_cut(&output, '\n');
        bool listing = line.len > 0 && line.ptr[0] == '\t' && str_starts(line, STR("\t0x"));
        if (line.len == 0 || line.ptr[0] == '#' || listing || str_find(line, STR(" size=")) > 0 ||
            str_starts(line, STR("\trel ")))
            continue;
        line = without_folder(line, base);
        buf_add_str(diagnostics, str_head(line, diagnostics->max - diagnostics->len));
        if (diagnostics->len < diagnostics->max)
            buf_putc(diagnostics, '\n');
    }
}

int
go_builder_compile(struct go_builder *builder, struct str variant, enum build_kind kind, struct built *built,
                   struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF output = BUF(LISTING_MAX_BYTES);
    const char *folder = arena_printf(&arena, "%s/v%zu", builder->scratch, builder->variants++);
    const char *program = fs_join(&arena, folder, PROGRAM);

    *built = (struct built){.diagnostics = BUF(DIAGNOSTICS_MAX_BYTES)};
    snprintf(built->object, sizeof built->object, "%s/listing.s", folder);
    if (write_variant(builder, folder, variant, err) != 0 ||
        build(builder, folder, kind, 0, program, &built->ok, &output, err) != 0)
        return -1;
    if (!built->ok) {
        copy_complaints(builder, buf_str(&output), &built->diagnostics);
        return 0;
    }
    go_listing_summarise(buf_str(&output), fs_base_name(builder->target->file), &built->summary);
    memcpy(built->code_hash, built->summary.code_hash, sizeof built->code_hash);
    built->code_bytes = built->summary.code_bytes;
    return fs_write_scratch(built->object, buf_str(&output), err);
}

int
go_builder_link(struct go_builder *builder, const struct built *built, enum build_kind kind,
                uint64_t layout_seed, char path[4096], struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF output = BUF(LISTING_MAX_BYTES);
    AUTO_BUF complaints = BUF(DIAGNOSTICS_MAX_BYTES);
    bool ok;

    const char *folder = fs_dir_name(&arena, built->object);

    snprintf(path, 4096, "%s/cell%zu.test", builder->scratch, builder->links++);
    if (layout_seed == 0) // as it was linked when it was compiled
        return link(fs_join(&arena, folder, PROGRAM), path) == 0
                   ? 0
                   : err_sys(err, ERR_IO, "linking to %s", path);
    if (build(builder, folder, kind, layout_seed, path, &ok, &output, err) != 0)
        return -1;
    if (ok)
        return 0;
    copy_complaints(builder, buf_str(&output), &complaints);
    return err_set(err, ERR_TARGET, "linking '%s' failed: %" STR_FMT, builder->target->file,
                   STR_ARG(str_trim(str_head(buf_str(&complaints), 600))));
}

int
go_builder_vet(struct go_builder *builder, const struct built *built, struct str variant, char *refusal,
               size_t refusal_size, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *scratch = fs_join(&arena, builder->scratch, "vet"),
               *folder = fs_dir_name(&arena, built->object);

    if (builder->vet == NULL)
        builder->vet = go_vet_new(builder->tool, builder->target, scratch, err);
    if (builder->vet == NULL)
        return -1;
    return go_vet_run(builder->vet, fs_join(&arena, folder, fs_base_name(builder->target->file)), variant.len,
                      refusal, refusal_size, err);
}

// ---- the types
// ---------------------------------------------------------------------------------------------------------

// Runs the cell's program so that it prints its types and ends.
static int
describe(struct go_builder *builder, const char *program, struct buf *table, struct err *err)
{
    const char *const argv[] = {program, "describe", NULL};
    bool ok;

    if (go_tool_run_program(builder->tool, argv, false, &ok, table, err) != 0)
        return -1;
    if (ok)
        return 0;
    return err_set(err, ERR_TARGET, "%s: its package ends before any function is called: %" STR_FMT,
                   builder->target->file, STR_ARG(str_trim(str_head(buf_str(table), 600))));
}

int
go_builder_signature(struct go_builder *builder, struct arena *arena, struct go_signature *signature,
                     struct err *err)
{
    AUTO_BUF table = BUF(TYPES_MAX_BYTES);
    const struct target *target = builder->target;
    struct built built;
    char path[4096];
    int status = go_builder_compile(builder, target_baseline(target), BUILD_PLAIN, &built, err);

    if (status == 0 && !built.ok)
        status = err_set(err, ERR_TARGET, "%s does not compile: %.600s", target->file,
                         buf_text(&built.diagnostics));
    if (status == 0) {
        snprintf(path, sizeof path, "%s", fs_join(arena, fs_dir_name(arena, built.object), PROGRAM));
        status = describe(builder, path, &table, err);
    }
    buf_release(&built.diagnostics);
    if (status != 0)
        return -1;
    const char *place =
        arena_printf(arena, "%s:%u: function '%s'", target->file, target->function.first_line, target->name);
    return go_signature_read(arena, str_trim(buf_str(&table)), &builder->function, place, signature, err);
}
