// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/compiler.h"

#include "base/fs.h"
#include "base/host.h"
#include "base/proc.h"

#include <stdlib.h>
#include <string.h>

enum { WALL_MAX_MS = 60000, OUTPUT_MAX_BYTES = 256 << 10 };
#define MEMORY_MAX_BYTES ((size_t)2 << 30)
#define FILE_MAX_BYTES ((size_t)256 << 20)
#define DISK_MAX_BYTES ((size_t)1 << 30)

struct compiler {
    struct arena arena;
    struct launcher *launcher;
    const char *path, *scratch, *directory;
    const char *repository;
    struct words flags;
    bool is_clang;
    const char **env, **read_paths, **write_paths;
};

static const char **
list_of(struct arena *arena, const char *const *items, size_t count, size_t room)
{
    const char **list = ARENA_ARRAY(arena, const char *, count + room + 1);

    for (size_t i = 0; i < count; i++)
        list[i] = arena_dup(arena, items[i]);
    return list;
}

static const char *
search_path(void)
{
    const struct host *host = host_real();
    const char *path = host->env(host->context, "PATH");

    return path == NULL || *path == '\0' ? "/usr/local/bin:/usr/bin:/bin" : path;
}

static void
set_environment(struct compiler *compiler)
{
    compiler->env = list_of(&compiler->arena, NULL, 0, 3);
    compiler->env[0] = arena_printf(&compiler->arena, "PATH=%s", search_path());
    compiler->env[1] = "LANG=C";
    compiler->env[2] = arena_printf(&compiler->arena, "TMPDIR=%s", compiler->scratch);
}

static bool
is_clang(struct arena *arena, const char *path)
{
    struct err err;
    const char *real = fs_real(arena, path, &err);

    return str_find(str_of(fs_base_name(real == NULL ? path : real)), STR("clang")) >= 0;
}

struct compiler *
compiler_new(struct launcher *launcher, const char *repository, const char *scratch,
             const struct recipe *recipe, struct err *err)
{
    struct compiler *compiler = calloc(1, sizeof *compiler);

    if (compiler == NULL)
        abort();
    compiler->launcher = launcher;
    struct arena *arena = &compiler->arena;
    const char *path = recipe->cc[0] == '/' ? recipe->cc : proc_find(arena, recipe->cc);
    if (path == NULL || !fs_exists(path)) {
        err_set(err, ERR_ENVIRONMENT,
                "the C compiler '%s' is not there; install it, or name another in $CC or in the "
                "recipe's cc",
                recipe->cc);
        compiler_free(compiler);
        return NULL;
    }
    compiler->path = arena_dup(arena, path);
    compiler->scratch = arena_dup(arena, scratch);
    compiler->directory = command_path(arena, repository, recipe->directory);
    compiler->read_paths = list_of(arena, &repository, 1, 2);
    compiler->read_paths[1] = fs_dir_name(arena, path);
    compiler->write_paths = list_of(arena, recipe->write, recipe->write_count, 1);
    compiler->write_paths[recipe->write_count] = compiler->scratch;
    for (size_t i = 0; i < recipe->flag_count; i++)
        words_add(arena, &compiler->flags, arena_dup(arena, recipe->flags[i]));
    compiler->repository = arena_dup(arena, repository);
    compiler->is_clang = is_clang(arena, path);
    set_environment(compiler);
    return compiler;
}

void
compiler_free(struct compiler *compiler)
{
    if (compiler == NULL)
        return;
    arena_release(&compiler->arena);
    free(compiler);
}

const char *
compiler_directory(const struct compiler *compiler)
{
    return compiler->directory;
}

// Copies the output without the path of the scratch folder and the folder that each variant has in it.
static void
copy_output(const struct compiler *compiler, struct str output, struct buf *diagnostics)
{
    struct str scratch = str_of(compiler->scratch);
    ptrdiff_t at;

    while ((at = str_find(output, scratch)) >= 0) {
        buf_add_str(diagnostics, str_head(output, (size_t)at));
        output = str_from(output, (size_t)at + scratch.len);
        ptrdiff_t slash = str_find_byte(str_head(str_from(output, 1), 32), '/');
        output = str_from(output, slash >= 0 ? (size_t)slash + 2 : 1);
    }
    buf_add_str(diagnostics, output);
}

int
compiler_run(struct compiler *compiler, const struct words *arguments, bool *ok, struct buf *diagnostics,
             struct err *err)
{
    const char **argv = calloc(arguments->count + 2, sizeof *argv);
    struct launch_result result = {0};

    if (argv == NULL)
        abort();
    argv[0] = compiler->path;
    for (size_t i = 0; i < arguments->count; i++)
        argv[i + 1] = arguments->items[i];
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .env = compiler->env,
                               .cwd = compiler->directory,
                               .read_paths = compiler->read_paths,
                               .write_paths = compiler->write_paths,
                               .output_max_bytes = OUTPUT_MAX_BYTES,
                               .limits = {.wall_ms = WALL_MAX_MS,
                                          .cpu_ms = WALL_MAX_MS,
                                          .memory_bytes = MEMORY_MAX_BYTES,
                                          .file_bytes = FILE_MAX_BYTES,
                                          .disk_bytes = DISK_MAX_BYTES}};
    int status = launcher_run(compiler->launcher, &spec, &result, err);
    free(argv);
    if (status != 0)
        return err_wrap(err, "starting the compiler %s", compiler->path);
    *ok = result.exit_code == 0;
    copy_output(compiler, buf_str(&result.output), diagnostics);
    if (!*ok && result.exit_code < 0)
        buf_printf(diagnostics, "the compiler was stopped by signal %d%s%s\n", result.signal,
                   result.limit == NULL ? "" : " at its limit: ", result.limit == NULL ? "" : result.limit);
    launch_result_release(&result);
    return 0;
}

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
add_flags(struct arena *arena, const struct compiler *compiler, enum build_kind kind, struct words *out)
{
    static const char *const ours[] = {
        "-fPIC", "-fno-semantic-interposition", "-fvisibility=hidden", "-fno-lto",
        "-w",    "-fno-diagnostics-color"};
    static const char *const checked[] = {"-O1", "-g", "-fsanitize=address,undefined",
                                          "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"};

    for (size_t i = 0; i < compiler->flags.count; i++) {
        if (kind == BUILD_PLAIN || !is_level(compiler->flags.items[i]))
            words_add(arena, out, compiler->flags.items[i]);
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        words_add(arena, out, ours[i]);
    for (size_t i = 0; kind == BUILD_SANITIZED && i < sizeof checked / sizeof *checked; i++)
        words_add(arena, out, checked[i]);
    if (kind == BUILD_PLAIN)
        words_add(arena, out, "-g0");
}

// Clang links its run-time library into programs only, unless told so.
static void
add_sanitizers(struct arena *arena, const struct compiler *compiler, struct words *out)
{
    words_add(arena, out, "-fsanitize=address,undefined");
    if (compiler->is_clang)
        words_add(arena, out, "-shared-libasan");
}

int
compiler_compile(struct compiler *compiler, const char *source, const char *original, enum build_kind kind,
                 const char *object, bool *ok, struct buf *diagnostics, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct words arguments = {0};

    words_add(&arena, &arguments, "-iquote");
    words_add(&arena, &arguments, fs_dir_name(&arena, command_path(&arena, compiler->repository, original)));
    add_flags(&arena, compiler, kind, &arguments);
    words_add(&arena, &arguments, arena_printf(&arena, "-ffile-prefix-map=%s=%s", source, original));
    words_add(&arena, &arguments, "-MD");
    words_add(&arena, &arguments, "-MF");
    words_add(&arena, &arguments, arena_printf(&arena, "%s.d", object));
    words_add(&arena, &arguments, "-c");
    words_add(&arena, &arguments, source);
    words_add(&arena, &arguments, "-o");
    words_add(&arena, &arguments, object);
    return compiler_run(compiler, &arguments, ok, diagnostics, err);
}

int
compiler_link(struct compiler *compiler, const struct words *inputs, enum build_kind kind, const char *path,
              bool *ok, struct buf *diagnostics, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct words arguments = {0};

    words_add(&arena, &arguments, "-shared");
    words_add(&arena, &arguments, "-Wl,--build-id=none,--as-needed");
    if (kind == BUILD_SANITIZED)
        add_sanitizers(&arena, compiler, &arguments);
    for (size_t i = 0; i < inputs->count; i++)
        words_add(&arena, &arguments, inputs->items[i]);
    words_add(&arena, &arguments, "-o");
    words_add(&arena, &arguments, path);
    return compiler_run(compiler, &arguments, ok, diagnostics, err);
}
