// SPDX-License-Identifier: Apache-2.0
// Formats: proc_pid_status(5), proc_pid_stat(5), proc_pid_syscall(5).
#include "sandbox/witness.h"
#include "base/hash.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX_BYTES = 8192, LOOKS = 400, LOOK_NS = 5000000 };
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

// Field number `field` of a stat file, counted from 1; the second, the name, may hold blanks.
static uint64_t
stat_field(const char *text, int field)
{
    const char *at = strrchr(text, ')');
    for (int i = 2; at && i < field; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

// Where the stack of a waiting process ends: the last but one word. 0 when it does not wait, -1 when the
// kernel does not tell.
static int64_t
stack_pointer(pid_t pid)
{
    char text[TEXT_MAX_BYTES];
    if (!read_proc(pid, "syscall", text))
        return -1;
    struct str line = str_trim(str_of(text));
    ptrdiff_t last = str_rfind_byte(line, ' ');
    ptrdiff_t before = last < 0 ? -1 : str_rfind_byte(str_head(line, (size_t)last), ' ');
    return before < 0 ? 0 : (int64_t)strtoull(text + before + 1, NULL, 16);
}

static int64_t
depth_of(pid_t pid, uint64_t stack_start)
{
    int64_t at = 0;
    for (int i = 0; i < LOOKS && at == 0; i++) {
        at = stack_pointer(pid);
        if (at == 0)
            nanosleep(&(struct timespec){0, LOOK_NS}, NULL);
    }
    return at <= 0 || stack_start == 0 ? at : (int64_t)stack_start - at;
}

void
witness_take(pid_t pid, struct witness *witness)
{
    char status[TEXT_MAX_BYTES], stat[TEXT_MAX_BYTES];
    *witness = (struct witness){.depth = -1};
    if (!read_proc(pid, "status", status) || !read_proc(pid, "stat", stat))
        return;
    struct str cpus = status_value(status, "\nCpus_allowed:");
    witness->threads = strtoll(status_value(status, "\nThreads:").ptr, NULL, 10);
    witness->caught = strtoull(status_value(status, "\nSigCgt:").ptr, NULL, 16);
    witness->cpus = hash_quick(cpus.ptr, cpus.len);
    witness->nice = (int64_t)stat_field(stat, STAT_NICE);
    witness->policy = (int64_t)stat_field(stat, STAT_POLICY);
    uint64_t stack_start = stat_field(stat, STAT_STACK_START);
    witness->depth = stack_start == 0 ? -1 : depth_of(pid, stack_start);
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
