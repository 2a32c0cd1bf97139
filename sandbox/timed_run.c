// SPDX-License-Identifier: Apache-2.0
#include "sandbox/timed_run.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PADDING_NAME "ATOLL_PADDING="

extern char **environ;

// The ends of the two pipes: [0] is the caller's. -1 where what is printed is dropped.
struct pipes {
    int out[2], err[2];
};

static void
pipes_release(struct pipes *pipes)
{
    fd_drop(&pipes->out[0]);
    fd_drop(&pipes->out[1]);
    fd_drop(&pipes->err[0]);
    fd_drop(&pipes->err[1]);
}

static int
pipes_open(const struct timed_spec *spec, struct pipes *pipes, struct err *err)
{
    if ((spec->out != NULL && pipe2(pipes->out, O_CLOEXEC) < 0) ||
        (spec->err != NULL && pipe2(pipes->err, O_CLOEXEC) < 0))
        return err_sys(err, ERR_IO, "connecting %s", spec->argv[0]);
    if (spec->out != NULL)
        fcntl(pipes->out[0], F_SETFL, O_NONBLOCK);
    if (spec->err != NULL)
        fcntl(pipes->err[0], F_SETFL, O_NONBLOCK);
    return 0;
}

// The caller's environment and the padding. Owned: the array and its last text.
static char **
environment_new(size_t padding_bytes)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **list = calloc(count + 2, sizeof(*list));
    char *padding = calloc(sizeof(PADDING_NAME) + padding_bytes, 1);
    if (list == NULL || padding == NULL)
        abort();
    memcpy(padding, PADDING_NAME, sizeof(PADDING_NAME) - 1);
    memset(padding + sizeof(PADDING_NAME) - 1, 'x', padding_bytes);
    memcpy(list, environ, count * sizeof(*list));
    list[count] = padding;
    return list;
}

static void
environment_free(char **list)
{
    size_t last = 0;
    while (list[last + 1] != NULL)
        last++;
    free(list[last]);
    free(list);
}

static void
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static void
set_descriptors(posix_spawn_file_actions_t *actions, const struct timed_spec *spec, const struct pipes *pipes)
{
    const char *in = spec->stdin_path != NULL ? spec->stdin_path : "/dev/null";
    posix_spawn_file_actions_init(actions);
    posix_spawn_file_actions_addopen(actions, STDIN_FILENO, in, O_RDONLY, 0);
    if (pipes->out[1] >= 0)
        posix_spawn_file_actions_adddup2(actions, pipes->out[1], STDOUT_FILENO);
    else
        posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (pipes->err[1] >= 0)
        posix_spawn_file_actions_adddup2(actions, pipes->err[1], STDERR_FILENO);
    else
        posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
}

static int
start(const struct timed_spec *spec, const struct pipes *pipes, pid_t *pid, int64_t *begun_ns,
      struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = environment_new(spec->padding_bytes);
    set_attributes(&attributes);
    set_descriptors(&actions, spec, pipes);
    *begun_ns = clock_mono_ns();
    int failed = posix_spawn(pid, spec->path, &actions, &attributes, (char *const *)spec->argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    environment_free(environment);
    if (failed == 0)
        return 0;
    errno = failed;
    bool users = failed == ENOENT || failed == EACCES || failed == ENOEXEC || failed == EISDIR;
    return err_sys(err, users ? ERR_USAGE : ERR_IO, "starting %s", spec->path);
}

// Takes what the pipes hold; what does not fit is dropped.
static void
take(const struct timed_spec *spec, struct pipes *pipes)
{
    (void)fd_take(&pipes->out[0], spec->out, NULL, NULL);
    (void)fd_take(&pipes->err[0], spec->err, NULL, NULL);
}

static int
left_ms(const struct timed_spec *spec, int64_t begun_ns)
{
    if (spec->wall_max_ns == 0)
        return -1;
    int64_t left_ns = begun_ns + spec->wall_max_ns - clock_mono_ns();
    return left_ns <= 0 ? 0 : left_ns > 3600 * CLOCK_S_NS ? 3600 * 1000 : (int)(left_ns / CLOCK_MS_NS) + 1;
}

// Returns when the program has ended, or was told to.
static void
watch(const struct timed_spec *spec, struct pipes *pipes, pid_t pid, int64_t begun_ns,
      struct timed_result *result)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd polled[] = {{.fd = pidfd, .events = POLLIN},
                              {.fd = spec->cancel_fd, .events = POLLIN},
                              {.fd = pipes->out[0], .events = POLLIN},
                              {.fd = pipes->err[0], .events = POLLIN}};
    while (pidfd >= 0) {
        int left = left_ms(spec, begun_ns);
        int ready = poll(polled, 4, left);
        if (ready > 0 && polled[0].revents != 0)
            break;
        result->cancelled = ready > 0 && polled[1].revents != 0;
        result->timed_out = ready == 0 && left_ms(spec, begun_ns) == 0;
        if (result->cancelled || result->timed_out) {
            kill(-pid, SIGKILL);
            break;
        }
        take(spec, pipes);
        polled[2].fd = pipes->out[0];
        polled[3].fd = pipes->err[0];
    }
    fd_drop(&pidfd);
}

static int
reap(pid_t pid, int64_t begun_ns, struct timed_result *result, struct err *err)
{
    struct rusage usage;
    int status;
    pid_t reaped;
    while ((reaped = wait4(pid, &status, 0, &usage)) < 0 && errno == EINTR)
        ;
    result->wall_ns = clock_mono_ns() - begun_ns;
    if (reaped < 0)
        return err_sys(err, ERR_IO, "waiting for a command");
    result->cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_S_NS +
                     (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
    result->waits = usage.ru_nvcsw;
    result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 0;
}

int
timed_run(const struct timed_spec *spec, struct timed_result *result, struct err *err)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}};
    int64_t begun_ns;
    pid_t pid;
    *result = (struct timed_result){.exit_code = -1};
    if (spec->out != NULL)
        buf_clear(spec->out);
    if (spec->err != NULL)
        buf_clear(spec->err);
    int done = pipes_open(spec, &pipes, err);
    if (done == 0)
        done = start(spec, &pipes, &pid, &begun_ns, err);
    fd_drop(&pipes.out[1]);
    fd_drop(&pipes.err[1]);
    if (done == 0) {
        watch(spec, &pipes, pid, begun_ns, result);
        done = reap(pid, begun_ns, result, err);
        take(spec, &pipes);
        kill(-pid, SIGKILL); // what it left behind in its group
    }
    pipes_release(&pipes);
    return done;
}
