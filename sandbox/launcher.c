// SPDX-License-Identifier: Apache-2.0
#include "sandbox/launcher.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/vec.h"
#include "sandbox/cell/wire.h"
#include "sandbox/filter.h"
#include "sandbox/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_DEFAULT_BYTES = 1 << 20, FAR_FD = 20, END_WAIT_MS = 5000, START_TRIES = 3 };

// A program between its start and its end.
struct run {
    pid_t pid;
    int channel, output; // both -1 when the slot is free
    bool unready;        // it was not started, and another runner may do
};

struct launcher {
    int control, life; // life ends when the zygote and all runners are gone
    pid_t zygote;
    enum isolation_level level;
    unsigned parts, losses;
    int landlock_abi;
    struct buf cell_path;
    VEC(struct run) runs;
};

// Moves a descriptor out of the way of those that the zygote gets.
static int
move_far(int fd)
{
    int far = fcntl(fd, F_DUPFD_CLOEXEC, FAR_FD);
    close(fd);
    return far;
}

struct zygote_fds {
    int control, life, filters[LAUNCH_PROFILES];
};

static void
zygote_fds_close(struct zygote_fds *fds)
{
    fd_drop(&fds->control);
    fd_drop(&fds->life);
    for (size_t i = 0; i < LAUNCH_PROFILES; i++)
        fd_drop(&fds->filters[i]);
}

static int
zygote_spawn(struct launcher *launcher, const char *groups, const struct zygote_fds *fds, struct err *err)
{
    char parent[32], parts[32], abi[32];
    snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    snprintf(parts, sizeof(parts), "%x", launcher->parts);
    snprintf(abi, sizeof(abi), "%d", launcher->landlock_abi);
    const char *cell_path = buf_text(&launcher->cell_path);
    char *argv[] = {
        (char[]){"atoll-cell"}, (char[]){"zygote"}, parent, parts, abi, (char *)(uintptr_t)groups, NULL};
    char *env[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds->control, WIRE_CONTROL);
    posix_spawn_file_actions_adddup2(&actions, fds->life, WIRE_LIFE);
    for (int profile = 0; profile < LAUNCH_PROFILES; profile++)
        posix_spawn_file_actions_adddup2(&actions, fds->filters[profile], WIRE_FILTER_BUILD + profile);
    posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_FD_LAST + 1);
    int failed = posix_spawn(&launcher->zygote, cell_path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0)
        return 0;
    errno = failed;
    launcher->zygote = -1;
    return err_sys(err, ERR_ENVIRONMENT, "starting %s", cell_path);
}

// Waits for the zygote's word that it stands where it is to stand.
static int
await_hello(struct launcher *launcher, struct err *err)
{
    struct wire_hello hello;
    ssize_t got;
    do
        got = recv(launcher->control, &hello, sizeof(hello), 0);
    while (got < 0 && errno == EINTR);
    if (got != sizeof(hello))
        return err_set(err, ERR_LOST, "the sandbox's zygote ended before it was ready");
    if (hello.sys == 0)
        return 0;
    hello.stage[sizeof(hello.stage) - 1] = 0;
    errno = hello.sys;
    return err_sys(err, ERR_ENVIRONMENT, "putting on %s", hello.stage);
}

static int
zygote_start(struct launcher *launcher, const char *groups, struct err *err)
{
    int sockets[2], life[2], result = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return err_sys(err, ERR_IO, "making a socket pair");
    launcher->control = sockets[0];
    struct zygote_fds fds = {move_far(sockets[1]), -1, {-1, -1, -1}};
    if (pipe2(life, O_CLOEXEC) < 0) {
        err_sys(err, ERR_IO, "making a pipe");
        goto out;
    }
    launcher->life = life[0];
    fds.life = move_far(life[1]);
    for (int profile = 0; profile < LAUNCH_PROFILES; profile++) {
        int fd = filter_open((enum launch_profile)profile, launcher->parts & PART(PART_FILE_MODES), err);
        if (fd < 0)
            goto out;
        fds.filters[profile] = move_far(fd);
    }
    result = zygote_spawn(launcher, groups, &fds, err);
out:
    zygote_fds_close(&fds);
    return result < 0 ? -1 : await_hello(launcher, err);
}

struct launcher *
launcher_new_at(const char *cell_path, const struct isolation_demand *demand, struct err *err)
{
    struct isolation_probe probe;
    enum isolation_level level;
    isolation_probe(&probe);
    if (isolation_decide(&probe, demand, &level, err) < 0)
        return NULL;
    struct launcher *launcher = vec_grow(NULL, &(size_t){0}, 1, sizeof(*launcher));
    *launcher = (struct launcher){.control = -1, .life = -1, .zygote = -1, .level = level};
    launcher->parts = isolation_parts(level) & probe.there;
    launcher->losses = isolation_parts(level) & ~probe.there;
    // An older Landlock is better than none, unless the level is to be this one.
    bool landlock = level >= ISOLATION_FENCE || demand->most == ISOLATION_NONE;
    launcher->landlock_abi = landlock ? probe.landlock_abi : 0;
    buf_init(&launcher->cell_path, PATH_MAX);
    buf_puts(&launcher->cell_path, cell_path);
    prctl(PR_SET_DUMPABLE, 0);
    if (zygote_start(launcher, probe.groups, err) < 0) {
        launcher_free(launcher);
        return NULL;
    }
    return launcher;
}

struct launcher *
launcher_new(const char *cell_path, enum isolation_level require, struct err *err)
{
    return launcher_new_at(cell_path, &(struct isolation_demand){.require = require}, err);
}

static void
run_release(struct run *run)
{
    fd_drop(&run->channel);
    fd_drop(&run->output);
    run->pid = -1;
}

void
launcher_free(struct launcher *launcher)
{
    if (!launcher)
        return;
    fd_drop(&launcher->control);
    VEC_EACH (struct run, run, &launcher->runs)
        run_release(run);
    // Runners kill what is theirs when their channel closes; the life pipe ends with the last of them.
    struct pollfd life = {launcher->life, POLLIN, 0};
    if (launcher->zygote > 0) {
        (void)poll(&life, 1, END_WAIT_MS);
        kill(launcher->zygote, SIGKILL);
        while (waitpid(launcher->zygote, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    fd_drop(&launcher->life);
    vec_release(&launcher->runs);
    buf_release(&launcher->cell_path);
    vec_free(launcher);
}

enum isolation_level
launcher_level(const struct launcher *launcher)
{
    return launcher->level;
}

unsigned
launcher_losses(const struct launcher *launcher)
{
    return launcher->losses;
}

int
launcher_landlock_abi(const struct launcher *launcher)
{
    return launcher->landlock_abi;
}

const char *
launcher_cell_path(const struct launcher *launcher)
{
    return buf_text(&launcher->cell_path);
}

// Asks for a run. On success our ends are in *run.
static int
submit(const struct launcher *launcher, const struct launch_spec *spec, bool stays, struct run *run,
       struct err *err)
{
    struct request request = {launcher->control, stays};
    struct request_ends ends;
    if (request_send(&request, spec, &ends, err) < 0)
        return -1;
    *run = (struct run){.pid = -1, .channel = ends.channel, .output = ends.output};
    return 0;
}

// Takes one report off a channel. -1 when the runner is gone.
static int
take_report(struct run *run, struct wire_report *report, struct err *err)
{
    ssize_t got;
    do
        got = recv(run->channel, report, sizeof(*report), 0);
    while (got < 0 && errno == EINTR);
    if (got == sizeof(*report))
        return 0;
    return err_set(err, ERR_LOST, "the sandbox's runner ended without a report");
}

// Tells why a program was not started.
static int
not_started(struct run *run, struct wire_report *report, const char *program, struct err *err)
{
    run->unready = report->kind == WIRE_UNREADY;
    report->stage[sizeof(report->stage) - 1] = 0;
    errno = report->sys;
    return err_sys(err, strcmp(report->stage, "exec") == 0 ? ERR_NOT_FOUND : ERR_ENVIRONMENT,
                   "starting %s (%s)", program, report->stage);
}

// Waits for the word that a program which stays runs.
static int
await_start(struct run *run, const struct launch_spec *spec, struct err *err)
{
    struct wire_report report;
    if (take_report(run, &report, err) < 0)
        return -1;
    if (report.kind != WIRE_STARTED)
        return not_started(run, &report, spec->argv[0], err);
    run->pid = report.pid;
    return 0;
}

// Reads what is there: more than the maximum is dropped and marked. `spec` NULL: nobody looks on.
static void
drain(struct run *run, const struct launch_spec *spec, struct buf *output)
{
    if (!fd_take(&run->output, output, spec ? spec->on_output : NULL, spec ? spec->context : NULL))
        output->full = true;
}

static void
fill_result(struct launch_result *result, const struct wire_report *report)
{
    static const char *const limits[] = {
        [WIRE_LIMIT_NONE] = NULL,       [WIRE_LIMIT_WALL] = "wall",           [WIRE_LIMIT_CPU] = "cpu",
        [WIRE_LIMIT_MEMORY] = "memory", [WIRE_LIMIT_PROCESSES] = "processes", [WIRE_LIMIT_DISK] = "disk",
    };
    result->exit_code = report->exit_code;
    result->signal = report->signal;
    result->limit = report->limit < sizeof(limits) / sizeof(limits[0]) ? limits[report->limit] : NULL;
    if (!result->limit && result->output.full)
        result->limit = "output";
    result->output.full = false;
    result->wall_ns = report->wall_ns;
    result->cpu_ns = report->cpu_ns;
    result->max_rss_bytes = report->max_rss_bytes;
    result->left = report->left;
    if (report->left > 0)
        log_warn("%u processes of a run that is over were killed and have not ended: the kernel holds them",
                 report->left);
}

// Reads output until the report of the end is there.
static int
attend(struct run *run, const struct launch_spec *spec, struct launch_result *result, struct err *err)
{
    struct pollfd watched[2] = {{run->channel, POLLIN, 0}, {run->output, POLLIN, 0}};
    fcntl(run->output, F_SETFL, O_NONBLOCK);
    while (!watched[0].revents) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return err_sys(err, ERR_IO, "waiting for a program");
        if (watched[1].revents)
            drain(run, spec, &result->output);
        watched[1].fd = run->output;
    }
    struct wire_report report;
    if (take_report(run, &report, err) < 0)
        return -1;
    if (report.kind != WIRE_ENDED)
        return not_started(run, &report, spec ? spec->argv[0] : "a program", err);
    drain(run, spec, &result->output);
    fill_result(result, &report);
    return 0;
}

static size_t
output_max(const struct launch_spec *spec)
{
    return spec->output_max_bytes ? spec->output_max_bytes : OUTPUT_DEFAULT_BYTES;
}

int
launcher_run(struct launcher *launcher, const struct launch_spec *spec, struct launch_result *result,
             struct err *err)
{
    struct run run;
    int done, tries = 0;
    *result = (struct launch_result){.output = BUF(output_max(spec)), .exit_code = -1};
    do {
        if (submit(launcher, spec, false, &run, err) < 0)
            return -1;
        done = attend(&run, spec, result, err);
        run_release(&run);
    } while (done < 0 && run.unready && ++tries < START_TRIES);
    if (done < 0)
        launch_result_release(result);
    return done;
}

void
launch_result_release(struct launch_result *result)
{
    buf_release(&result->output);
}

static struct run *
find_run(struct launcher *launcher, pid_t pid)
{
    VEC_EACH (struct run, run, &launcher->runs)
        if (run->pid == pid)
            return run;
    return NULL;
}

int
launcher_start(struct launcher *launcher, const struct launch_spec *spec, pid_t *pid, struct err *err)
{
    struct run run;
    int done, tries = 0;
    do {
        if (submit(launcher, spec, true, &run, err) < 0)
            return -1;
        if ((done = await_start(&run, spec, err)) < 0)
            run_release(&run);
    } while (done < 0 && run.unready && ++tries < START_TRIES);
    if (done < 0)
        return -1;
    struct run *slot = find_run(launcher, -1);
    if (!slot)
        slot = vec_push(&launcher->runs);
    *slot = run;
    *pid = run.pid;
    return 0;
}

bool
launcher_alive(struct launcher *launcher, pid_t pid)
{
    struct run *run = find_run(launcher, pid);
    if (!run)
        return false;
    struct pollfd watched = {run->channel, POLLIN, 0};
    return poll(&watched, 1, 0) == 0;
}

int
launcher_stop(struct launcher *launcher, pid_t pid, struct launch_result *result, struct err *err)
{
    struct run *run = find_run(launcher, pid);
    if (!run)
        return err_set(err, ERR_INTERNAL, "process %ld is not of this launcher", (long)pid);
    struct launch_result ended = {.output = BUF(OUTPUT_DEFAULT_BYTES), .exit_code = -1};
    (void)shutdown(run->channel, SHUT_WR);
    int done = attend(run, NULL, &ended, err);
    run_release(run);
    if (result)
        *result = ended;
    else
        launch_result_release(&ended);
    return done;
}
