// SPDX-License-Identifier: Apache-2.0
// Runs a command to its end. Between the caller and the command stands a warden: a fork that is the reaper of
// all descendants of the command (prctl(2), PR_SET_CHILD_SUBREAPER). When the command ends, when a limit is
// reached, or when the caller dies, the warden kills whatever is left, also what went into a session of its
// own. The command inherits descriptors 0, 1 and 2 only, a process group of its own, default signals and no
// core dumps.
#ifndef ATOLL_BASE_PROC_H
#define ATOLL_BASE_PROC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

// Limits of one command; 0 is none. All but wall_ms hold for each of its processes (setrlimit(2)).
struct proc_limits {
    int64_t wall_ms;     // then everything is killed and `timed_out` is set
    int64_t cpu_s;       // SIGXCPU, one second later SIGKILL
    size_t memory_bytes; // address space
    size_t file_bytes;   // size of a file written; SIGXFSZ
    unsigned open_files;
};

struct proc_spec {
    const char *const *argv; // NULL at the end; argv[0] without a slash is looked up in the caller's PATH
    const char *const *env;  // "NAME=value", NULL at the end; NULL inherits
    const char *cwd;         // NULL is the caller's
    struct str stdin_text;   // empty is /dev/null
    size_t output_max_bytes; // kept of each of out and err, the rest is read and dropped; 0 is 1 MiB
    struct proc_limits limits;
    bool merge_stderr; // into `out`, in order
    // Sees all of out as it arrives, also what is beyond output_max_bytes. NULL is nobody.
    void (*on_output)(void *context, struct str bytes);
    void *context;
};

struct proc_result {
    int exit_code; // -1 when a signal ended it
    int signal;    // 0 when it exited
    bool timed_out;
    bool truncated; // out or err was larger than output_max_bytes
    struct buf out, err;
    int64_t wall_ns;
    int64_t cpu_ns;       // user and system, of the command and all descendants that were waited for
    size_t max_rss_bytes; // of the largest process; never below what the caller itself had resident
};

// Runs a command. Fails only when it could not be started: ERR_NOT_FOUND for an unknown program, ERR_IO else;
// an exit code, a signal and a limit are the caller's to judge. The result is to be released after success.
int proc_run(const struct proc_spec *spec, struct proc_result *result, struct err *err) MUST_USE;

// Frees the output.
void proc_result_release(struct proc_result *result);

#define AUTO_PROC_RESULT __attribute__((cleanup(proc_result_release))) struct proc_result

// Appends how it ended: "exit code 3", "signal 11 (Segmentation fault)", "time limit".
void proc_result_describe(const struct proc_result *result, struct buf *out);

// The path of an executable in $PATH (a name with a slash is itself), or NULL.
const char *proc_find(struct arena *arena, const char *name);

#endif
