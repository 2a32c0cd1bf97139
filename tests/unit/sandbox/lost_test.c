// SPDX-License-Identifier: Apache-2.0
// What a run stands on dies at the moment that is worst for it. The moment is had by tracing the runner,
// which only the superuser may.
#include "tests/unit/sandbox/family.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static bool
may_trace(void)
{
    if (geteuid() == 0)
        return true;
    printf("skipped: needs the right to trace a process that is not dumpable\n");
    return false;
}

// The call that the runner makes its program's process with.
#ifdef SYS_vfork
enum { START_CALL = SYS_vfork };
#else
enum { START_CALL = SYS_clone };
#endif

// Waits for a traced process's next stop.
static void
await_stop(pid_t traced, int *status)
{
    if (waitpid(traced, status, __WALL) != traced || !WIFSTOPPED(*status))
        _exit(3);
}

// Waits until a traced runner has made its program's process, which is held back before it has done anything;
// its number.
static pid_t
hold_program(pid_t runner)
{
    unsigned long child = 0;
    int status;
    await_stop(runner, &status);
    if (status >> 16 != PTRACE_EVENT_VFORK || ptrace(PTRACE_GETEVENTMSG, runner, NULL, &child) < 0)
        _exit(4);
    await_stop((pid_t)child, &status);
    return (pid_t)child;
}

// In a process of its own: kills a runner between the start of its program's process and that process's first
// instruction, which comes when the zygote has looked for what that runner left.
static pid_t
kill_runner_at_start(pid_t runner, int ready)
{
    pid_t killer = fork();
    if (killer != 0)
        return killer;
    if (ptrace(PTRACE_SEIZE, runner, NULL, PTRACE_O_TRACEVFORK) < 0 || write(ready, "r", 1) != 1)
        _exit(2);
    pid_t program = hold_program(runner);
    kill(runner, SIGKILL);
    waitpid(runner, NULL, __WALL);
    sleep_ms(300);
    ptrace(PTRACE_DETACH, program, NULL, NULL);
    _exit(0);
}

static void
program_dies_with_a_runner_that_is_gone_at(enum isolation_level level)
{
    struct fixture f;
    int ends[2], status;
    char word;
    if (!may_trace() || !fixture_at(&f, level))
        return;
    char *name = own_name(&f.arena, "late");
    char *program =
        fixture_program(&f, name, "#include <unistd.h>\nint main(void) { sleep(120); return 0; }");
    struct family family = await_standing(level);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t killer = kill_runner_at_start(family.pids[2], ends[1]);
    ck_assert_int_eq(read(ends[0], &word, 1), 1);
    const char *const argv[] = {program, NULL}, *const paths[] = {f.folder, NULL};
    struct launch_spec spec = {.argv = argv, .read_paths = paths};
    struct launch_result result;
    ck_assert_int_eq(launcher_run(f.launcher, &spec, &result, &f.err), -1);
    ck_assert_int_eq(f.err.kind, ERR_LOST);
    ck_assert_int_eq(waitpid(killer, &status, 0), killer);
    ck_assert_int_eq(status, 0);
    ck_assert(becomes(name, false));
    fixture_release(&f);
}

static void
launches_go_on_after_a_killed_namespace_at(enum isolation_level level)
{
    struct shell s;
    if (level < ISOLATION_CELL || !shell_at(&s, level))
        return;
    for (int i = 0; i < 20; i++) {
        struct family family = await_standing(level);
        kill(family.pids[3], SIGKILL);
        while (lives(family.pids[3]))
            continue;
        // The runner may still have to notice, or has.
        struct family below = {{family.pids[1], family.pids[2]}, 2};
        ck_assert(i % 2 != 0 || all_end(&below));
        shell_run(&s, "echo served");
        ck_assert_str_eq(buf_text(&s.result.output), "served\n");
    }
    shell_release(&s);
}

// In a process of its own: kills the namespace of a runner that has its request, before its program is in it.
static pid_t
kill_namespace_at_start(const struct family *family, int ready)
{
    pid_t killer = fork();
    if (killer != 0)
        return killer;
    pid_t runner = family->pids[2], warden = family->pids[3];
    struct __ptrace_syscall_info call;
    int status;
    if (ptrace(PTRACE_SEIZE, runner, NULL, PTRACE_O_TRACESYSGOOD) < 0 ||
        ptrace(PTRACE_INTERRUPT, runner, NULL, NULL) < 0 || write(ready, "r", 1) != 1)
        _exit(2);
    do {
        await_stop(runner, &status);
        if (ptrace(PTRACE_GET_SYSCALL_INFO, runner, (void *)(uintptr_t)sizeof(call), &call) < 0)
            _exit(4);
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY && call.entry.nr == START_CALL)
            break;
    } while (ptrace(PTRACE_SYSCALL, runner, NULL, NULL) == 0);
    kill(warden, SIGKILL);
    while (lives(warden))
        sleep_ms(1);
    ptrace(PTRACE_DETACH, runner, NULL, NULL);
    _exit(0);
}

// `stays`: for a program that goes on running.
static void
launch_into_a_killed_namespace(enum isolation_level level, bool stays)
{
    struct fixture f;
    int ends[2], status;
    char word;
    if (!fixture_at(&f, level))
        return;
    struct family family = await_standing(level);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t killer = kill_namespace_at_start(&family, ends[1]), program;
    ck_assert_int_eq(read(ends[0], &word, 1), 1);
    const char *const argv[] = {"/bin/cat", NULL};
    struct launch_spec spec = {.argv = argv, .stdin_text = STR("served")};
    struct launch_result result;
    if (stays) {
        OK(launcher_start(f.launcher, &spec, &program, &f.err), &f.err);
        OK(launcher_stop(f.launcher, program, NULL, &f.err), &f.err);
    } else {
        OK(launcher_run(f.launcher, &spec, &result, &f.err), &f.err);
        ck_assert_str_eq(buf_text(&result.output), "served");
        launch_result_release(&result);
    }
    ck_assert_int_eq(waitpid(killer, &status, 0), killer);
    ck_assert_int_eq(status, 0);
    fixture_release(&f);
}

static void
launch_is_tried_again_in_another_namespace_at(enum isolation_level level)
{
    if (level < ISOLATION_CELL || !may_trace())
        return;
    launch_into_a_killed_namespace(level, false);
    launch_into_a_killed_namespace(level, true);
}

AT_EACH_LEVEL(program_dies_with_a_runner_that_is_gone)
AT_EACH_LEVEL(launches_go_on_after_a_killed_namespace)
AT_EACH_LEVEL(launch_is_tried_again_in_another_namespace)

UNIT_MAIN("sandbox/lost", program_dies_with_a_runner_that_is_gone, launches_go_on_after_a_killed_namespace,
          launch_is_tried_again_in_another_namespace)
