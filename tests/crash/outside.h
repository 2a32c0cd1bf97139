// SPDX-License-Identifier: Apache-2.0
// The world outside of a state: a log of what steps did, and a server whose effects are folders entries. It
// is written by system calls of its own, which no shim counts or stops, so it says what really happened.
#ifndef ATOLL_TESTS_OUTSIDE_H
#define ATOLL_TESTS_OUTSIDE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Makes FOLDER/NAME, which must not exist: 0, or -1 with EEXIST.
static inline int
outside_make(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST)
        abort();
    return fd < 0 ? -1 : close(fd);
}

// Appends one line to FOLDER/log in one write.
static inline void
outside_log(const char *folder, const char *line)
{
    char path[4096], text[512];
    snprintf(path, sizeof(path), "%s/log", folder);
    int size = snprintf(text, sizeof(text), "%s\n", line);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || syscall(SYS_write, fd, text, size) != size)
        abort();
    close(fd);
}

// How often the effect of `key` took place.
static inline int
outside_count(const char *server, const char *key)
{
    char name[256], path[4096];
    struct stat there;
    int count = -1;
    do {
        snprintf(name, sizeof(name), "%s.%d", key, ++count + 1);
        snprintf(path, sizeof(path), "%s/%s", server, name);
    } while (stat(path, &there) == 0);
    return count;
}

// The effect takes place, once more if it already did.
static inline void
outside_act(const char *server, const char *key)
{
    char name[256];
    int number = 0;
    do {
        snprintf(name, sizeof(name), "%s.%d", key, ++number);
    } while (outside_make(server, name) < 0);
}

#endif
