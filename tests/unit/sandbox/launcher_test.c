// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sandbox/launcher.h"
#include "tests/unit/sandbox/shell.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Too long for one packet.
START_TEST(long_arguments_arrive)
{
    struct fixture f;
    fixture_init(&f);
    static char argument[100000];
    memset(argument, 'a', sizeof(argument) - 1);
    const char *const argv[] = {"/bin/sh", "-c", "cat; echo ${#1}", "sh", argument, NULL};
    struct launch_spec spec = {.argv = argv, .stdin_text = STR("typed\n")};
    struct launch_result result;
    OK(launcher_run(f.launcher, &spec, &result, &f.err), &f.err);
    ck_assert_str_eq(buf_text(&result.output), "typed\n99999\n");
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

UNIT_MAIN("sandbox/launcher", nobody_looks_into_the_owner_of_programs, reports_how_it_ended,
          input_and_descriptors_are_passed, long_arguments_arrive, unknown_program_is_an_error,
          environment_is_clean, no_privilege_is_left, secrets_outside_are_not_read, writing_is_confined,
          compiler_works_in_the_sandbox, cpu_and_file_limits_kill, memory_limit_is_told,
          given_environment_and_folder_hold, runs_go_side_by_side, output_is_capped)
