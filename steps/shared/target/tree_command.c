// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/tree_command.h"

#include "base/fs.h"
#include "steps/shared/target/go/tool.h"
#include "steps/shared/target/syntax.h"

#include <math.h>
#include <signal.h>

#define COMMAND_FILE_BYTES ((size_t)1 << 32)
#define COMMAND_PROCESSES 512
#define COMMAND_OPEN_FILES 1024
#define COMMAND_DISK_BYTES ((json_int_t)8 << 30)
#define SHELL_SIGNAL_BASE 128
#define SYSTEM_PATH "/usr/local/bin:/usr/bin:/bin"

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

// Nothing of the caller's environment. Both lists end with a NULL.
static void
surround(struct arena *arena, const struct tree_command *command, const char *temp, struct words *env,
         struct words *read_paths)
{
    bool is_go = language_of(command->file) == LANGUAGE_GO;
    const char *go = is_go ? go_tool_lend(arena, env, read_paths) : NULL;

    words_add(arena, env, go != NULL ? arena_printf(arena, "PATH=%s:" SYSTEM_PATH, go) : "PATH=" SYSTEM_PATH);
    words_add(arena, env, "LANG=C.UTF-8");
    words_add(arena, env, arena_printf(arena, "HOME=%s", command->tree));
    words_add(arena, env, arena_printf(arena, "TMPDIR=%s", temp));
    words_add(arena, env, command->variable);
    words_add(arena, env, NULL);
    words_add(arena, read_paths, NULL);
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
    struct words env = {0}, read_paths = {0};
    surround(arena, command, temp, &env, &read_paths);
    struct launch_spec spec = {
        .profile = LAUNCH_BUILD,
        .argv = argv,
        .env = env.items,
        .cwd = command->tree,
        .read_paths = read_paths.items,
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
