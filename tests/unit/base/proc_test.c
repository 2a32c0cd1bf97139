// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

static struct proc_result
run(struct proc_spec spec)
{
    struct proc_result result;
    ck_assert_msg(proc_run(&spec, &result, &err) == 0, "%s", err.message);
    return result;
}

static struct proc_result
run_shell(const char *script, struct proc_spec spec)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    spec.argv = argv;
    return run(spec);
}

// Whether a process lives; zombies do not.
static bool
is_alive(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    AUTO_BUF stat = BUF(4096);
    if (fs_read(path, 4096, &stat, &err) < 0)
        return false;
    const char *after = strrchr(buf_text(&stat), ')');
    return after && after[2] != 'Z';
}

START_TEST(gives_output_and_exit_code)
{
    AUTO_PROC_RESULT result = run_shell("echo out; echo err >&2; exit 3", (struct proc_spec){0});
    ck_assert_int_eq(result.exit_code, 3);
    ck_assert_int_eq(result.signal, 0);
    ck_assert(!result.timed_out && !result.truncated);
    ck_assert_str_eq(buf_text(&result.out), "out\n");
    ck_assert_str_eq(buf_text(&result.err), "err\n");
    ck_assert_int_gt(result.wall_ns, 0);
    AUTO_BUF text = BUF(100);
    proc_result_describe(&result, &text);
    ck_assert_str_eq(buf_text(&text), "exit code 3");
}
END_TEST

START_TEST(gives_the_signal)
{
    AUTO_PROC_RESULT result = run_shell("kill -SEGV $$", (struct proc_spec){0});
    ck_assert_int_eq(result.exit_code, -1);
    ck_assert_int_eq(result.signal, SIGSEGV);
    AUTO_BUF text = BUF(100);
    proc_result_describe(&result, &text);
    ck_assert_str_eq(buf_text(&text), "signal 11 (Segmentation fault)");
}
END_TEST

START_TEST(merges_output_in_order)
{
    AUTO_PROC_RESULT result =
        run_shell("echo 1; echo 2 >&2; echo 3", (struct proc_spec){.merge_stderr = true});
    ck_assert_str_eq(buf_text(&result.out), "1\n2\n3\n");
    ck_assert_uint_eq(result.err.len, 0);
}
END_TEST

START_TEST(feeds_stdin)
{
    AUTO_BUF text = BUF(1 << 20);
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, "line %d\n", i);
    const char *const argv[] = {"cat", NULL};
    AUTO_PROC_RESULT result = run((struct proc_spec){.argv = argv, .stdin_text = buf_str(&text)});
    ck_assert(str_eq(buf_str(&result.out), buf_str(&text)));
    AUTO_PROC_RESULT unread = run_shell("exit 0", (struct proc_spec){.stdin_text = buf_str(&text)});
    ck_assert_int_eq(unread.exit_code, 0);
    AUTO_PROC_RESULT empty = run((struct proc_spec){.argv = argv});
    ck_assert_uint_eq(empty.out.len, 0);
    ck_assert_int_eq(empty.exit_code, 0);
}
END_TEST

START_TEST(obeys_folder_and_environment)
{
    const char *const env[] = {"COLOUR=blue", NULL};
    AUTO_PROC_RESULT result =
        run_shell("echo $COLOUR $HOME; pwd", (struct proc_spec){.env = env, .cwd = "/usr"});
    ck_assert_str_eq(buf_text(&result.out), "blue\n/usr\n");
    setenv("COLOUR", "red", 1);
    AUTO_PROC_RESULT inherited = run_shell("echo $COLOUR", (struct proc_spec){0});
    ck_assert_str_eq(buf_text(&inherited.out), "red\n");
}
END_TEST

START_TEST(reports_what_cannot_start)
{
    struct proc_result result;
    const char *const unknown[] = {"no-such-program-anywhere", NULL};
    ck_assert_int_eq(proc_run(&(struct proc_spec){.argv = unknown}, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "no-such-program-anywhere"));
    const char *const missing[] = {"/no/such/program", NULL};
    ck_assert_int_eq(proc_run(&(struct proc_spec){.argv = missing}, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    const char *const shell[] = {"sh", NULL};
    ck_assert_int_eq(proc_run(&(struct proc_spec){.argv = shell, .cwd = "/no/such/folder"}, &result, &err),
                     -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    const char *const not_executable[] = {"/etc/passwd", NULL};
    ck_assert_int_eq(proc_run(&(struct proc_spec){.argv = not_executable}, &result, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
}
END_TEST

START_TEST(caps_output)
{
    AUTO_PROC_RESULT result =
        run_shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done; echo e >&2",
                  (struct proc_spec){.output_max_bytes = 1000});
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert(result.truncated);
    ck_assert_uint_eq(result.out.len, 1000);
    ck_assert(str_starts(buf_str(&result.out), STR("0123456789\n0123456789\n")));
    ck_assert_str_eq(buf_text(&result.err), "e\n");
    AUTO_PROC_RESULT exact = run_shell("printf 12345", (struct proc_spec){.output_max_bytes = 5});
    ck_assert(!exact.truncated);
}
END_TEST

START_TEST(ends_at_the_wall_limit)
{
    int64_t wall_ms = 300;
    struct proc_result result = {0};
    // Again with more time where the shell had not even begun.
    for (; result.out.len == 0 && wall_ms < 30000; wall_ms *= 4) {
        int64_t start_ns = clock_mono_ns();
        proc_result_release(&result);
        result = run_shell("trap '' TERM INT HUP; echo begun; sleep 200",
                           (struct proc_spec){.limits.wall_ms = wall_ms});
        int64_t took_ms = (clock_mono_ns() - start_ns) / CLOCK_MS_NS;
        ck_assert(result.timed_out);
        ck_assert_int_eq(result.signal, SIGKILL);
        ck_assert_int_ge(took_ms, wall_ms);
        ck_assert_int_lt(took_ms, wall_ms + 60000);
    }
    ck_assert_str_eq(buf_text(&result.out), "begun\n");
    AUTO_BUF text = BUF(100);
    proc_result_describe(&result, &text);
    ck_assert_str_eq(buf_text(&text), "time limit");
    proc_result_release(&result);
}
END_TEST

// Prints the process ids of a sleeping child, a sleeping grandchild, one that left for a session of its own,
// and one there whose parent is gone; goes on when all have done so. They sleep longer than any test runs.
static const char family[] =
    "rm -f two three four\n"
    "sleep 610 & echo $!\n"
    "(sleep 620 & echo $!; : >two; wait) &\n"
    "setsid sh -c 'echo $$; : >three; exec sleep 630' </dev/null 2>/dev/null &\n"
    "setsid sh -c '(setsid sh -c \"echo \\$\\$; : >four; exec sleep 640\" &)' & wait $!\n"
    "until [ -e two ] && [ -e three ] && [ -e four ]; do sleep 0.05; done\n";

static int
family_members(const struct proc_result *result)
{
    int members = 0;
    for (size_t i = 0; i < result->out.len; i++)
        members += buf_text(&result->out)[i] == '\n';
    return members;
}

static void
ck_family_dead(const struct proc_result *result)
{
    struct str rest = buf_str(&result->out);
    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        int64_t pid;
        if (line.len == 0)
            continue;
        ck_assert(str_to_i64(line, &pid));
        ck_assert_msg(!is_alive((pid_t)pid), "process %d lives on", (int)pid);
    }
    ck_assert_int_eq(family_members(result), 4);
}

START_TEST(kills_descendants_at_the_limit)
{
    AUTO_BUF script = BUF(1000);
    AUTO_ARENA arena = {0};
    char *dir = fs_temp_dir(&arena, NULL, "atoll-proc-", &err);
    buf_printf(&script, "%s sleep 650", family);
    struct proc_result result = {0};
    // Again with more time where not all of them were there at the limit.
    for (int64_t wall_ms = 900; family_members(&result) < 4 && wall_ms < 60000; wall_ms *= 4) {
        proc_result_release(&result);
        result = run_shell(buf_text(&script), (struct proc_spec){.cwd = dir, .limits.wall_ms = wall_ms});
        ck_assert(result.timed_out);
    }
    ck_family_dead(&result);
    proc_result_release(&result);
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
}
END_TEST

START_TEST(kills_what_a_finished_command_leaves)
{
    int64_t start_ns = clock_mono_ns();
    AUTO_ARENA arena = {0};
    char *dir = fs_temp_dir(&arena, NULL, "atoll-proc-", &err);
    AUTO_PROC_RESULT result = run_shell(family, (struct proc_spec){.cwd = dir});
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_int_lt((clock_mono_ns() - start_ns) / CLOCK_MS_NS, 120000);
    ck_family_dead(&result);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); // no child of ours is left either
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
}
END_TEST

// A caller that is killed with SIGKILL takes the command and its descendants along.
START_TEST(dies_with_its_caller)
{
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    pid_t caller = fork();
    if (caller == 0) {
        AUTO_BUF script = BUF(1000);
        buf_printf(
            &script,
            "exec 9>/proc/%d/fd/%d; setsid sh -c 'echo $$ >&9; exec sleep 660' & echo $$ >&9; exec sleep 670",
            (int)getpid(), out[1]);
        run_shell(buf_text(&script), (struct proc_spec){0});
        _exit(0);
    }
    char text[64] = "";
    size_t len = 0;
    struct pollfd watch = {.fd = out[0], .events = POLLIN};
    for (int lines = 0; lines < 2 && poll(&watch, 1, 60000) > 0;) {
        ck_assert_int_eq(read(out[0], text + len, 1), 1);
        lines += text[len++] == '\n';
    }
    int first = 0, second = 0;
    ck_assert_int_eq(sscanf(text, "%d %d", &first, &second), 2);
    ck_assert(is_alive(first) && is_alive(second));
    kill(caller, SIGKILL);
    waitpid(caller, NULL, 0);
    for (int i = 0; i < 3000 && (is_alive(first) || is_alive(second)); i++)
        poll(NULL, 0, 10);
    ck_assert_msg(!is_alive(first) && !is_alive(second), "orphans live on");
}
END_TEST

START_TEST(measures_cpu_and_memory)
{
    const char *const argv[] = {"sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done & wait", NULL};
    AUTO_PROC_RESULT busy = run((struct proc_spec){.argv = argv});
    ck_assert_int_gt(busy.cpu_ns, 20 * CLOCK_MS_NS); // a grandchild burnt it
    ck_assert_int_lt(busy.cpu_ns, busy.wall_ns * 3 / 2 + 50 * CLOCK_MS_NS);
    AUTO_PROC_RESULT idle = run_shell("sleep 0.5", (struct proc_spec){0});
    ck_assert_int_lt(idle.cpu_ns, 200 * CLOCK_MS_NS);
    ck_assert_int_ge(idle.wall_ns, 500 * CLOCK_MS_NS);
    ck_assert_uint_gt(idle.max_rss_bytes, 100000);
}
END_TEST

START_TEST(limits_cpu)
{
    AUTO_PROC_RESULT result =
        run_shell("while :; do :; done", (struct proc_spec){.limits = {.cpu_s = 1, .wall_ms = 45000}});
    ck_assert(!result.timed_out);
    ck_assert(result.signal == SIGXCPU || result.signal == SIGKILL);
}
END_TEST

START_TEST(limits_files_memory_descriptors)
{
    AUTO_ARENA arena = {0};
    char *dir = fs_temp_dir(&arena, NULL, "atoll-proc-", &err);
    struct rlimit core = {RLIM_INFINITY, RLIM_INFINITY};
    (void)setrlimit(RLIMIT_CORE, &core); // as far as we may
    AUTO_PROC_RESULT files =
        run_shell("yes > big; wc -c < big", (struct proc_spec){.cwd = dir, .limits.file_bytes = 8192});
    ck_assert_str_eq(buf_text(&files.out), "8192\n");
    AUTO_PROC_RESULT limits =
        run_shell("ulimit -v; ulimit -n; ulimit -c",
                  (struct proc_spec){.limits = {.memory_bytes = 512 << 20, .open_files = 20}});
    ck_assert_str_eq(buf_text(&limits.out), "524288\n20\n0\n");
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
}
END_TEST

// Neither descriptors nor blocked signals of the caller reach the command.
START_TEST(hands_nothing_down)
{
    int extra = open("/dev/null", O_RDONLY);
    ck_assert_int_gt(extra, 2);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGPIPE, SIG_IGN);
    const char *const argv[] = {"ls", "/proc/self/fd", NULL};
    AUTO_PROC_RESULT fds = run((struct proc_spec){.argv = argv});
    ck_assert_str_eq(buf_text(&fds.out), "0\n1\n2\n3\n"); // 3 is the folder that ls reads
    AUTO_PROC_RESULT masks =
        run_shell("sed -n 's/^Sig[BI][lg][kn]://p' /proc/self/status", (struct proc_spec){0});
    unsigned long long blocked = 1, ignored = 1;
    ck_assert_int_eq(sscanf(buf_text(&masks.out), "%llx %llx", &blocked, &ignored), 2);
    ck_assert_uint_eq(blocked, 0);
    ck_assert_uint_eq(ignored & 0x7fffffff, 0); // 32 and 33 belong to libc
}
END_TEST

START_TEST(finds_in_path)
{
    AUTO_ARENA arena = {0};
    const char *shell = proc_find(&arena, "sh");
    ck_assert_ptr_nonnull(shell);
    ck_assert_int_eq(shell[0], '/');
    ck_assert_str_eq(proc_find(&arena, "./x"), "./x");
    ck_assert_ptr_null(proc_find(&arena, "no-such-program-anywhere"));
}
END_TEST

UNIT_MAIN("base/proc", gives_output_and_exit_code, gives_the_signal, merges_output_in_order, feeds_stdin,
          obeys_folder_and_environment, reports_what_cannot_start, caps_output, ends_at_the_wall_limit,
          kills_descendants_at_the_limit, kills_what_a_finished_command_leaves, dies_with_its_caller,
          measures_cpu_and_memory, limits_cpu, limits_files_memory_descriptors, hands_nothing_down,
          finds_in_path)
