// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sandbox/launcher.h"
#include "tests/unit/sandbox/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Runs a shell command line under BUILD, with the scratch folder writable.
struct shell {
    struct fixture f;
    struct launch_result result;
    struct launch_limits limits;
    const char *read_paths[2];
    size_t output_max_bytes;
};

static void
shell_init(struct shell *shell)
{
    *shell = (struct shell){.limits = {.wall_ms = 60000}};
    fixture_init(&shell->f);
}

static void
shell_run(struct shell *shell, const char *command)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const char *const write_paths[] = {shell->f.folder, NULL};
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .cwd = shell->f.folder,
                               .read_paths = shell->read_paths,
                               .write_paths = write_paths,
                               .output_max_bytes = shell->output_max_bytes,
                               .limits = shell->limits};
    launch_result_release(&shell->result);
    OK(launcher_run(shell->f.launcher, &spec, &shell->result, &shell->f.err), &shell->f.err);
}

static void
shell_release(struct shell *shell)
{
    launch_result_release(&shell->result);
    fixture_release(&shell->f);
}

static void
sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

// A living process of this name (at most 15 characters) on the machine, or 0.
static pid_t
find_process(const char *name)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    AUTO_BUF wanted = BUF(100);
    buf_printf(&wanted, " (%s) ", name);
    for (struct dirent *entry; (entry = readdir(proc));) {
        char path[300], text[512] = "";
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        int fd = open(path, O_RDONLY);
        if (fd < 0)
            continue;
        (void)!read(fd, text, sizeof(text) - 1);
        close(fd);
        const char *at = strstr(text, buf_text(&wanted));
        if (at && at[wanted.len] != 'Z' && at[wanted.len] != 'X')
            found = (pid_t)strtol(text, NULL, 10);
    }
    closedir(proc);
    return found;
}

static bool
runs(const char *name)
{
    return find_process(name) > 0;
}

// Waits, 10 s at most, until such a process lives (or none does); whether that came.
static bool
becomes(const char *name, bool alive)
{
    for (int i = 0; i < 1000 && runs(name) != alive; i++)
        sleep_ms(10);
    return runs(name) == alive;
}

// A name that no other test, of this run or another, gives a process; in the arena. At most 15 characters.
static char *
own_name(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%.8s%d", prefix, (int)getpid());
}

START_TEST(nobody_looks_into_the_owner_of_programs)
{
    struct fixture f;
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
    fixture_init(&f);
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
    fixture_release(&f);
}
END_TEST

START_TEST(reports_how_it_ended)
{
    struct shell s;
    shell_init(&s);
    shell_run(&s, "echo out; echo err >&2; exit 3");
    ck_assert_int_eq(s.result.exit_code, 3);
    ck_assert_int_eq(s.result.signal, 0);
    ck_assert_ptr_null(s.result.limit);
    ck_assert_str_eq(buf_text(&s.result.output), "out\nerr\n");
    ck_assert_int_gt(s.result.wall_ns, 0);
    ck_assert_uint_gt(s.result.max_rss_bytes, 100000);
    shell_run(&s, "kill -9 $$");
    ck_assert_int_eq(s.result.exit_code, -1);
    ck_assert_int_eq(s.result.signal, SIGKILL);
    ck_assert_ptr_null(s.result.limit);
    shell_release(&s);
}
END_TEST

START_TEST(input_and_descriptors_are_passed)
{
    struct fixture f;
    fixture_init(&f);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const char *const argv[] = {"/bin/sh", "-c", "cat; echo hello >&3; ls /proc/self/fd", NULL};
    struct launch_spec spec = {
        .argv = argv, .stdin_text = STR("typed\n"), .pass_fds = &ends[1], .pass_fd_count = 1};
    struct launch_result result;
    OK(launcher_run(f.launcher, &spec, &result, &f.err), &f.err);
    char text[16] = "";
    ck_assert_int_eq(read(ends[0], text, sizeof(text)), 6);
    ck_assert_str_eq(text, "hello\n");
    ck_assert_int_eq(strncmp(buf_text(&result.output), "typed\n", 6), 0);
    launch_result_release(&result);
    fixture_release(&f);
}
END_TEST

START_TEST(unknown_program_is_an_error)
{
    struct fixture f;
    fixture_init(&f);
    const char *const argv[] = {"/no/such/program", NULL};
    struct launch_spec spec = {.argv = argv};
    struct launch_result result;
    ck_assert_int_eq(launcher_run(f.launcher, &spec, &result, &f.err), -1);
    ck_assert_int_eq(f.err.kind, ERR_NOT_FOUND);
    ck_assert_msg(strstr(f.err.message, "/no/such/program"), "%s", f.err.message);
    fixture_release(&f);
}
END_TEST

START_TEST(environment_is_clean)
{
    struct shell s;
    setenv("ATOLL_TEST_SECRET", "planted", 1);
    shell_init(&s);
    shell_run(&s, "env; cat /proc/self/environ");
    ck_assert_ptr_null(memmem(s.result.output.ptr, s.result.output.len, "planted", 7));
    ck_assert_msg(strstr(buf_text(&s.result.output), "LANG=C.UTF-8"), "%s", buf_text(&s.result.output));
    ck_assert_msg(strstr(buf_text(&s.result.output), "TMPDIR="), "%s", buf_text(&s.result.output));
    shell_release(&s);
}
END_TEST

START_TEST(no_privilege_is_left)
{
    struct shell s;
    shell_init(&s);
    shell_run(&s, "exec cat /proc/self/status");
    static const char *const lines[] = {"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
                                        "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(geteuid() != 0 && strncmp(lines[i], "CapBnd", 6) == 0
                          ? true
                          : strstr(buf_text(&s.result.output), lines[i]) != NULL,
                      "%s is not in %s", lines[i], buf_text(&s.result.output));
    shell_release(&s);
}
END_TEST

// Needs level fence; below it, file access is not limited and says so.
static bool
has_fence(const struct shell *shell)
{
    if (launcher_level(shell->f.launcher) >= ISOLATION_FENCE)
        return true;
    skip_without_landlock("limiting file access", 3);
    return false;
}

START_TEST(secrets_outside_are_not_read)
{
    struct shell s;
    shell_init(&s);
    char *secret_folder = fs_temp_dir(&s.f.arena, NULL, "secret", &s.f.err);
    char *secret = fs_join(&s.f.arena, secret_folder, "token");
    char *command = arena_printf(&s.f.arena, "cat %s", secret);
    OK(fs_write(secret, STR("planted"), &s.f.err), &s.f.err);
    if (has_fence(&s)) {
        shell_run(&s, command);
        ck_assert_int_ne(s.result.exit_code, 0);
        ck_assert_ptr_null(strstr(buf_text(&s.result.output), "planted"));
        shell_run(&s, arena_printf(&s.f.arena, "ln -s %s link && cat link", secret));
        ck_assert_ptr_null(strstr(buf_text(&s.result.output), "planted"));
        shell_run(&s, "cat /etc/shadow");
        ck_assert_int_ne(s.result.exit_code, 0);
    }
    s.read_paths[0] = secret_folder;
    shell_run(&s, command);
    ck_assert_str_eq(buf_text(&s.result.output), "planted");
    OK(fs_remove_tree(secret_folder, &s.f.err), &s.f.err);
    shell_release(&s);
}
END_TEST

START_TEST(writing_is_confined)
{
    struct shell s;
    shell_init(&s);
    char *outside = fs_temp_dir(&s.f.arena, NULL, "outside", &s.f.err);
    char *file = fs_join(&s.f.arena, outside, "file");
    OK(fs_write(file, STR("kept"), &s.f.err), &s.f.err);
    shell_run(&s, "echo inside > file && mkdir d && mv file d/ && cat d/file");
    ck_assert_str_eq(buf_text(&s.result.output), "inside\n");
    static const char *const attacks[] = {"echo x > %s/new",
                                          "echo x >> %s/file",
                                          "rm %s/file",
                                          "mv %s/file here",
                                          "ln %s/file hard",
                                          "mkdir %s/d",
                                          "ln -s %s/file soft; echo x > soft"};
    s.read_paths[0] = outside;
    for (size_t i = 0; has_fence(&s) && i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        AUTO_BUF command = BUF(1000);
        const char *at = strstr(attacks[i], "%s");
        buf_printf(&command, "%.*s%s%s", (int)(at - attacks[i]), attacks[i], outside, at + 2);
        shell_run(&s, buf_text(&command));
        ck_assert_msg(s.result.exit_code != 0, "%s", attacks[i]);
        AUTO_BUF content = BUF(100);
        OK(fs_read(file, 100, &content, &s.f.err), &s.f.err);
        ck_assert_str_eq(buf_text(&content), "kept");
    }
    OK(fs_remove_tree(outside, &s.f.err), &s.f.err);
    shell_release(&s);
}
END_TEST

START_TEST(compiler_works_in_the_sandbox)
{
    struct shell s;
    shell_init(&s);
    shell_run(&s, "echo 'int puts(const char *); int main(void) { puts(\"built\"); return 0; }' > a.c && "
                  "gcc -O1 -w -o a a.c && ./a");
    ck_assert_str_eq(buf_text(&s.result.output), "built\n");
    shell_release(&s);
}
END_TEST

START_TEST(wall_limit_kills)
{
    struct shell s;
    shell_init(&s);
    s.limits.wall_ms = 300;
    int64_t start_ns = clock_mono_ns();
    shell_run(&s, "trap '' TERM HUP INT; (while :; do :; done) & while :; do :; done");
    int64_t took_ms = (clock_mono_ns() - start_ns) / CLOCK_MS_NS;
    ck_assert_str_eq(s.result.limit, "wall");
    ck_assert_int_ge(took_ms, 300);
    ck_assert_int_lt(took_ms, 60000);
    shell_release(&s);
}
END_TEST

START_TEST(cpu_and_file_limits_kill)
{
    struct shell s;
    shell_init(&s);
    s.limits = (struct launch_limits){.wall_ms = 45000, .cpu_ms = 1000};
    shell_run(&s, "while :; do :; done");
    ck_assert_str_eq(s.result.limit, "cpu");
    ck_assert_int_ge(s.result.cpu_ns, 700 * CLOCK_MS_NS);
    s.limits.file_bytes = 100000;
    shell_run(&s, "trap '' XFSZ; head -c 1000000 /dev/zero > big; stat -c %s big");
    ck_assert_msg(strstr(buf_text(&s.result.output), "100000\n"), "%s", buf_text(&s.result.output));
    shell_release(&s);
}
END_TEST

START_TEST(memory_limit_is_told)
{
    struct shell s;
    shell_init(&s);
    fixture_program(&s.f, "hungry",
                    "#include <stdlib.h>\n#include <string.h>\n"
                    "int main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }");
    s.limits.memory_bytes = 100 << 20;
    shell_run(&s, "exec ./hungry");
    ck_assert_int_eq(s.result.signal, SIGSEGV);
    ck_assert_str_eq(s.result.limit, "memory");
    ck_assert_uint_lt(s.result.max_rss_bytes, 110 << 20);
    shell_release(&s);
}
END_TEST

START_TEST(given_environment_and_folder_hold)
{
    struct fixture f;
    fixture_init(&f);
    const char *const argv[] = {"/bin/sh", "-c", "pwd; echo $ONLY-$PATH2; ulimit -n; ulimit -c", NULL};
    const char *const env[] = {"ONLY=this", NULL};
    struct launch_spec spec = {.argv = argv, .env = env, .cwd = "/usr/lib", .limits = {.open_files = 17}};
    struct launch_result result;
    OK(launcher_run(f.launcher, &spec, &result, &f.err), &f.err);
    ck_assert_str_eq(buf_text(&result.output), "/usr/lib\nthis-\n17\n0\n");
    launch_result_release(&result);
    spec.cwd = "/no/such/folder";
    ck_assert_int_eq(launcher_run(f.launcher, &spec, &result, &f.err), -1);
    ck_assert_msg(strstr(f.err.message, "working directory"), "%s", f.err.message);
    fixture_release(&f);
}
END_TEST

START_TEST(runs_go_side_by_side)
{
    struct fixture f;
    fixture_init(&f);
    char *program = fixture_program(&f, own_name(&f.arena, "pair"),
                                    "#include <unistd.h>\nint main(void) { for (;;) pause(); }");
    const char *const argv[] = {program, NULL}, *const read_paths[] = {program, NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN, .argv = argv, .read_paths = read_paths};
    pid_t pids[3];
    for (size_t i = 0; i < 3; i++)
        OK(launcher_start(f.launcher, &spec, &pids[i], &f.err), &f.err);
    OK(launcher_stop(f.launcher, pids[1], NULL, &f.err), &f.err);
    ck_assert(launcher_alive(f.launcher, pids[0]) && launcher_alive(f.launcher, pids[2]));
    ck_assert(!launcher_alive(f.launcher, pids[1]));
    kill(pids[0], SIGTERM);
    for (int i = 0; i < 1000 && launcher_alive(f.launcher, pids[0]); i++)
        sleep_ms(10);
    ck_assert(!launcher_alive(f.launcher, pids[0]));
    struct launch_result result;
    OK(launcher_stop(f.launcher, pids[0], &result, &f.err), &f.err);
    ck_assert_int_eq(result.signal, SIGTERM);
    launch_result_release(&result);
    fixture_release(&f);
}
END_TEST

START_TEST(output_is_capped)
{
    struct shell s;
    shell_init(&s);
    s.output_max_bytes = 5000;
    shell_run(&s, "head -c 3000000 /dev/zero; exit 4");
    ck_assert_int_eq(s.result.exit_code, 4);
    ck_assert_uint_eq(s.result.output.len, 5000);
    ck_assert_str_eq(s.result.limit, "output");
    shell_run(&s, "echo little");
    ck_assert_ptr_null(s.result.limit);
    shell_release(&s);
}
END_TEST

static const char daemon_source[] =
    "#include <stdlib.h>\n#include <unistd.h>\n"
    "#include <fcntl.h>\n"
    // The pipe closes when the daemon is the program.
    "int main(int n, char **v) { if (n == 1) {\n"
    "  int ends[2]; char c; pipe2(ends, O_CLOEXEC);\n"
    "  if (fork() == 0) { setsid(); if (fork() == 0) execl(v[0], v[0], \"x\", NULL); _exit(0); }\n"
    "  close(ends[1]); return (int)read(ends[0], &c, 1); }\n"
    "  for (;;) pause(); }\n";

START_TEST(daemons_die_with_the_run)
{
    struct shell s;
    shell_init(&s);
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
END_TEST

START_TEST(fork_bomb_is_stopped)
{
    struct shell s;
    shell_init(&s);
    char *name = own_name(&s.f.arena, "bomb");
    fixture_program(
        &s.f, name,
        // At most 400 processes, which end by themselves: a test must not take the machine with it.
        "#include <unistd.h>\nint main(void) { for (int i = 0; i < 400; i++) { usleep(500);"
        " if (fork() == 0) { setsid(); sleep(90); _exit(0); } } sleep(90); return 0; }");
    s.limits = (struct launch_limits){.wall_ms = 30000, .processes = 30};
    int64_t start_ns = clock_mono_ns();
    shell_run(&s, arena_printf(&s.f.arena, "exec ./%s", name));
    ck_assert_msg(s.result.limit && strcmp(s.result.limit, "processes") == 0, "%s", s.result.limit);
    ck_assert_int_lt((clock_mono_ns() - start_ns) / CLOCK_MS_NS, 60000);
    ck_assert(!runs(name));
    shell_release(&s);
}
END_TEST

// Starts a program that says "up" and sleeps; it has said so when this returns.
static pid_t
start_sleeper(struct fixture *f, const char *name)
{
    char *program =
        fixture_program(f, name,
                        "#include <stdio.h>\n#include <unistd.h>\n"
                        "int main(void) { puts(\"up\"); fflush(stdout); close(3); for (;;) pause(); }");
    int ends[2];
    char nothing;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const char *const argv[] = {program, NULL}, *const read_paths[] = {f->folder, NULL};
    struct launch_spec spec = {.profile = LAUNCH_RUN,
                               .argv = argv,
                               .read_paths = read_paths,
                               .pass_fds = &ends[1],
                               .pass_fd_count = 1};
    pid_t pid = -1;
    OK(launcher_start(f->launcher, &spec, &pid, &f->err), &f->err);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &nothing, 1), 0);
    close(ends[0]);
    return pid;
}

START_TEST(started_programs_stop)
{
    struct fixture f;
    struct launch_result result;
    fixture_init(&f);
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
END_TEST

START_TEST(programs_die_with_the_launcher)
{
    struct fixture f;
    AUTO_ARENA arena = {0};
    fixture_init(&f);
    char *name = own_name(&arena, "orphan");
    start_sleeper(&f, name);
    ck_assert(runs(name));
    fixture_release(&f);
    ck_assert(!runs(name));
}
END_TEST

START_TEST(programs_die_with_a_killed_supervisor)
{
    int ends[2];
    char ready;
    AUTO_ARENA arena = {0};
    char *name = own_name(&arena, "orphan");
    ck_assert_int_eq(pipe(ends), 0);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        struct fixture f;
        fixture_init(&f);
        start_sleeper(&f, name);
        (void)!write(ends[1], "r", 1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &ready, 1), 1);
    ck_assert(runs(name));
    kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    ck_assert(becomes(name, false));
}
END_TEST

UNIT_MAIN("sandbox/launcher", nobody_looks_into_the_owner_of_programs, reports_how_it_ended,
          input_and_descriptors_are_passed, unknown_program_is_an_error, environment_is_clean,
          no_privilege_is_left, secrets_outside_are_not_read, writing_is_confined,
          compiler_works_in_the_sandbox, wall_limit_kills, cpu_and_file_limits_kill, memory_limit_is_told,
          given_environment_and_folder_hold, runs_go_side_by_side, output_is_capped, daemons_die_with_the_run,
          fork_bomb_is_stopped, started_programs_stop, programs_die_with_the_launcher,
          programs_die_with_a_killed_supervisor)
