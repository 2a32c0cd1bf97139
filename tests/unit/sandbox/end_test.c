// SPDX-License-Identifier: Apache-2.0
// Everything that a run started is dead and reaped when it ends, at each level that this machine gives.
#include "base/clock.h"
#include "tests/unit/sandbox/shell.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static void
wall_limit_kills_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    s.limits.wall_ms = 300;
    int64_t start_ns = clock_mono_ns();
    shell_run(&s, "trap '' TERM HUP INT; (while :; do :; done) & while :; do :; done");
    int64_t took_ms = (clock_mono_ns() - start_ns) / CLOCK_MS_NS;
    ck_assert_str_eq(s.result.limit, "wall");
    ck_assert_int_ge(took_ms, 300);
    ck_assert_int_lt(took_ms, 60000);
    shell_release(&s);
}

static const char daemon_source[] =
    "#include <stdlib.h>\n#include <unistd.h>\n"
    "#include <fcntl.h>\n"
    // The pipe closes when the daemon is the program.
    "int main(int n, char **v) { if (n == 1) {\n"
    "  int ends[2]; char c; pipe2(ends, O_CLOEXEC);\n"
    "  if (fork() == 0) { setsid(); if (fork() == 0) execl(v[0], v[0], \"x\", NULL); _exit(0); }\n"
    "  close(ends[1]); return (int)read(ends[0], &c, 1); }\n"
    "  for (;;) pause(); }\n";

static void
daemons_die_with_the_run_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    char *name = own_name(&s.f.arena, "daemon");
    char *program = fixture_program(&s.f, name, daemon_source);
    // Without the sandbox it outlives the program that started it (then it is killed by hand).
    pid_t pid = fork();
    if (pid == 0)
        execl(program, program, NULL);
    waitpid(pid, NULL, 0);
    ck_assert(becomes(name, true));
    for (pid_t daemon; (daemon = find_process(name)) > 0;)
        kill(daemon, SIGKILL);
    ck_assert(becomes(name, false));
    shell_run(&s, arena_printf(&s.f.arena, "./%s", name));
    ck_assert_int_eq(s.result.exit_code, 0);
    ck_assert(!runs(name));
    shell_release(&s);
}

static void
fork_bomb_is_stopped_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    char *name = own_name(&s.f.arena, "bomb");
    fixture_program(
        &s.f, name,
        // At most 400 processes, which end by themselves: a test must not take the machine with it.
        "#include <unistd.h>\nint main(void) { for (int i = 0; i < 400; i++) { usleep(500);"
        " if (fork() == 0) { setsid(); sleep(90); _exit(0); } } sleep(90); return 0; }");
    // A user of its own has a limit of its own: there the kernel starts no more, and time ends it.
    bool counted = level < ISOLATION_VAULT;
    s.limits = (struct launch_limits){.wall_ms = counted ? 30000 : 3000, .processes = 30};
    int64_t start_ns = clock_mono_ns();
    shell_run(&s, arena_printf(&s.f.arena, "exec ./%s", name));
    const char *limit = s.result.limit ? s.result.limit : "";
    ck_assert_msg(strcmp(limit, counted ? "processes" : "wall") == 0, "%s at %s", limit,
                  isolation_name(level));
    ck_assert_int_lt((clock_mono_ns() - start_ns) / CLOCK_MS_NS, 60000);
    ck_assert(!runs(name));
    shell_release(&s);
}

// Waits until a program that was given the second end of a pipe has closed it.
static void
await_close(int ends[2])
{
    char nothing;
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &nothing, 1), 0);
    close(ends[0]);
}

// Starts a program that says "up" and sleeps; it has said so when this returns.
static pid_t
start_sleeper(struct fixture *f, const char *name)
{
    char *program =
        fixture_program(f, name,
                        "#include <stdio.h>\n#include <unistd.h>\n"
                        "int main(void) { puts(\"up\"); fflush(stdout); close(3); for (;;) pause(); }");
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const char *const argv[] = {program, NULL}, *const read_paths[] = {f->folder, NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN,
                               .argv = argv,
                               .read_paths = read_paths,
                               .pass_fds = &ends[1],
                               .pass_fd_count = 1};
    pid_t pid = -1;
    OK(launcher_start(f->launcher, &spec, &pid, &f->err), &f->err);
    await_close(ends);
    return pid;
}

static void
started_programs_stop_at(enum isolation_level level)
{
    struct fixture f;
    struct launch_result result;
    if (!fixture_at(&f, level))
        return;
    char *name = own_name(&f.arena, "sleeper");
    pid_t pid = start_sleeper(&f, name);
    ck_assert(launcher_alive(f.launcher, pid));
    OK(launcher_stop(f.launcher, pid, &result, &f.err), &f.err);
    ck_assert_int_eq(result.signal, SIGKILL);
    ck_assert_str_eq(buf_text(&result.output), "up\n");
    ck_assert(!launcher_alive(f.launcher, pid));
    ck_assert(!runs(name));
    ck_assert_int_eq(launcher_stop(f.launcher, pid, NULL, &f.err), -1);
    launch_result_release(&result);
    fixture_release(&f);
}

static void
programs_die_with_the_launcher_at(enum isolation_level level)
{
    struct fixture f;
    AUTO_ARENA arena = {0};
    if (!fixture_at(&f, level))
        return;
    char *name = own_name(&arena, "orphan");
    start_sleeper(&f, name);
    ck_assert(runs(name));
    fixture_release(&f);
    ck_assert(!runs(name));
}

static void
programs_die_with_a_killed_supervisor_at(enum isolation_level level)
{
    int ends[2];
    char ready;
    AUTO_ARENA arena = {0};
    char *name = own_name(&arena, "orphan");
    ck_assert_int_eq(pipe(ends), 0);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        struct fixture f;
        bool there = fixture_at(&f, level);
        if (there)
            start_sleeper(&f, name);
        (void)!write(ends[1], there ? "r" : "s", 1);
        for (;;)
            pause();
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &ready, 1), 1);
    ck_assert_int_eq(runs(name), ready == 'r');
    kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    ck_assert(becomes(name, false));
}

// The parent of a process.
static pid_t
parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY);
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *after = strrchr(text, ')');
    return after ? (pid_t)strtol(after + 3, NULL, 10) : -1;
}

// Starts a program that leaves a daemon of that name behind, and goes on; the daemon lives when this returns.
static pid_t
start_with_daemon(struct fixture *f, const char *name)
{
    char *program = fixture_program(f, name, daemon_source);
    char *command = arena_printf(&f->arena, "%s 3>&-; exec 3>&-; exec sleep 99", program);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL}, *const paths[] = {f->folder, NULL};
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .write_paths = paths,
                               .pass_fds = &ends[1],
                               .pass_fd_count = 1};
    pid_t pid = -1;
    OK(launcher_start(f->launcher, &spec, &pid, &f->err), &f->err);
    await_close(ends);
    ck_assert(runs(name));
    return pid;
}

// In a cell the kernel ends the namespace, elsewhere the zygote inherits the daemon. Other runs go on.
static void
daemons_die_with_a_killed_runner_at(enum isolation_level level)
{
    struct fixture f;
    struct err err;
    if (!fixture_at(&f, level))
        return;
    char *name = own_name(&f.arena, "stray"), *other = own_name(&f.arena, "kept");
    pid_t lost = start_with_daemon(&f, name), kept = start_with_daemon(&f, other);
    kill(parent_of(lost), SIGKILL);
    ck_assert(becomes(name, false));
    ck_assert_int_eq(launcher_stop(f.launcher, lost, NULL, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LOST);
    ck_assert(runs(other) && launcher_alive(f.launcher, kept));
    OK(launcher_stop(f.launcher, kept, NULL, &f.err), &f.err);
    ck_assert(!runs(other));
    fixture_release(&f);
}

// The runner ends its run when the zygote dies.
static void
daemons_die_with_a_killed_zygote_at(enum isolation_level level)
{
    struct fixture f;
    if (!fixture_at(&f, level))
        return;
    char *name = own_name(&f.arena, "waif");
    pid_t pid = start_with_daemon(&f, name);
    kill(parent_of(parent_of(pid)), SIGKILL);
    ck_assert(becomes(name, false));
    fixture_release(&f);
}

AT_EACH_LEVEL(wall_limit_kills)
AT_EACH_LEVEL(daemons_die_with_the_run)
AT_EACH_LEVEL(fork_bomb_is_stopped)
AT_EACH_LEVEL(started_programs_stop)
AT_EACH_LEVEL(programs_die_with_the_launcher)
AT_EACH_LEVEL(programs_die_with_a_killed_supervisor)
AT_EACH_LEVEL(daemons_die_with_a_killed_runner)
AT_EACH_LEVEL(daemons_die_with_a_killed_zygote)

UNIT_MAIN("sandbox/end", wall_limit_kills, daemons_die_with_the_run, fork_bomb_is_stopped,
          started_programs_stop, programs_die_with_the_launcher, programs_die_with_a_killed_supervisor,
          daemons_die_with_a_killed_runner, daemons_die_with_a_killed_zygote)
