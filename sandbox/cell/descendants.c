// SPDX-License-Identifier: Apache-2.0
// The processes below a runner, found through /proc. Orphans come back to it as the subreaper, so killing
// what is found until there is no child left gets everything. A group is killed at once, forks in flight
// included. A process that waits within the kernel for what no signal interrupts (state D) ends when it has
// that, and nobody can make it: when for some time nothing else is left, nobody waits for it any longer.
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

// A process that becomes another one all the time can be missed by a look.
enum { LOOK_EVERY_NS = 200000, AWAIT_NS = 5000000, QUIET_LOOKS = 5 };
enum { FLAG_EXITING = 4 }; // PF_EXITING

// How long nothing but what the kernel holds may be left. Runs are over within a second of their limits.
#define PATIENCE_NS INT64_C(300000000)

struct process {
    int pid, parent, group;
    bool below, dead, held; // held: no signal interrupts what it waits for
    size_t threads;
    uint64_t resident_bytes;
};

// Reads /proc/PID/stat: parent and group stand behind the name's last parenthesis, flags, threads and
// resident pages as fields 9, 20 and 24.
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
    process->group = (int)strtol(after, &after, 10);
    for (int field = 6; field < 9; field++)
        (void)strtol(after, &after, 10);
    bool exits = strtoul(after, &after, 10) & FLAG_EXITING;
    for (int field = 10; field < 20; field++)
        (void)strtol(after, &after, 10);
    process->threads = strtoul(after, &after, 10);
    for (int field = 21; field < 24; field++)
        (void)strtoull(after, &after, 10);
    process->resident_bytes = strtoull(after, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    process->pid = (int)strtol(pid_text, NULL, 10);
    // As it ends, the first process of a namespace waits until all others in there are reaped.
    process->dead = state == 'Z' || state == 'X' || (state == 'S' && exits);
    process->held = state == 'D';
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

// Marks what stands below this process, or only what came to it when its own parent died: that is of another
// group.
static void
mark_below(struct process *processes, size_t count, bool strays)
{
    int self = getpid(), own_group = strays ? getpgrp() : 0;
    if (count > 0)
        qsort(processes, count, sizeof(*processes), by_pid);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            struct process wanted = {.pid = processes[i].parent};
            const struct process *parent = bsearch(&wanted, processes, count, sizeof(*processes), by_pid);
            bool child = wanted.pid == self && processes[i].group != own_group;
            if (processes[i].below || !(child || (parent && parent->below)))
                continue;
            processes[i].below = changed = true;
        }
    }
}

// All but the first process of a namespace.
static void
mark_alone(struct process *processes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        processes[i].below = processes[i].pid != 1;
}

// A process's share of the memory that stands in no file; what it has resident when it does not let us look.
static uint64_t
share_bytes(const struct process *process)
{
    static const char *const names[] = {"\nPss_Anon:", "\nPss_Shmem:"};
    char path[64], text[2048];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", process->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *at = strstr(text, names[i]);
        if (!at)
            return process->resident_bytes;
        sum += strtoull(at + strlen(names[i]), NULL, 10) * 1024;
    }
    return sum;
}

void
descendants_measure(bool alone, bool exact, struct usage *usage)
{
    struct process *processes;
    size_t count = list_processes(&processes);
    *usage = (struct usage){0};
    if (alone)
        mark_alone(processes, count);
    else
        mark_below(processes, count, false);
    for (size_t i = 0; i < count; i++) {
        if (!processes[i].below || processes[i].dead)
            continue;
        usage->threads += processes[i].threads;
        usage->memory_bytes += exact ? share_bytes(&processes[i]) : processes[i].resident_bytes;
    }
    free(processes);
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

// Whose end is awaited.
enum kin {
    KIN_BELOW,
    KIN_STRAYS,   // what came to this process when its own parent died
    KIN_NAMESPACE // what is in the namespace that /proc shows: it is killed with its first process
};

// What a look found.
struct found {
    size_t left, alive, moving; // alive: not dead; moving: nor held
};

// Kills what is left and can be named.
static struct found
look(enum kin kin)
{
    struct process *processes;
    size_t count = list_processes(&processes);
    struct found found = {0};
    int own_group = getpgrp();
    if (kin == KIN_NAMESPACE)
        mark_alone(processes, count);
    else
        mark_below(processes, count, kin == KIN_STRAYS);
    for (size_t i = 0; i < count; i++) {
        if (!processes[i].below)
            continue;
        found.left++;
        found.alive += !processes[i].dead;
        found.moving += !processes[i].dead && !processes[i].held;
        if (kin == KIN_NAMESPACE)
            continue;
        if (processes[i].group > 1 && processes[i].group != own_group)
            kill(-processes[i].group, SIGKILL);
        kill(processes[i].pid, SIGKILL);
    }
    free(processes);
    return found;
}

// Whether nothing but what is held was found for too long. *since_ns: when that last was otherwise, 0 before
// the first look.
static bool
is_held(struct found found, int64_t *since_ns)
{
    int64_t now_ns = mono_ns();
    if (found.moving > 0 || found.left == 0 || *since_ns == 0)
        *since_ns = now_ns;
    return now_ns - *since_ns > PATIENCE_NS;
}

size_t
descendants_await(int child, bool alone, int *status)
{
    int64_t since_ns = 0, looked_ns = mono_ns();
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    for (pid_t got; (got = waitpid(child, status, WNOHANG)) == 0 || (got < 0 && errno == EINTR);) {
        (void)sigtimedwait(&ended, NULL, &(struct timespec){0, AWAIT_NS});
        if (mono_ns() - looked_ns < AWAIT_NS)
            continue;
        struct found found = look(alone ? KIN_NAMESPACE : KIN_BELOW);
        if (is_held(found, &since_ns))
            return found.left;
        looked_ns = mono_ns();
    }
    return 0;
}

size_t
descendants_kill(int group)
{
    int64_t since_ns = 0;
    if (group > 0)
        kill(-group, SIGKILL);
    while (reap_ended()) {
        struct found found = look(KIN_BELOW);
        if (is_held(found, &since_ns))
            return found.left;
        nanosleep(&(struct timespec){0, LOOK_EVERY_NS}, NULL);
    }
    return 0;
}

void
descendants_kill_strays(void)
{
    int64_t since_ns = 0;
    for (int quiet = 0; quiet < QUIET_LOOKS;) {
        struct found found = look(KIN_STRAYS);
        if (is_held(found, &since_ns))
            return;
        quiet = found.alive > 0 ? 0 : quiet + 1;
        nanosleep(&(struct timespec){0, LOOK_EVERY_NS}, NULL);
    }
}
