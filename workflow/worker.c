// SPDX-License-Identifier: Apache-2.0
#include "workflow/worker.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP_FD 3
#define OUTPUT_LINE_MAX_BYTES ((size_t)4 << 10)

extern char **environ;

static int
set_nonblocking(int fd, struct err *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_sys(err, ERR_IO, "fcntl");
    return 0;
}

// Signals as a fresh program expects them, a session of its own.
static int
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int status = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                          POSIX_SPAWN_SETSIGDEF);
    if (status == 0)
        status = posix_spawnattr_setsigmask(attributes, &none);
    return status ? status : posix_spawnattr_setsigdefault(attributes, &all);
}

static int
set_files(posix_spawn_file_actions_t *actions, int socket_fd, int pipe_fd)
{
    int status = posix_spawn_file_actions_adddup2(actions, socket_fd, STEP_FD);
    if (status == 0)
        status = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, pipe_fd, 1);
    return status ? status : posix_spawn_file_actions_adddup2(actions, pipe_fd, 2);
}

// Steps have no business with the credential that writes the published state; only a courier has.
static char **
environment(struct arena *arena, bool courier)
{
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **kept = ARENA_ARRAY(arena, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        if (courier || !str_starts(str_of(environ[i]), STR("ATOLL_STATE_TOKEN=")))
            kept[used++] = environ[i];
    return kept;
}

static int
spawn(const char *path, const char *const *argv, bool courier, int socket_fd, int pipe_fd, pid_t *pid,
      struct err *err)
{
    AUTO_ARENA arena = {0};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    int status = set_attributes(&attributes);
    if (status == 0)
        status = set_files(&actions, socket_fd, pipe_fd);
    if (status == 0)
        status =
            posix_spawn(pid, path, &actions, &attributes, (char *const *)argv, environment(&arena, courier));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = status;
    return status ? err_sys(err, ERR_IO, "starting %s", path) : 0;
}

// A descriptor above those that the child's own take, so that dup2 in the child overwrites none of its
// sources.
static int
lift(int fd)
{
    if (fd > STEP_FD)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, STEP_FD + 1);
    close(fd);
    return high;
}

static int
make_channels(int socket_fds[2], int pipe_fds[2], struct err *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket_fds) < 0)
        return err_sys(err, ERR_IO, "socketpair");
    socket_fds[1] = lift(socket_fds[1]);
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_sys(err, ERR_IO, "pipe");
    pipe_fds[1] = lift(pipe_fds[1]);
    if (socket_fds[1] < 0 || pipe_fds[1] < 0)
        return err_sys(err, ERR_IO, "fcntl");
    return set_nonblocking(socket_fds[0], err) < 0 ? -1 : set_nonblocking(pipe_fds[0], err);
}

static void
close_pair(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

struct worker *
worker_start(const char *self_path, const char *const *argv, struct task *task, const json_t *assignment,
             struct err *err)
{
    int socket_fds[2] = {-1, -1}, pipe_fds[2] = {-1, -1};
    pid_t pid;
    if (make_channels(socket_fds, pipe_fds, err) < 0 ||
        spawn(self_path, argv, task == NULL, socket_fds[1], pipe_fds[1], &pid, err) < 0) {
        close_pair(socket_fds);
        close_pair(pipe_fds);
        return NULL;
    }
    close(socket_fds[1]);
    close(pipe_fds[1]);
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        abort();
    worker->task = task;
    worker->pid = pid;
    worker->output_fd = pipe_fds[0];
    wire_init(&worker->wire, socket_fds[0]);
    buf_init(&worker->line, OUTPUT_LINE_MAX_BYTES);
    // What can't be sent now is sent when the socket takes it; a broken one shows as the end of the process.
    struct err ignored;
    if (wire_put(&worker->wire, assignment, STR(""), &ignored) < 0 || wire_flush(&worker->wire, &ignored) < 0)
        worker_signal(worker, SIGKILL);
    return worker;
}

void
worker_free(struct worker *worker)
{
    if (!worker)
        return;
    close(worker->wire.fd);
    close(worker->output_fd);
    wire_release(&worker->wire);
    buf_release(&worker->line);
    VEC_EACH (struct frame, frame, &worker->calls)
        frame_release(frame);
    vec_release(&worker->calls);
    limits_end(&worker->limits);
    json_decref(worker->held);
    free(worker);
}

void
worker_signal(const struct worker *worker, int signal)
{
    if (worker->ended)
        return;
    // The group exists only once the child called setsid; before that the process itself has to do.
    if (kill(-worker->pid, signal) < 0)
        kill(worker->pid, signal);
}

void
worker_read(struct worker *worker)
{
    int got = 1;
    while (got > 0 && !worker->unreadable) {
        got = wire_fill(&worker->wire, &worker->broken);
        int taken = got < 0 ? -1 : 1;
        while (taken > 0) {
            struct frame frame = {0};
            taken = wire_take(&worker->wire, &frame, &worker->broken);
            if (taken > 0)
                *vec_push(&worker->calls) = frame;
        }
        worker->unreadable = taken < 0;
    }
}

bool
worker_read_output(struct worker *worker,
                   void (*line_fn)(void *context, struct worker *worker, const char *line), void *context)
{
    char bytes[4096];
    for (;;) {
        ssize_t n = read(worker->output_fd, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0;
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] != '\n')
                buf_putc(&worker->line, bytes[i]);
            if (bytes[i] != '\n' && worker->line.len < worker->line.max)
                continue;
            line_fn(context, worker, buf_text(&worker->line));
            buf_clear(&worker->line);
        }
    }
}

void
worker_end_output(struct worker *worker,
                  void (*line_fn)(void *context, struct worker *worker, const char *line), void *context)
{
    if (worker->line.len > 0)
        line_fn(context, worker, buf_text(&worker->line));
    buf_clear(&worker->line);
}

void
worker_describe_end(const struct worker *worker, struct err *err)
{
    char span[24];
    if (worker->over.what) {
        clock_human(worker->over.span_ns, span, sizeof(span));
        err_set(err, ERR_TIMEOUT, "it was stopped after %s, its %s", span, worker->over.what);
    } else if (worker->unreadable) {
        *err = worker->broken;
    } else if (WIFSIGNALED(worker->wait_status)) {
        int number = WTERMSIG(worker->wait_status);
        err_set(err, ERR_INTERNAL, "its process ended by signal %d (%s)", number, strsignal(number));
    } else {
        err_set(err, ERR_INTERNAL, "its process ended with exit code %d and without a result",
                WEXITSTATUS(worker->wait_status));
    }
}

bool
worker_was_killed(const struct worker *worker)
{
    if (!WIFSIGNALED(worker->wait_status) || worker->over.what || worker->unreadable)
        return false;
    int number = WTERMSIG(worker->wait_status);
    return number == SIGKILL || number == SIGTERM;
}
