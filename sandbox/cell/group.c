// SPDX-License-Identifier: Apache-2.0
// A control group (cgroup v2) for each run: its memory, its processes, and its end as a whole.
#include "sandbox/cell/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REMOVE_TRIES = 300 };

static int
put(int folder, const char *name, const char *text)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote == (ssize_t)strlen(text) ? 0 : -1;
}

static int
put_number(int folder, const char *name, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    return put(folder, name, text);
}

int
group_make(const struct order *order, struct group *group)
{
    const struct wire_request *request = &order->request;
    snprintf(group->name, sizeof(group->name), "atoll-run-%ld", (long)getpid());
    if (mkdirat(order->groups, group->name, 0755) < 0)
        return -1;
    group->folder = openat(order->groups, group->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (group->folder < 0)
        return -1;
    if (request->memory_bytes > 0 && put_number(group->folder, "memory.max", request->memory_bytes) < 0)
        return -1;
    // Machines without swap do not have it.
    if (put(group->folder, "memory.swap.max", "0") < 0 && errno != ENOENT)
        return -1;
    if (request->processes > 0 && put_number(group->folder, "pids.max", request->processes) < 0)
        return -1;
    group->members = openat(group->folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return group->members < 0 ? -1 : 0;
}

int
group_enter(const struct group *group)
{
    return write(group->members, "0", 1) == 1 ? 0 : -1;
}

// How many processes the kernel killed for want of memory.
static long
count_kills(const struct group *group)
{
    char text[512] = "";
    int fd = openat(group->folder, "memory.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *at = strstr(text, "oom_kill ");
    return at ? strtol(at + 9, NULL, 10) : 0;
}

bool
group_end(const struct order *order, const struct group *group)
{
    if (group->folder < 0)
        return false;
    (void)put(group->folder, "cgroup.kill", "1");
    bool starved = count_kills(group) > 0;
    for (int i = 0; i < REMOVE_TRIES; i++) {
        if (unlinkat(order->groups, group->name, AT_REMOVEDIR) == 0 || errno != EBUSY)
            break;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return starved;
}
