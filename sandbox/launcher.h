// SPDX-License-Identifier: Apache-2.0
// Starts untrusted programs. A launcher is a zygote: `atoll-cell zygote`, exec'ed with an empty environment
// before any secret is loaded, a child subreaper, that for each request forks, applies the policy
// (isolation.h) and execs. Nothing untrusted is ever a fork of the caller. When a run ends, everything it
// started is killed and reaped.
//
// Readable (and executable) for every program: /usr, /lib*, /bin, /sbin, the public parts of /etc, /dev/null,
// /dev/zero, /dev/full, /dev/urandom, CPU facts, and its own /proc/self (not those of its children). All else
// only by read_paths and write_paths. Below level fence file access is not limited.
#ifndef ATOLL_SANDBOX_LAUNCHER_H
#define ATOLL_SANDBOX_LAUNCHER_H

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/isolation.h"

#include <sys/types.h>

// BUILD may fork and exec (a compiler, a test command); RUN may not create processes or threads; MANAGED is
// RUN for programs whose runtime has threads of its own (a garbage collector).
enum launch_profile { LAUNCH_BUILD, LAUNCH_RUN, LAUNCH_MANAGED, LAUNCH_PROFILES };

// 0 = no limit.
struct launch_limits {
    int64_t wall_ms, cpu_ms;
    // Address space of a process, and with BUILD also what all processes take together; leave 0 under address
    // sanitizer.
    size_t memory_bytes;
    size_t file_bytes;  // of one file
    size_t disk_bytes;  // of all that is made or changed below write_paths, 4 KiB for each name
    unsigned processes; // with their threads, together
    unsigned open_files;
};

struct launch_spec {
    enum launch_profile profile;
    const char *const *argv; // argv[0] absolute, NULL-terminated
    const char *const *env; // whole environment of the program, NULL-terminated; NULL = PATH, LANG and TMPDIR
    const char *cwd;        // must be readable by the policy
    const char *const
        *read_paths; // readable (and executable) beside the system's own folders, NULL-terminated or NULL
    const char *const *write_paths; // writable, NULL-terminated or NULL
    struct str stdin_text;
    size_t output_max_bytes; // of stdout and stderr together; 0 = 1 MiB; more is dropped and reported
    const int *pass_fds;     // become 3, 4, ... in the program
    size_t pass_fd_count;
    // launcher_run: sees all output as it arrives, also what is beyond the maximum. NULL is nobody.
    void (*on_output)(void *context, struct str bytes);
    void *context;
    struct launch_limits limits;
};

struct launch_result {
    int exit_code; // -1 when a signal ended it
    int signal;
    const char *limit; // "wall", "cpu", "memory", "processes", "disk", "output" or NULL; static
    struct buf output; // stdout and stderr in order of arrival
    int64_t wall_ns, cpu_ns;
    size_t max_rss_bytes;
    unsigned left; // processes that were killed and have not ended, as the kernel holds them; logged, too
};

struct launcher;

// Starts the zygote. `cell_path`: absolute path of atoll-cell. ERR_ENVIRONMENT when the machine can't give
// `require`. From then on other processes of the user can't look into this one (PR_SET_DUMPABLE).
struct launcher *launcher_new(const char *cell_path, enum isolation_level require, struct err *err) MUST_USE;

// The same with a level that is not to be exceeded, and losses that are accepted.
struct launcher *launcher_new_at(const char *cell_path, const struct isolation_demand *demand,
                                 struct err *err) MUST_USE;

// Kills the zygote and everything below it.
void launcher_free(struct launcher *launcher);

// The level that programs of this launcher really run under.
enum isolation_level launcher_level(const struct launcher *launcher);

// The parts of that level that this machine does not give: each was accepted by name. A set.
unsigned launcher_losses(const struct launcher *launcher);

// The version of Landlock that programs run under, 0 without it.
int launcher_landlock_abi(const struct launcher *launcher);

// The path that the launcher was made with, borrowed.
const char *launcher_cell_path(const struct launcher *launcher);

// Runs a program to its end. -1 only when it could not be started; how it ended is in the result. ERR_LOST
// when zygote or runner were killed from outside: the launcher is of no use any more.
int launcher_run(struct launcher *launcher, const struct launch_spec *spec, struct launch_result *result,
                 struct err *err) MUST_USE;

// Frees what a result holds.
void launch_result_release(struct launch_result *result);

// Starts a program that goes on running (a cell). *pid is its process id, for CPU clocks only.
int launcher_start(struct launcher *launcher, const struct launch_spec *spec, pid_t *pid,
                   struct err *err) MUST_USE;

// Kills a started program with all it started, and waits; fills how it ended when `result` is not NULL.
int launcher_stop(struct launcher *launcher, pid_t pid, struct launch_result *result,
                  struct err *err) MUST_USE;

// Whether a started program is still alive.
bool launcher_alive(struct launcher *launcher, pid_t pid);

#endif
