// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/tool.h"

#include "base/fs.h"
#include "base/host.h"
#include "base/proc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAM_WALL_MS = 10000, PROGRAM_OUTPUT_MAX_BYTES = 1 << 20 };
// The first build compiles the standard library.
enum { WALL_MAX_MS = 600000, OUTPUT_MAX_BYTES = 64 << 20, ENVIRONMENT_MAX = 24, PATHS_MAX = 8 };
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define DISK_MAX_BYTES ((size_t)8 << 30) // the cache of the standard library is among it

struct go_tool {
    struct arena arena;
    struct launcher *launcher;
    const char *path, *package;
    const char *env[ENVIRONMENT_MAX + 1], *read_paths[PATHS_MAX + 1], *write_paths[PATHS_MAX + 1];
    size_t env_count, read_count, write_count;
};

static const char *
host_env(const char *name)
{
    const struct host *host = host_real();
    const char *value = host->env(host->context, name);

    return value != NULL && *value != '\0' ? value : NULL;
}

static void
set(struct go_tool *tool, const char *name, const char *value)
{
    if (tool->env_count < ENVIRONMENT_MAX)
        tool->env[tool->env_count++] = arena_printf(&tool->arena, "%s=%s", name, value);
}

// The nearest folder with such a file, from the package upwards, not above the repository; NULL when there is
// none.
static const char *
find_upwards(struct arena *arena, const char *repository, const char *package, const char *name)
{
    for (const char *folder = package;; folder = fs_dir_name(arena, folder)) {
        if (fs_exists(fs_join(arena, folder, name)))
            return folder;
        if (strlen(folder) <= strlen(repository))
            return NULL;
    }
}

// Where modules are that the user has downloaded.
static const char *
module_cache(struct arena *arena)
{
    const char *given = host_env("GOMODCACHE"), *path = host_env("GOPATH"), *home = host_env("HOME");

    if (given != NULL)
        return given;
    if (path != NULL)
        return fs_join(arena, arena_str(arena, str_cut(&(struct str){path, strlen(path)}, ':')), "pkg/mod");
    return home != NULL ? fs_join(arena, home, "go/pkg/mod") : NULL;
}

// A cache of its own beside the user's: what is compiled here was written by a machine. Who has no home has
// it in the scratch folder.
static const char *
make_cache(struct arena *arena, const char *scratch, struct err *err)
{
    const char *cache = host_env("XDG_CACHE_HOME"), *home = host_env("HOME");
    struct err ignored;

    if (cache == NULL && home != NULL)
        cache = fs_join(arena, home, ".cache");
    if (cache != NULL && cache[0] == '/') {
        cache = fs_join(arena, cache, "atoll/go-build");
        if (fs_mkdirs(cache, &ignored) == 0 && access(cache, R_OK | W_OK | X_OK) == 0)
            return cache;
    }
    cache = fs_join(arena, scratch, "go-build");
    return fs_mkdirs(cache, err) == 0 ? cache : NULL;
}

static int
make_folders(struct go_tool *tool, const char *scratch, struct err *err)
{
    const char *cache = fs_mkdirs(scratch, err) == 0 ? make_cache(&tool->arena, scratch, err) : NULL;

    if (cache == NULL)
        return -1;
    tool->write_paths[tool->write_count++] = scratch;
    tool->write_paths[tool->write_count++] = cache;
    set(tool, "HOME", scratch);
    set(tool, "TMPDIR", scratch);
    set(tool, "GOCACHE", cache);
    return 0;
}

// Nothing is downloaded, and no setting of the user's changes what is built but those of the processor.
static const char *const offline[] = {"GOENV=off",   "GOPROXY=off",       "GOTELEMETRY=off",
                                      "GOSUMDB=off", "GOTOOLCHAIN=local", NULL};

static void
set_environment(struct go_tool *tool, const char *root)
{
    static const char *const kept[] = {"GOAMD64", "GOARM64", "GOEXPERIMENT", "CGO_ENABLED", "CC"};
    const char *modules = module_cache(&tool->arena);

    for (const char *const *setting = offline; *setting != NULL; setting++)
        tool->env[tool->env_count++] = *setting;
    set(tool, "PATH", "/usr/local/bin:/usr/bin:/bin");
    set(tool, "LANG", "C");
    set(tool, "GOROOT", root);
    set(tool, "GOFLAGS", "");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (host_env(kept[i]) != NULL)
            set(tool, kept[i], host_env(kept[i]));
    if (modules == NULL)
        return;
    set(tool, "GOMODCACHE", modules);
    tool->read_paths[tool->read_count++] = modules;
}

const char *
go_command(struct arena *arena, struct err *err)
{
    const char *path = proc_find(arena, "go");

    if (path == NULL && fs_exists("/usr/local/go/bin/go"))
        path = "/usr/local/go/bin/go";
    path = path != NULL ? fs_real(arena, path, err) : NULL;
    if (path == NULL)
        err_set(
            err, ERR_ENVIRONMENT,
            "needs go: the go command is not in $PATH; install Go 1.21 or newer to optimise Go functions");
    return path;
}

const char *
go_tool_lend(struct arena *arena, struct words *env, struct words *read_paths)
{
    struct err absent;
    const char *path = go_command(arena, &absent), *modules = module_cache(arena);

    if (path == NULL)
        return NULL;
    for (const char *const *setting = offline; *setting != NULL; setting++)
        words_add(arena, env, *setting);
    words_add(arena, env, "GOFLAGS=-buildvcs=false"); // what is built is no work tree
    words_add(arena, read_paths, fs_dir_name(arena, fs_dir_name(arena, path)));
    if (modules != NULL) {
        words_add(arena, env, arena_printf(arena, "GOMODCACHE=%s", modules));
        words_add(arena, read_paths, modules);
    }
    return fs_dir_name(arena, path);
}

struct go_tool *
go_tool_new(struct launcher *launcher, const char *repository, const char *file, const char *scratch,
            struct err *err)
{
    struct go_tool *tool = calloc(1, sizeof *tool);

    if (tool == NULL)
        abort();
    struct arena *arena = &tool->arena;
    tool->launcher = launcher;
    tool->path = go_command(arena, err);
    if (tool->path == NULL)
        goto out;
    tool->package = fs_dir_name(arena, fs_join(arena, repository, file));
    if (find_upwards(arena, repository, tool->package, "go.mod") == NULL) {
        err_set(err, ERR_TARGET, "%s: there is no go.mod in its folder or above; atoll builds modules", file);
        goto out;
    }
    const char *root = fs_dir_name(arena, fs_dir_name(arena, tool->path));
    tool->read_paths[tool->read_count++] = arena_dup(arena, repository);
    tool->read_paths[tool->read_count++] = root;
    set_environment(tool, root);
    if (find_upwards(arena, repository, tool->package, "go.work") == NULL)
        set(tool, "GOWORK", "off");
    if (make_folders(tool, arena_dup(arena, scratch), err) == 0)
        return tool;
out:
    go_tool_free(tool);
    return NULL;
}

void
go_tool_free(struct go_tool *tool)
{
    if (tool == NULL)
        return;
    arena_release(&tool->arena);
    free(tool);
}

static int
run(struct go_tool *tool, const struct launch_spec *spec, bool *ok, struct buf *output, struct err *err)
{
    struct launch_result result = {0};

    if (launcher_run(tool->launcher, spec, &result, err) != 0)
        return err_wrap(err, "starting %s", spec->argv[0]);
    *ok = result.exit_code == 0;
    buf_add_str(output, str_head(buf_str(&result.output), output->max - output->len));
    if (!*ok && result.exit_code < 0)
        buf_printf(output, "%s was stopped by signal %d%s%s\n", fs_base_name(spec->argv[0]), result.signal,
                   result.limit == NULL ? "" : " at its limit: ", result.limit == NULL ? "" : result.limit);
    launch_result_release(&result);
    return 0;
}

int
go_tool_run(struct go_tool *tool, const struct words *arguments, bool *ok, struct buf *output,
            struct err *err)
{
    AUTO_ARENA arena = {0};
    const char **argv = ARENA_ARRAY(&arena, const char *, arguments->count + 2);

    argv[0] = tool->path;
    for (size_t i = 0; i < arguments->count; i++)
        argv[i + 1] = arguments->items[i];
    struct launch_spec spec = {
        .profile = LAUNCH_BUILD,
        .argv = argv,
        .env = tool->env,
        .cwd = tool->package,
        .read_paths = tool->read_paths,
        .write_paths = tool->write_paths,
        .output_max_bytes = OUTPUT_MAX_BYTES,
        .limits = {.wall_ms = WALL_MAX_MS, .file_bytes = FILE_MAX_BYTES, .disk_bytes = DISK_MAX_BYTES}};
    return run(tool, &spec, ok, output, err);
}

int
go_tool_run_program(struct go_tool *tool, const char *const *argv, bool looks_round, bool *ok,
                    struct buf *output, struct err *err)
{
    AUTO_ARENA arena = {0};
    const char *const env[] = {"GOMAXPROCS=1", NULL};
    struct words sights = {0};

    words_add(&arena, &sights, argv[0]);
    for (size_t i = 0; looks_round && i < tool->read_count; i++)
        words_add(&arena, &sights, tool->read_paths[i]);
    for (size_t i = 0; looks_round && i < tool->write_count; i++)
        words_add(&arena, &sights, tool->write_paths[i]);
    words_add(&arena, &sights, NULL);
    struct launch_spec spec = {.profile = LAUNCH_MANAGED,
                               .argv = argv,
                               .env = env,
                               .read_paths = sights.items,
                               .output_max_bytes = PROGRAM_OUTPUT_MAX_BYTES,
                               .limits = {.wall_ms = PROGRAM_WALL_MS}};
    return run(tool, &spec, ok, output, err);
}

const char *
go_tool_package(const struct go_tool *tool)
{
    return tool->package;
}
