// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_DEFAULT_BYTES (1u << 20)

// What the warden tells the caller, once.
struct report {
    int sys;        // errno when the command could not be started
    char doing[32]; // what failed then
    int wait_status;
    int64_t cpu_ns;
    size_t max_rss_bytes;
};

// Everything the forks need, made ready before the first fork. The first of a pair is the caller's.
struct launch {
    const struct proc_spec *spec;
    const char *path;
    int in, out[2], err[2], control[2];
};

static void
launch_release(struct launch *launch)
{
    int *const all[] = {&launch->in,     &launch->out[0],     &launch->out[1],    &launch->err[0],
                        &launch->err[1], &launch->control[0], &launch->control[1]};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        fd_drop(all[i]);
}

// ---- the command's side: between fork and exec ----

static int
limit_set(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return -1;
    struct rlimit limit = {soft < now.rlim_max ? soft : now.rlim_max,
                           hard < now.rlim_max ? hard : now.rlim_max};
    return setrlimit(resource, &limit);
}

static int
limits_set(const struct proc_limits *limits)
{
    int status = limit_set(RLIMIT_CORE, 0, 0);
    if (limits->cpu_s > 0)
        status |= limit_set(RLIMIT_CPU, (rlim_t)limits->cpu_s, (rlim_t)limits->cpu_s + 1);
    if (limits->memory_bytes > 0)
        status |= limit_set(RLIMIT_AS, limits->memory_bytes, limits->memory_bytes);
    if (limits->file_bytes > 0)
        status |= limit_set(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes);
    if (limits->open_files > 0)
        status |= limit_set(RLIMIT_NOFILE, limits->open_files, limits->open_files);
    return status;
}

static void
signals_default(void)
{
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// Becomes the command; returns what failed.
static const char *
command_exec(const struct launch *launch, pid_t warden)
{
    const struct proc_spec *spec = launch->spec;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != warden || setpgid(0, 0) < 0)
        return "grouping";
    if (dup2(launch->in, 0) < 0 || dup2(launch->out[1], 1) < 0 ||
        dup2(spec->merge_stderr ? launch->out[1] : launch->err[1], 2) < 0)
        return "connecting";
    if (spec->cwd && chdir(spec->cwd) < 0)
        return "entering the folder of";
    if (limits_set(&spec->limits) < 0)
        return "limiting";
    signals_default();
    syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
    char *const *env = spec->env ? (char *const *)spec->env : environ;
    execve(launch->path, (char *const *)spec->argv, env);
    return "starting";
}

// ---- the warden's side ----

static bool
is_child_of(const char *pid, pid_t parent)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[got < 0 ? 0 : got] = 0;
    const char *after_name = strrchr(text, ')'); // ") S PARENT ..."
    return after_name && strlen(after_name) > 4 && strtol(after_name + 4, NULL, 10) == parent;
}

// Kills the direct children; what they leave behind becomes a direct child in turn.
static void
children_kill(void)
{
    pid_t self = getpid();
    DIR *proc = opendir("/proc");
    if (!proc)
        return;
    for (struct dirent *entry; (entry = readdir(proc));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_child_of(entry->d_name, self))
            kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
    closedir(proc);
}

// Kills and reaps all descendants; gives the wait status of `command`. Gives up after some seconds: a
// descendant may be another user's or stuck in the kernel.
static int
descendants_end(pid_t command)
{
    int command_status = SIGKILL;
    kill(-command, SIGKILL);
    for (int tries = 0; tries < 5000;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0)
            break;
        if (pid == command)
            command_status = status;
        if (pid > 0)
            continue;
        children_kill();
        poll(NULL, 0, 1);
        tries++;
    }
    return command_status;
}

// Waits until the command ends or the caller stops or dies, then clears up and reports.
static void
warden_watch(int control, pid_t command)
{
    struct report report = {0};
    int pidfd = (int)syscall(SYS_pidfd_open, command, 0);
    if (pidfd < 0)
        report = (struct report){.sys = errno, .doing = "watching"};
    struct pollfd watch[] = {{.fd = pidfd, .events = POLLIN}, {.fd = control, .events = POLLIN}};
    if (pidfd >= 0)
        poll(watch, 2, -1);
    report.wait_status = descendants_end(command);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    report.cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_S_NS +
                    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * INT64_C(1000);
    report.max_rss_bytes = (size_t)usage.ru_maxrss * 1024;
    send(control, &report, sizeof(report), MSG_NOSIGNAL);
}

static void
report_failure(int control, const char *doing)
{
    struct report report = {.sys = errno};
    snprintf(report.doing, sizeof(report.doing), "%s", doing);
    send(control, &report, sizeof(report), MSG_NOSIGNAL);
}

// Runs in the first fork and never returns. All signals stay blocked and nothing but the control socket stays
// open, so that only its work and SIGKILL end it.
static void
warden_main(struct launch *launch)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t self = getpid();
    int control = launch->control[1];
    pid_t command = fork();
    if (command == 0) {
        report_failure(control, command_exec(launch, self));
        _exit(127);
    }
    launch->control[1] = -1;
    launch_release(launch);
    if (control > 0)
        syscall(SYS_close_range, 0u, (unsigned)control - 1, 0u);
    syscall(SYS_close_range, (unsigned)control + 1, ~0u, 0u);
    if (command < 0)
        report_failure(control, "forking for");
    else
        warden_watch(control, command);
    _exit(0);
}

// ---- the caller's side ----

static int
stdin_open(struct str text)
{
    if (text.len == 0)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("stdin", MFD_CLOEXEC);
    while (fd >= 0 && text.len > 0) {
        ssize_t put = write(fd, text.ptr, text.len);
        if (put < 0 && errno != EINTR)
            fd_drop(&fd);
        text = str_from(text, put < 0 ? 0 : (size_t)put);
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
        fd_drop(&fd);
    return fd;
}

static int
launch_prepare(struct launch *launch, struct err *err)
{
    const struct proc_spec *spec = launch->spec;
    launch->in = stdin_open(spec->stdin_text);
    if (launch->in < 0 || pipe2(launch->out, O_CLOEXEC) < 0 ||
        (!spec->merge_stderr && pipe2(launch->err, O_CLOEXEC) < 0) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, launch->control) < 0)
        return err_sys(err, ERR_IO, "connecting %s", spec->argv[0]);
    fcntl(launch->out[0], F_SETFL, O_NONBLOCK);
    if (launch->err[0] >= 0)
        fcntl(launch->err[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static int
remaining_ms(int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - clock_mono_ns();
    if (left_ns <= 0)
        return 0;
    return left_ns / CLOCK_MS_NS >= INT_MAX ? INT_MAX : (int)(left_ns / CLOCK_MS_NS) + 1;
}

// Collects output until the warden reports; past the limit tells it to stop.
static void
result_collect(struct launch *launch, struct proc_result *result, struct report *report)
{
    const struct proc_spec *spec = launch->spec;
    int64_t wall_ms = spec->limits.wall_ms;
    int64_t deadline_ns = clock_mono_ns() + wall_ms * CLOCK_MS_NS;
    for (bool reported = false; !reported;) {
        bool limited = wall_ms > 0 && !result->timed_out;
        struct pollfd watch[] = {{.fd = launch->out[0], .events = POLLIN},
                                 {.fd = launch->err[0], .events = POLLIN},
                                 {.fd = launch->control[0], .events = POLLIN}};
        int ready = poll(watch, 3, limited ? remaining_ms(deadline_ns) : -1);
        if (ready > 0 && watch[2].revents) {
            *report = (struct report){.wait_status = SIGKILL};
            reported = recv(launch->control[0], report, sizeof(*report), 0) >= 0;
        }
        if (limited && !reported && remaining_ms(deadline_ns) == 0) {
            result->timed_out = true;
            shutdown(launch->control[0], SHUT_WR);
        }
        bool fits = fd_take(&launch->out[0], &result->out, spec->on_output, spec->context);
        fits = fd_take(&launch->err[0], &result->err, NULL, NULL) && fits;
        result->truncated = result->truncated || !fits;
    }
}

static void
result_judge(struct proc_result *result, const struct report *report)
{
    result->exit_code = WIFEXITED(report->wait_status) ? WEXITSTATUS(report->wait_status) : -1;
    result->signal = WIFSIGNALED(report->wait_status) ? WTERMSIG(report->wait_status) : 0;
    result->cpu_ns = report->cpu_ns;
    result->max_rss_bytes = report->max_rss_bytes;
}

static int
launch_run(struct launch *launch, struct proc_result *result, struct err *err)
{
    const char *name = launch->spec->argv[0];
    int64_t start_ns = clock_mono_ns();
    pid_t warden = fork();
    if (warden < 0)
        return err_sys(err, ERR_IO, "forking for %s", name);
    if (warden == 0)
        warden_main(launch);
    fd_drop(&launch->in);
    fd_drop(&launch->out[1]);
    fd_drop(&launch->err[1]);
    fd_drop(&launch->control[1]);
    struct report report;
    result_collect(launch, result, &report);
    fd_drop(&launch->control[0]);
    while (waitpid(warden, NULL, 0) < 0 && errno == EINTR)
        ;
    result->wall_ns = clock_mono_ns() - start_ns;
    result_judge(result, &report);
    errno = report.sys;
    if (errno == 0)
        return 0;
    return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s %s", report.doing, name);
}

int
proc_run(const struct proc_spec *spec, struct proc_result *result, struct err *err)
{
    AUTO_ARENA arena = {0};
    struct launch launch = {.spec = spec, .in = -1, .out = {-1, -1}, .err = {-1, -1}, .control = {-1, -1}};
    size_t max = spec->output_max_bytes ? spec->output_max_bytes : OUTPUT_DEFAULT_BYTES;
    *result = (struct proc_result){.exit_code = -1, .out = BUF(max), .err = BUF(max)};
    launch.path = proc_find(&arena, spec->argv[0]);
    if (!launch.path)
        return err_set(err, ERR_NOT_FOUND, "%s is not in PATH", spec->argv[0]);
    int status = launch_prepare(&launch, err);
    if (status == 0)
        status = launch_run(&launch, result, err);
    launch_release(&launch);
    if (status < 0)
        proc_result_release(result);
    return status;
}

void
proc_result_release(struct proc_result *result)
{
    buf_release(&result->out);
    buf_release(&result->err);
}

void
proc_result_describe(const struct proc_result *result, struct buf *out)
{
    if (result->timed_out)
        buf_puts(out, "time limit");
    else if (result->signal)
        buf_printf(out, "signal %d (%s)", result->signal, strsignal(result->signal));
    else
        buf_printf(out, "exit code %d", result->exit_code);
}

const char *
proc_find(struct arena *arena, const char *name)
{
    if (strchr(name, '/'))
        return name;
    const char *path = getenv("PATH");
    struct str rest = str_of(path ? path : "/usr/local/bin:/usr/bin:/bin");
    while (rest.ptr) {
        const char *candidate = fs_join(arena, arena_str(arena, str_cut(&rest, ':')), name);
        if (access(candidate, X_OK) == 0 && !fs_is_dir(candidate))
            return candidate;
    }
    return NULL;
}
