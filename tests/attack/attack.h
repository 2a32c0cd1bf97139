// SPDX-License-Identifier: Apache-2.0
// What every attack shares. An attack is a program that tries one thing and exits with 0 when it succeeded
// and with the errno when it was refused. What it could steal it prints. tests/attack/table says what is to
// become of each.
#ifndef ATOLL_TESTS_ATTACK_H
#define ATOLL_TESTS_ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct attack_path {
    char text[4200];
};

// The exit code of an attack: 0 when it succeeded, else the errno of its last call.
static inline int
attack_result(int succeeded)
{
    return succeeded ? 0 : errno > 0 && errno < 135 ? errno : 199;
}

// argv[index], "" when it is not there.
static inline const char *
attack_word(int argc, char **argv, int index)
{
    return index < argc ? argv[index] : "";
}

// The number in argv[index], -1 when it is not there.
static inline long
attack_number(int argc, char **argv, int index)
{
    return index < argc ? (long)strtoull(argv[index], NULL, 10) : -1;
}

// folder/name.
static inline struct attack_path
attack_below(const char *folder, const char *name)
{
    struct attack_path path;
    snprintf(path.text, sizeof(path.text), "%s/%s", folder, name);
    return path;
}

// Whether the last argument is "find": the run after the one that left something behind.
static inline int
attack_finds(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[argc - 1], "find") == 0;
}

// Prints what can be read from a descriptor; whether there was something.
static inline int
attack_show(int fd)
{
    char text[256];
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    return got > 0 && write(STDOUT_FILENO, text, (size_t)got) == got;
}

// Prints the file of that path; whether there was something.
static inline int
attack_show_file(const char *path)
{
    return attack_show(open(path, O_RDONLY));
}

// Goes into the background and out of the session; false in the process that the caller waits for, once the
// other one stands.
static inline int
attack_become_daemon(void)
{
    int up[2];
    char byte = 0;
    if (pipe(up) < 0)
        exit(attack_result(0));
    pid_t pid = fork();
    if (pid < 0)
        exit(attack_result(0));
    if (pid == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        return write(up[1], "x", 1) == 1;
    }
    close(up[1]);
    (void)!read(up[0], &byte, 1);
    return 0;
}

#endif
