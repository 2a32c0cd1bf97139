// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "base/git.h"
#include "cmd/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *
find_repository(struct arena *arena, const char *start, struct err *err)
{
    char *path = fs_real(arena, start, err);
    if (path == NULL)
        return NULL;
    struct err ignored;
    struct repo *repo = repo_open(path, &ignored);
    if (repo == NULL)
        return path;
    const char *work_tree = repo_workdir(repo);
    char *real = work_tree != NULL ? fs_real(arena, work_tree, err) : path;
    repo_free(repo);
    return real;
}

static int
find_programs(struct invocation *invocation, struct err *err)
{
    char *folder;
    if (fs_self_dir(invocation->arena, &folder, err) != 0)
        return -1;
    invocation->self_path = arena_printf(invocation->arena, "%s/atoll", folder);
    const char *override = invocation->host->env(invocation->host->context, "ATOLL_CELL");
    invocation->cell_path =
        override != NULL ? override : arena_printf(invocation->arena, "%s/atoll-cell", folder);
    if (!fs_exists(invocation->cell_path))
        invocation->cell_path = arena_printf(invocation->arena, "%s/../libexec/atoll/atoll-cell", folder);
    return 0;
}

static int
call(struct invocation *invocation, struct err *err)
{
    const struct command *command = invocation->command;
    size_t operands = invocation->arguments->operand_count;
    if (operands < command->operands_min || operands > command->operands_max)
        return err_set(err, ERR_USAGE, "usage: atoll %s %s", command->name, command->operands);
    if (command->anywhere)
        return command->run(invocation, err);
    const char *where = arguments_text(invocation->arguments, "repository", ".");
    invocation->repository = find_repository(invocation->arena, where, err);
    if (invocation->repository == NULL || find_programs(invocation, err) != 0)
        return -1;
    return command->run(invocation, err);
}

static const struct command *
choose(int argc, char **argv, struct err *err)
{
    if (argc < 2)
        return &command_help;
    if (strcmp(argv[1], "--version") == 0)
        return &command_version;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return &command_help;
    const struct command *command = commands_find(argv[1]);
    if (command != NULL)
        return command;
    const char *words[32];
    size_t count = 0;
    for (const struct command *const *c = commands; *c != NULL && count < 32; c++)
        if (!(*c)->hidden)
            words[count++] = (*c)->name;
    const char *near = str_nearest(str_of(argv[1]), words, count);
    if (near != NULL)
        err_set(err, ERR_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", argv[1], near);
    else
        err_set(err, ERR_USAGE, "unknown command \"%s\"", argv[1]);
    return NULL;
}

int
main(int argc, char **argv)
{
    AUTO_ARENA arena = {0};
    struct err err = {0};
    struct arguments arguments = {0};
    struct invocation invocation = {.arguments = &arguments, .host = host_real(), .arena = &arena};
    signal(SIGPIPE, SIG_IGN);
    // Supervisor, steps and couriers hold secrets in environment and memory. Nobody of the same user, such as
    // what they run, may look.
    prctl(PR_SET_DUMPABLE, 0);
    terminal_init(&invocation.terminal, &arguments, invocation.host);
    invocation.command = choose(argc, argv, &err);
    int code = -1;
    if (invocation.command != NULL) {
        int skip = argc < 2 || argv[1][0] == '-' ? argc : 2;
        code =
            arguments_parse(&arena, invocation.command->options, argc - skip, argv + skip, &arguments, &err);
        terminal_init(&invocation.terminal, &arguments, invocation.host);
        if (code == 0 && arguments_has(&arguments, "help"))
            code = help_print(invocation.command);
        else if (code == 0)
            code = call(&invocation, &err);
    }
    if (code < 0) {
        terminal_error(&invocation.terminal, &err);
        code = err_exit_code(err.kind);
    }
    if (fflush(stdout) != 0 && code == 0)
        code = 1;
    return code;
}
