// SPDX-License-Identifier: Apache-2.0
// Formats: proc_pid_status(5), proc_pid_stat(5), proc_pid_syscall(5), proc_pid_task(5).
#include "sandbox/witness.h"
#include "base/hash.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 8192, LOOKS = 400, LOOK_NS = 5000000 };
// A stack that a runtime made is a multiple of this long and ends at one; the process's own is no longer.
enum { RUNTIME_STACK_BYTES = 2048, OWN_STACK_BYTES = 64 << 20 };
// What the kernel says of a waiting thread: a system call's number and six arguments, its stack, its place.
enum { WAITING_WORDS = 9, WAITING_OP = 2, WAITING_STACK = 7 };
enum { STAT_NICE = 19, STAT_STACK_START = 28, STAT_POLICY = 41 };

static bool
read_proc(pid_t pid, const char *name, char text[TEXT_MAX_BYTES])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, TEXT_MAX_BYTES - 1);
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

// The value of "Name:" in a status file, without the white space around it.
static struct str
status_value(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    struct str rest = str_of(at ? at + strlen(name) : "");
    return str_trim(str_cut(&rest, '\n'));
}

static int64_t
voluntary_switches(const char *status)
{
    return strtoll(status_value(status, "\nvoluntary_ctxt_switches:").ptr, NULL, 10);
}

// Field number `field` of a stat file, counted from 1; the second, the name, may hold blanks.
static uint64_t
stat_field(const char *text, int field)
{
    const char *at = strrchr(text, ')');
    for (int i = 2; at && i < field; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

// What a thread waits in: 1, 0 when it does not wait, -1 when the kernel does not tell.
static int
read_waiting(pid_t pid, const char *name, uint64_t words[WAITING_WORDS])
{
    char text[TEXT_MAX_BYTES], *at = text;
    if (!read_proc(pid, name, text))
        return -1;
    for (size_t i = 0; i < WAITING_WORDS; i++) {
        char *end;
        words[i] = strtoull(at, &end, 0);
        if (end == at)
            return 0;
        at = end;
    }
    return 1;
}

// Where the stack of a process's first thread ends.
static int64_t
look_at_process(pid_t pid)
{
    uint64_t words[WAITING_WORDS];
    int waits = read_waiting(pid, "syscall", words);
    return waits > 0 ? (int64_t)words[WAITING_STACK] : waits;
}

// What the threads of a runtime do that have nothing to do.
struct threads {
    int64_t stack; // of the one that waits for the doorbell, as above
    int64_t waits; // how often they gave up the CPU
    bool busy;     // one does not wait
};

// The doorbell is in memory that processes share, other locks of a runtime are not. Its watchman sleeps and
// wakes all the time, whatever the program does: his waits are not counted.
static void
look_at_thread(pid_t pid, const char *thread, struct threads *threads)
{
    char name[64], text[TEXT_MAX_BYTES];
    uint64_t words[WAITING_WORDS];
    snprintf(name, sizeof(name), "task/%.20s/syscall", thread);
    int waits = read_waiting(pid, name, words);
    threads->busy = threads->busy || waits == 0;
    if (waits < 0 && threads->stack == 0)
        threads->stack = -1;
    if (waits > 0 && words[0] == SYS_futex && (uint32_t)words[WAITING_OP] == FUTEX_WAIT)
        threads->stack = (int64_t)words[WAITING_STACK];
    snprintf(name, sizeof(name), "task/%.20s/status", thread);
    bool sleeps = waits > 0 && (words[0] == SYS_nanosleep || words[0] == SYS_clock_nanosleep);
    if (!sleeps && read_proc(pid, name, text))
        threads->waits += voluntary_switches(text);
}

static struct threads
look_at_threads(pid_t pid)
{
    char path[64];
    struct threads threads = {0};
    snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    DIR *all = opendir(path);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (entry->d_name[0] != '.')
            look_at_thread(pid, entry->d_name, &threads);
    if (all)
        closedir(all);
    else
        threads.stack = -1;
    return threads;
}

static void
wait_a_little(void)
{
    nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
}

// Looks until they have come to rest, for a while.
static struct threads
await_threads(pid_t pid)
{
    struct threads threads = look_at_threads(pid);
    for (int i = 0; i < LOOKS && (threads.busy || threads.stack == 0); i++) {
        wait_a_little();
        threads = look_at_threads(pid);
    }
    return threads;
}

static int64_t
await_process(pid_t pid)
{
    int64_t at = look_at_process(pid);
    for (int i = 0; i < LOOKS && at == 0; i++) {
        wait_a_little();
        at = look_at_process(pid);
    }
    return at;
}

static int64_t
depth_of(pid_t pid, uint64_t stack_start, bool managed)
{
    int64_t at = managed ? await_threads(pid).stack : await_process(pid);
    if (at <= 0)
        return at;
    int64_t depth = (int64_t)stack_start - at;
    bool is_own = !managed || (depth >= 0 && depth < OWN_STACK_BYTES);
    return is_own ? depth : RUNTIME_STACK_BYTES - at % RUNTIME_STACK_BYTES;
}

void
witness_take(pid_t pid, bool managed, struct witness *witness)
{
    char status[TEXT_MAX_BYTES], stat[TEXT_MAX_BYTES];
    *witness = (struct witness){.depth = -1};
    if (!read_proc(pid, "status", status) || !read_proc(pid, "stat", stat))
        return;
    struct str cpus = status_value(status, "\nCpus_allowed:");
    if (!managed) // else the runtime starts threads when it likes
        witness->threads = strtoll(status_value(status, "\nThreads:").ptr, NULL, 10);
    witness->caught = strtoull(status_value(status, "\nSigCgt:").ptr, NULL, 16);
    witness->cpus = hash_quick(cpus.ptr, cpus.len);
    witness->nice = (int64_t)stat_field(stat, STAT_NICE);
    witness->policy = (int64_t)stat_field(stat, STAT_POLICY);
    uint64_t stack_start = stat_field(stat, STAT_STACK_START);
    witness->depth = stack_start == 0 ? -1 : depth_of(pid, stack_start, managed);
}

int64_t
witness_waits(pid_t pid, bool managed)
{
    char text[TEXT_MAX_BYTES];
    if (managed)
        return await_threads(pid).waits;
    return read_proc(pid, "status", text) ? voluntary_switches(text) : 0;
}

enum cheat
witness_compare(const struct witness *baseline, const struct witness *candidate)
{
    if (candidate->threads > baseline->threads)
        return CHEAT_THREAD;
    if (candidate->caught & ~baseline->caught)
        return CHEAT_SIGNAL_HANDLER;
    if (candidate->cpus != baseline->cpus)
        return CHEAT_AFFINITY;
    if (candidate->nice != baseline->nice || candidate->policy != baseline->policy)
        return CHEAT_PRIORITY;
    bool known = baseline->depth > 0 && candidate->depth >= 0;
    return known && candidate->depth != baseline->depth ? CHEAT_FORGED_RESULT : CHEAT_NONE;
}
