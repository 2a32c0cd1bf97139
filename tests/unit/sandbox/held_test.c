// SPDX-License-Identifier: Apache-2.0
// A process that no signal ends, since it waits within the kernel for what no signal interrupts: a run with
// such a one is over all the same, says so, and keeps nobody from the next.
#include "base/log.h"
#include "tests/unit/sandbox/family.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

// In a process of its own: holds the lock of a pipe, as it writes what is at an address that nobody fills,
// until it is killed. Whoever reads from the pipe meanwhile waits for the lock.
static void
hold_pipe(int pipe_end)
{
    // It keeps nothing else of this process's.
    if (dup2(pipe_end, STDIN_FILENO) < 0 || syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0)
        _exit(1);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *missing = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {{(uintptr_t)missing, page}, UFFDIO_REGISTER_MODE_MISSING, 0};
    if (faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0 || ioctl(faults, UFFDIO_REGISTER, &range) < 0)
        _exit(1);
    (void)!write(STDIN_FILENO, missing, 1);
    _exit(1);
}

// The state of a process: R, S, D, Z, ...; 0 when it is gone.
static char
state_of(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *after = strrchr(text, ')');
    return after ? after[2] : 0;
}

// A pipe, and the process that holds it.
struct hold {
    int ends[2];
    pid_t holder;
};

// False where nobody may.
static bool
hold_begin(struct hold *hold)
{
    ck_assert_int_eq(pipe2(hold->ends, O_CLOEXEC), 0);
    hold->holder = fork();
    if (hold->holder == 0)
        hold_pipe(hold->ends[1]);
    sleep_ms(200);
    if (waitpid(hold->holder, NULL, WNOHANG) == 0)
        return true;
    printf("skipped: needs the right to handle page faults of the kernel\n");
    close(hold->ends[0]);
    close(hold->ends[1]);
    return false;
}

// What waits for the pipe ends, as it was killed.
static void
hold_end(struct hold *hold)
{
    kill(hold->holder, SIGKILL);
    waitpid(hold->holder, NULL, 0);
    close(hold->ends[0]);
    close(hold->ends[1]);
}

static void
count_warnings(void *context, enum log_level level, const char *text)
{
    if (level == LOG_LEVEL_WARN && strstr(text, "have not ended"))
        ++*(int *)context;
}

static const char reader_source[] =
    "#include <unistd.h>\n"
    // Alone, or as a daemon beside others that do end.
    "int main(int n, char **v) { char c; if (n > 1) {\n"
    "  for (int i = 0; i < 5; i++) if (fork() == 0) { setsid(); if (i) for (;;) pause(); goto held; }\n"
    "  sleep(1); return 0; }\n"
    "held: read(3, &c, 1); for (;;) pause(); }\n";

static struct launch_spec
reader_spec(const struct hold *hold, const char *const *argv, const char *const *paths)
{
    return (struct launch_spec){.profile = argv[1] ? LAUNCH_BUILD : LAUNCH_RUN,
                                .argv = argv,
                                .read_paths = paths,
                                .pass_fds = &hold->ends[0],
                                .pass_fd_count = 1,
                                .limits = {.wall_ms = argv[1] ? 60000 : 300}};
}

// `mode` NULL: the program itself is held; else a daemon that it leaves.
static void
held_run_is_over(enum isolation_level level, const char *mode)
{
    struct shell s;
    struct hold hold;
    int warnings = 0;
    if (!shell_at(&s, level))
        return;
    char *name = own_name(&s.f.arena, "held");
    const char *const argv[] = {fixture_program(&s.f, name, reader_source), mode, NULL};
    const char *const paths[] = {s.f.folder, NULL};
    if (hold_begin(&hold)) {
        struct launch_spec spec = reader_spec(&hold, argv, paths);
        log_set_sink(count_warnings, &warnings);
        OK(launcher_run(s.f.launcher, &spec, &s.result, &s.f.err), &s.f.err);
        ck_assert_uint_eq(s.result.left, 1);
        ck_assert_int_eq(warnings, 1);
        ck_assert_str_eq(s.result.limit ? s.result.limit : "", mode ? "" : "wall");
        ck_assert_int_eq(s.result.signal, mode ? 0 : SIGKILL);
        ck_assert_int_eq(s.result.exit_code, mode ? 0 : -1);
        pid_t held = find_process(name);
        ck_assert_int_eq(state_of(held), 'D');
        shell_run(&s, "echo served");
        ck_assert_str_eq(buf_text(&s.result.output), "served\n");
        ck_assert_uint_eq(s.result.left, 0);
        hold_end(&hold);
        // It is reaped as well.
        for (int i = 0; i < 1000 && state_of(held) != 0; i++)
            sleep_ms(10);
        ck_assert_int_eq(state_of(held), 0);
        ck_assert(!runs(name));
        await_standing(level);
    }
    shell_release(&s);
}

static void
held_program_is_not_waited_for_at(enum isolation_level level)
{
    held_run_is_over(level, NULL);
}

static void
held_daemon_is_not_waited_for_at(enum isolation_level level)
{
    held_run_is_over(level, "daemon");
}

// What a killed runner leaves, and the end of the launcher.
static void
held_stray_is_not_waited_for_at(enum isolation_level level)
{
    struct shell s;
    struct hold hold;
    if (!shell_at(&s, level))
        return;
    pid_t zygote = await_standing(level).pids[1];
    char *name = own_name(&s.f.arena, "waits");
    const char *const argv[] = {fixture_program(&s.f, name, reader_source), NULL};
    const char *const paths[] = {s.f.folder, NULL};
    if (hold_begin(&hold)) {
        struct launch_spec spec = reader_spec(&hold, argv, paths);
        pid_t program = -1;
        spec.limits.wall_ms = 0;
        OK(launcher_start(s.f.launcher, &spec, &program, &s.f.err), &s.f.err);
        while (state_of(program) != 'D')
            sleep_ms(1);
        char text[32];
        snprintf(text, sizeof(text), "%ld", (long)program);
        kill(parent_of(text), SIGKILL);
        // By the runner that stood ready, and by one that had to be made.
        for (int i = 0; i < 2; i++) {
            shell_run(&s, "echo served");
            ck_assert_str_eq(buf_text(&s.result.output), "served\n");
        }
        ck_assert_int_eq(launcher_stop(s.f.launcher, program, NULL, &s.f.err), -1);
        ck_assert_int_eq(s.f.err.kind, ERR_LOST);
        launcher_free(s.f.launcher);
        s.f.launcher = NULL;
        ck_assert_int_eq(state_of(zygote), 0);
        ck_assert_int_eq(state_of(program), 'D');
        hold_end(&hold);
        ck_assert(becomes(name, false));
    }
    shell_release(&s);
}

AT_EACH_LEVEL(held_program_is_not_waited_for)
AT_EACH_LEVEL(held_daemon_is_not_waited_for)
AT_EACH_LEVEL(held_stray_is_not_waited_for)

UNIT_MAIN("sandbox/held", held_program_is_not_waited_for, held_daemon_is_not_waited_for,
          held_stray_is_not_waited_for)
