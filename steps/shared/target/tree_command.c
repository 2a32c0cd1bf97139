// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/tree_command.h"

#include "base/fs.h"
#include "steps/shared/target/go_tool.h"
#include "steps/shared/target/syntax.h"

#include <math.h>
#include <signal.h>

#define COMMAND_FILE_BYTES ((size_t)1 << 32)
#define COMMAND_PROCESSES 512
#define COMMAND_OPEN_FILES 1024
#define COMMAND_DISK_BYTES ((json_int_t)8 << 30)
#define SHELL_SIGNAL_BASE 128

int64_t
wall_limit_ms(const struct step *step, int64_t wall_ms)
{
    double said_s = json_get_real(step->sandbox, "wall", 0);
    return said_s > 0 && said_s * 1000 < (double)wall_ms ? (int64_t)ceil(said_s * 1000) : wall_ms;
}

struct launch_limits
tree_command_limits(const struct step *step, int64_t wall_ms)
{
    return (struct launch_limits){
        .wall_ms = wall_limit_ms(step, wall_ms),
        .memory_bytes = (size_t)json_get_int(step->sandbox, "memory", 0),
        .file_bytes = COMMAND_FILE_BYTES,
        .processes = (unsigned)json_get_int(step->sandbox, "processes", COMMAND_PROCESSES),
        .open_files = COMMAND_OPEN_FILES,
        .disk_bytes = (size_t)json_get_int(step->sandbox, "disk", COMMAND_DISK_BYTES),
    };
}

int
tree_command_check_lost(const struct launch_result *result, const char *what, struct err *err)
{
    bool killed = result->signal == SIGKILL || result->exit_code == SHELL_SIGNAL_BASE + SIGKILL;
    if (!killed || result->limit != NULL)
        return 0;
    return err_set(err, ERR_LOST, "`%s` was killed from outside; is there enough memory?", what);
}

static const char *
search_path(struct arena *arena, const char *file)
{
    struct err none;
    const char *go = language_of(file) == LANGUAGE_GO ? go_command(arena, &none) : NULL;

    if (go == NULL)
        return "PATH=/usr/local/bin:/usr/bin:/bin";
    return arena_printf(arena, "PATH=%s:/usr/local/bin:/usr/bin:/bin", fs_dir_name(arena, go));
}

int
tree_command_run(const struct step *step, const struct tree_command *command, struct launch_result *result,
                 struct err *err)
{
    struct arena *arena = step->arena;
    // The tree itself can't be it: the go command does not see a go.mod in the folder of temporary files.
    const char *temp = fs_join(arena, command->tree, ".atoll-tmp");
    if (fs_mkdirs(temp, err) != 0)
        return -1;
    const char *const argv[] = {"/bin/sh", "-e", "-c", command->command, NULL};
    const char *const writable[] = {command->tree, NULL};
    const char *const env[] = {
        search_path(arena, command->file),
        "LANG=C.UTF-8",
        arena_printf(arena, "HOME=%s", command->tree),
        arena_printf(arena, "TMPDIR=%s", temp),
        command->variable,
        NULL,
    };
    struct launch_spec spec = {
        .profile = LAUNCH_BUILD,
        .argv = argv,
        .env = env,
        .cwd = command->tree,
        .write_paths = writable,
        .stdin_text = command->input,
        .output_max_bytes = command->output_max_bytes,
        .limits = tree_command_limits(step, command->wall_ms),
    };
    if (launcher_run(command->launcher, &spec, result, err) != 0)
        return -1;
    if (tree_command_check_lost(result, command->command, err) == 0)
        return 0;
    launch_result_release(result);
    return -1;
}
