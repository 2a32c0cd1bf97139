// SPDX-License-Identifier: Apache-2.0
// The parts of atoll-cell. It links to libc alone and is small, so that it starts in about a millisecond.
#ifndef ATOLL_SANDBOX_CELL_CELL_H
#define ATOLL_SANDBOX_CELL_CELL_H

#include "sandbox/cell/wire.h"
#include "sandbox/cheat.h"
#include "sandbox/isolation.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum { SYSTEM_FOLDERS = 4, MEMORY_FOLDERS = 2 };

// Landlock's rules for what every program may read and write, and the folders that these paths stand in as
// they were.
struct rules {
    int fd;
    struct stat folders[SYSTEM_FOLDERS];
};

// What a run is made from.
struct order {
    // The same for all runs of a launcher.
    unsigned parts; // a set of enum isolation_part
    unsigned landlock_abi;
    unsigned own_id; // with PART_OWN_UID: the program's user
    int own_map;     // and the user namespace that mounts are mapped by (namespaces_map)
    int groups;      // with PART_CGROUP: the folder that control groups are made in
    // Prepared by the runner for its only run, before it knows which.
    int words[2]; // a socket pair: what the program says before it is exec'ed
    int parent;   // the runner, as the program's getppid() gives it; 0 out of a process namespace
    struct rules rules;
    int own_fds;                // /proc/self/fd
    int memory[MEMORY_FOLDERS]; // with PART_TMPFS: file systems for /tmp and /dev/shm
    // The request with its strings taken apart; pointers into its text.
    struct wire_request request;
    char text[WIRE_PACKET_TEXT_BYTES]; // where the packet has it
    int fds[WIRE_FDS_MAX];             // as they came
    int input, spilled;                // of them: stdin, -1 for /dev/null; the text's memfd, -1 without one
    char **argv, **env, **read_paths, **write_paths; // each NULL-terminated
    char *cwd;
    size_t string_count;
    char *strings[WIRE_STRINGS_MAX]; // what the arrays above are parts of
};

// Receives a request. False when the launcher is gone, or the packet makes no sense.
bool order_receive(struct order *order);

// Takes its text apart. False when it makes no sense.
bool order_unpack(struct order *order);

// Closes what came with it.
void order_close(struct order *order);

// Reports to the launcher.
void order_report(const struct order *order, const struct wire_report *report);

// Reports that the program was not started, for want of what, and why (an errno). `kind`: WIRE_FAILED or
// WIRE_UNREADY.
void order_fail(const struct order *order, enum wire_kind kind, const char *stage, int code);

// Puts on what all runs share of these parts (a set of isolation.h) and says so, then has a runner stand
// ready for the next launch until the control socket closes. `groups`: folder for control groups. Returns the
// exit code.
int zygote_main(long parent, unsigned parts, unsigned landlock_abi, const char *groups);

// Hosts a shared object, driven through the shared memory on descriptor 3. Returns the exit code.
int host_main(const char *object, bool sanitized);

// Becomes a program that serves requests through the shared memory on descriptor 3 itself, sealed as a host
// is. Returns the exit code when it can't.
int enter_main(const char *program);

// One run, in a process of its own: prepares what it can, takes the next request off the control socket,
// starts the program, watches its limits, kills all it started, reports. Writes one byte to `next` and closes
// it when the runner of the next launch is due: after this one's end, or when its program runs and stays.
// When it can't prepare, or what it prepared is lost before the request is there, it ends at once; when one
// is `wanted`, it reports that it can't prepare in answer to the request. No return.
_Noreturn void runner_main(struct order *order, int next, bool wanted);

// The control group of one run.
struct group {
    char name[48];
    int folder, members; // -1 without one
};

// Makes it, with the run's limits. 0, or -1 with errno.
int group_make(const struct order *order, struct group *group);

// Puts this process into it. 0, or -1 with errno.
int group_enter(const struct group *group);

// Kills what is left in it and removes it. Whether the kernel killed a process of it for want of memory.
bool group_end(const struct order *order, const struct group *group);

// Kills and reaps every descendant of this process. `group` is the process group to kill first, or 0. Returns
// how many did not end for a time in which nothing but what the kernel holds was left: they were killed, and
// end when it lets them go.
size_t descendants_kill(int group);

// Reaps a child that was killed, with SIGCHLD blocked. `alone`: as for descendants_measure. Returns how many
// are left when it did not end, as above; *status is as it was then.
size_t descendants_await(int child, bool alone, int *status);

// Kills, in a process that is the reaper of runners, what is left of runs whose runner was killed. Does not
// reap, nor wait for what the kernel holds.
void descendants_kill_strays(void);

// Now, by the clock that nobody sets.
static inline int64_t
mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// A folder that a run may write, and what was free in its file system when the run began.
struct disk_folder {
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t free_bytes, free_files;
};

// What a run may take of the disk.
struct disk {
    uint64_t most_bytes;
    struct timespec since; // what was made or changed before is not the run's
    int64_t next_ns;       // when it is counted again
    struct disk_folder *folders;
    size_t count;
};

// Looks at them. None with a run that has no limit. Before the run has a view of its own: there they may be
// another user's.
void disk_begin(const struct order *order, struct disk *disk);

// Whether the run has taken more than its limit since, or hardly anything is left, whoever took it. To be
// asked every few milliseconds: counting takes long at times, and is done now and then.
bool disk_is_taken(struct disk *disk);

// What the processes below a runner use together.
struct usage {
    size_t threads; // a process has at least one
    uint64_t memory_bytes;
};

// Measures it. `alone`: /proc shows a namespace in which nothing else is. Memory is what is resident, of
// files, too, and counted again by each process that shares it; with `exact`, at some cost, each process's
// share of what is in no file.
void descendants_measure(bool alone, bool exact, struct usage *usage);

// Prepares what view_make needs. 0 or -1 with errno.
int view_prepare(struct order *order);

// Makes the file system that a run sees, in this process's own mount namespace. 0 or -1 with errno.
int view_make(const struct order *order);

// Prepares the rules that do not depend on the request. 0 or -1 with errno.
int landlock_prepare(struct order *order);

// Puts the rules of a run on this process; those prepared are made anew when a path of theirs may have come
// to be another file since. 0 or -1 with errno.
int landlock_apply(struct order *order);

// Makes the process namespace that children of this process are started in, with its first process, and its
// /proc in the current mount namespace when that is among the parts. That process's id, or -1 with errno.
// Killing it kills all that is in there.
pid_t warden_start(const struct order *order);

// Puts the policy on this process, ready for execve. With PART_FILE_MODES the runner is sent, over `runner`,
// the descriptor on which it is asked. From then on the kernel kills it with its runner, and it is refused
// when the runner died before. 0, or -1 with errno and the step in *stage.
int policy_apply(struct order *order, const struct group *group, int runner, const char **stage);

// Answers one call that waits at the listener of a program's filter.
void modes_serve(const struct order *order, int listener);

// What a host adds to its policy before it loads untrusted code: signals to itself only, no exec, and a trap
// for what refusal_note names. With `program`, for what runs there in its place: exec of the path at that
// address only, where nobody else must be able to put one, and traps that end it, for it has handlers of its
// own, but for threads, which its runtime starts. 0 or -1 with errno.
int policy_seal(const char *program);

// Has the system calls that policy_seal traps noted in *where, as enum cheat, the first one only. 0 or -1
// with errno.
int refusal_note(_Atomic uint64_t *where);

// Empties the bounding set, as far as this process may.
void policy_bound_capabilities(void);

// Gives up all capabilities but those of `keep` (bits). 0 or -1 with errno.
int policy_drop_capabilities(uint32_t keep);

#endif
