// SPDX-License-Identifier: Apache-2.0
// start COMMAND...: how long each command takes from exec to exit, started in turn, 200 rounds; prints
// medians. A command is one argument; its words are separated by spaces; what it prints is dropped.
#include "base/clock.h"
#include "base/stats.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ROUNDS = 200, WORDS_MAX = 16, COMMANDS_MAX = 8 };

extern char **environ;

static double
start(char **words)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status = -1;
    int64_t begin_ns = clock_mono_ns();
    if (posix_spawnp(&pid, words[0], &actions, NULL, words, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "start: %s failed\n", words[0]);
        exit(1);
    }
    double ms = (double)(clock_mono_ns() - begin_ns) / 1e6;
    posix_spawn_file_actions_destroy(&actions);
    return ms;
}

int
main(int argc, char **argv)
{
    static double values[COMMANDS_MAX][ROUNDS];
    char *words[COMMANDS_MAX][WORDS_MAX] = {{NULL}};
    int count = argc - 1 < COMMANDS_MAX ? argc - 1 : COMMANDS_MAX;
    for (int c = 0; c < count; c++) {
        char *rest = argv[c + 1], *save = NULL;
        for (size_t w = 0; w + 1 < WORDS_MAX && (words[c][w] = strtok_r(rest, " ", &save)) != NULL; w++)
            rest = NULL;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int c = 0; c < count; c++)
            values[c][round] = start(words[c]);
    for (int c = 0; c < count; c++)
        printf("%-40s median %7.3f ms\n", words[c][0], stats_median(values[c], ROUNDS));
    return 0;
}
