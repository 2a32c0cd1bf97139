// SPDX-License-Identifier: Apache-2.0
// The sandbox's own processes: a zygote, the runner that stands ready, the first process of its namespace.
#ifndef ATOLL_TESTS_SANDBOX_FAMILY_H
#define ATOLL_TESTS_SANDBOX_FAMILY_H

#include "tests/unit/sandbox/shell.h"

enum { FAMILY_MAX = 16 };

// Living processes below one.
struct family {
    pid_t pids[FAMILY_MAX];
    size_t count;
};

// The parent of a living process, or -1.
static inline pid_t
parent_of(const char *pid)
{
    char path[300], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -1;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *after = strrchr(text, ')');
    return after && after[2] != 'Z' && after[2] != 'X' ? (pid_t)strtol(after + 3, NULL, 10) : -1;
}

static inline bool
is_of(const struct family *family, pid_t pid)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->pids[i] == pid)
            return true;
    return false;
}

static inline struct family
find_family(pid_t root)
{
    struct family family = {{root}, 1};
    for (size_t before = 0; before != family.count;) {
        before = family.count;
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; (entry = readdir(proc)) && family.count < FAMILY_MAX;) {
            pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
            if (pid > 0 && !is_of(&family, pid) && is_of(&family, parent_of(entry->d_name)))
                family.pids[family.count++] = pid;
        }
        closedir(proc);
    }
    return family;
}

static inline bool
lives(pid_t pid)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", (long)pid);
    return parent_of(text) >= 0;
}

// Waits until none of a family but its root lives.
static inline bool
all_end(const struct family *family)
{
    size_t alive = 1;
    for (int i = 0; i < 1000 && alive > 0; i++) {
        alive = 0;
        for (size_t k = 1; k < family->count; k++)
            alive += lives(family->pids[k]);
        if (alive > 0)
            sleep_ms(10);
    }
    return alive == 0;
}

// This process, its zygote, a runner that stands ready, and from level cell on the first process of its
// namespace, in this order; waits until they are all there and nobody else.
static inline struct family
await_standing(enum isolation_level level)
{
    size_t expected = level >= ISOLATION_CELL ? 4 : 3;
    struct family family = find_family(getpid());
    for (int i = 0; i < 1000 && family.count != expected; i++) {
        sleep_ms(10);
        family = find_family(getpid());
    }
    ck_assert_uint_eq(family.count, expected);
    return family;
}

#endif
