// SPDX-License-Identifier: Apache-2.0
// The processes below a runner, found through /proc. Orphans come back to it as the subreaper, so killing
// what is found until there is no child left gets everything. A group is killed at once, forks in flight
// included.
#include "sandbox/cell/cell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct process {
    int pid, parent, group;
    bool below, dead;
};

// Reads /proc/PID/stat: parent and group stand behind the name's last parenthesis.
static bool
read_stat(const char *pid_text, struct process *process)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%s/stat", pid_text);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = 0;
    char *after = strrchr(text, ')');
    if (!after || strlen(after) < 5)
        return false;
    char state = after[2];
    process->parent = (int)strtol(after + 3, &after, 10);
    process->group = (int)strtol(after, NULL, 10);
    process->pid = (int)strtol(pid_text, NULL, 10);
    process->dead = state == 'Z' || state == 'X';
    process->below = false;
    return true;
}

static size_t
list_processes(struct process **processes)
{
    size_t count = 0, capacity = 0;
    DIR *proc = opendir("/proc");
    *processes = NULL;
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            struct process *grown = realloc(*processes, capacity * sizeof(**processes));
            if (!grown)
                break;
            *processes = grown;
        }
        if (read_stat(entry->d_name, &(*processes)[count]))
            count++;
    }
    if (proc)
        closedir(proc);
    return count;
}

static int
by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

// Marks what stands below this process; their number without the dead.
static size_t
mark_below(struct process *processes, size_t count)
{
    size_t alive = 0;
    int self = getpid();
    if (count > 0)
        qsort(processes, count, sizeof(*processes), by_pid);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            struct process wanted = {.pid = processes[i].parent};
            const struct process *parent = bsearch(&wanted, processes, count, sizeof(*processes), by_pid);
            if (processes[i].below || !(wanted.pid == self || (parent && parent->below)))
                continue;
            processes[i].below = changed = true;
            alive += !processes[i].dead;
        }
    }
    return alive;
}

// All but the first process of a namespace.
static size_t
count_alone(const struct process *processes, size_t count)
{
    size_t alive = 0;
    for (size_t i = 0; i < count; i++)
        alive += processes[i].pid != 1 && !processes[i].dead;
    return alive;
}

size_t
descendants_count(bool alone)
{
    struct process *processes;
    size_t count = list_processes(&processes);
    size_t alive = alone ? count_alone(processes, count) : mark_below(processes, count);
    free(processes);
    return alive;
}

// Reaps all that has ended; false when there is no child left.
static bool
reap_ended(void)
{
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid == 0)
            return true;
        if (pid < 0 && errno != EINTR)
            return false;
    }
}

static void
kill_found(void)
{
    struct process *processes;
    size_t count = list_processes(&processes);
    mark_below(processes, count);
    int own_group = getpgrp();
    for (size_t i = 0; i < count; i++) {
        if (!processes[i].below)
            continue;
        if (processes[i].group > 1 && processes[i].group != own_group)
            kill(-processes[i].group, SIGKILL);
        kill(processes[i].pid, SIGKILL);
    }
    free(processes);
}

void
descendants_kill(int group)
{
    kill(-group, SIGKILL);
    while (reap_ended()) {
        kill_found();
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
}
