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

struct compiler {
    struct arena arena;
    struct launcher *launcher;
    const char *path, *scratch, *directory;
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
                                          .file_bytes = FILE_MAX_BYTES}};
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
