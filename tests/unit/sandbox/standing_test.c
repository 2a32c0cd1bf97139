// SPDX-License-Identifier: Apache-2.0
// A runner that stands ready for the next launch: it serves one, knows nothing of the one before, and is gone
// with its launcher.
#include "base/clock.h"
#include "sandbox/namespaces.h"
#include "tests/unit/sandbox/family.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static void
standing_runner_ends_with_the_launcher_at(enum isolation_level level)
{
    struct fixture f;
    if (!fixture_at(&f, level))
        return;
    struct family family = await_standing(level);
    fixture_release(&f);
    for (size_t i = 1; i < family.count; i++)
        ck_assert(kill(family.pids[i], 0) < 0 && errno == ESRCH);
}

static void
standing_runner_dies_with_a_killed_supervisor_at(enum isolation_level level)
{
    int ends[2];
    struct family family = {.count = 0};
    ck_assert_int_eq(pipe(ends), 0);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        struct fixture f;
        if (fixture_at(&f, level))
            family = await_standing(level);
        (void)!write(ends[1], &family, sizeof(family));
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ends[0], &family, sizeof(family)), sizeof(family));
    kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    ck_assert(all_end(&family));
}

static void
standing_runner_dies_with_a_killed_zygote_at(enum isolation_level level)
{
    struct fixture f;
    if (!fixture_at(&f, level))
        return;
    struct family family = await_standing(level);
    kill(family.pids[1], SIGKILL);
    struct family below = {.count = family.count - 1};
    memcpy(below.pids, family.pids + 1, below.count * sizeof(pid_t));
    ck_assert(all_end(&below));
    const char *const argv[] = {"/bin/true", NULL};
    struct launch_spec spec = {.argv = argv};
    struct launch_result result;
    ck_assert_int_eq(launcher_run(f.launcher, &spec, &result, &f.err), -1);
    ck_assert_int_eq(f.err.kind, ERR_LOST);
    fixture_release(&f);
}

static void
lost_runner_is_replaced_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    struct family family = await_standing(level);
    kill(family.pids[2], SIGKILL);
    struct family below = {.count = family.count - 2};
    memcpy(below.pids, family.pids + 2, below.count * sizeof(pid_t));
    ck_assert(all_end(&below));
    for (int i = 0; i < 2; i++) {
        shell_run(&s, "echo served");
        ck_assert_str_eq(buf_text(&s.result.output), "served\n");
        await_standing(level);
    }
    shell_release(&s);
}

// Kills, from a process of its own, the runner that this zygote has by then.
static pid_t
kill_runner_later(pid_t zygote)
{
    pid_t killer = fork();
    if (killer != 0)
        return killer;
    sleep_ms(300);
    struct family family = find_family(zygote);
    _exit(family.count > 1 && kill(family.pids[1], SIGKILL) == 0 ? 0 : 1);
}

static void
launches_go_on_after_killed_runners_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    pid_t zygote = await_standing(level).pids[1];
    const char *const argv[] = {"/bin/sleep", "60", NULL};
    struct launch_spec spec = {.argv = argv};
    for (int i = 0, status; i < 3; i++) {
        pid_t killer = kill_runner_later(zygote);
        ck_assert_int_eq(launcher_run(s.f.launcher, &spec, &s.result, &s.f.err), -1);
        ck_assert_int_eq(s.f.err.kind, ERR_LOST);
        ck_assert_int_eq(waitpid(killer, &status, 0), killer);
        ck_assert_int_eq(status, 0);
    }
    shell_run(&s, "echo served");
    ck_assert_str_eq(buf_text(&s.result.output), "served\n");
    shell_release(&s);
}

static void
each_runner_serves_once_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    pid_t before = -1;
    for (int i = 0; i < 3; i++) {
        struct family family = await_standing(level);
        // A runner reports before it ends.
        for (int k = 0; k < 1000 && family.pids[2] == before; k++) {
            sleep_ms(10);
            family = await_standing(level);
        }
        ck_assert_int_ne(family.pids[2], before);
        before = family.pids[2];
        shell_run(&s, "echo $PPID");
        ck_assert_int_eq(s.result.exit_code, 0);
        // Below level cell the program's parent can be named, and is the runner that stood there.
        if (level < ISOLATION_CELL)
            ck_assert_int_eq(strtol(buf_text(&s.result.output), NULL, 10), before);
    }
    shell_release(&s);
}

// A program gets a descriptor, and leaves files, memory, a daemon and its own descriptors behind.
static void
leave_things(struct shell *s, const char *name)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    char *command = arena_printf(&s->f.arena,
                                 "echo x > /tmp/left; echo x > /dev/shm/left; cp /bin/sleep %s/%s; "
                                 "setsid ./%s 99 & exec 8>/tmp/open; echo given >&3; ls /tmp /dev/shm",
                                 s->f.folder, name, name);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL}, *const paths[] = {s->f.folder, NULL};
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .cwd = s->f.folder,
                               .write_paths = paths,
                               .pass_fds = &ends[1],
                               .pass_fd_count = 1};
    char text[16] = "";
    OK(launcher_run(s->f.launcher, &spec, &s->result, &s->f.err), &s->f.err);
    ck_assert_int_eq(read(ends[0], text, sizeof(text)), 6);
    ck_assert_ptr_nonnull(strstr(buf_text(&s->result.output), "left"));
    close(ends[0]);
    close(ends[1]);
}

static void
launches_share_nothing_at(enum isolation_level level)
{
    struct shell s;
    if (level < ISOLATION_CELL || !shell_at(&s, level))
        return;
    char *name = own_name(&s.f.arena, "left");
    await_standing(level);
    leave_things(&s, name);
    await_standing(level);
    shell_run(&s, "ls /tmp /dev/shm");
    ck_assert_ptr_null(strstr(buf_text(&s.result.output), "left"));
    shell_run(&s, "exec cat /proc/[0-9]*/stat");
    ck_assert_ptr_null(strstr(buf_text(&s.result.output), name));
    ck_assert_ptr_nonnull(strstr(buf_text(&s.result.output), "(cat)"));
    shell_run(&s, "exec ls /proc/self/fd");
    ck_assert_str_eq(buf_text(&s.result.output), "0\n1\n2\n3\n"); // the last is that of the folder
    shell_release(&s);
}

// Neither the time that a runner stood there nor its own preparing is the program's.
static void
standing_does_not_count_at(enum isolation_level level)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    await_standing(level);
    sleep_ms(1500);
    shell_run(&s, "exit 0");
    ck_assert_int_lt(s.result.wall_ns, 1500 * CLOCK_MS_NS);
    ck_assert_int_lt(s.result.cpu_ns, 500 * CLOCK_MS_NS);
    shell_release(&s);
}

// A file of the system's own folders takes the place of another while a runner stands ready.
START_TEST(replaced_files_are_read)
{
    struct shell s;
    int tree;
    if (namespaces_enter(PART_USER_NS) < 0 || namespaces_enter(PART_MOUNT_NS) < 0 ||
        (tree = namespaces_tmpfs(1 << 20)) < 0 || namespaces_attach(tree, "/etc") < 0 ||
        (tree = namespaces_tmpfs(1 << 20)) < 0 || namespaces_attach(tree, "/mnt") < 0) {
        printf("skipped: needs namespaces\n");
        return;
    }
    setenv("TMPDIR", "/mnt", 1);
    OK(fs_write("/etc/hosts", STR("old"), &s.f.err), &s.f.err);
    if (!shell_at(&s, ISOLATION_FENCE))
        return;
    await_standing(ISOLATION_FENCE);
    OK(fs_write("/etc/new", STR("new"), &s.f.err), &s.f.err);
    ck_assert_int_eq(rename("/etc/new", "/etc/hosts"), 0);
    shell_run(&s, "cat /etc/hosts");
    ck_assert_str_eq(buf_text(&s.result.output), "new");
    shell_release(&s);
}
END_TEST

static bool
put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool wrote = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return wrote;
}

// From now on a limit on process namespaces is this process's own.
static bool
enter_own_limits(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof(users), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(groups, sizeof(groups), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/uid_map", users) &&
           put("/proc/self/setgroups", "deny") && put("/proc/self/gid_map", groups);
}

// The launch that wants a runner is told why there is none, and the one after the reason is gone works.
START_TEST(failure_to_prepare_is_told)
{
    static const char most[] = "/proc/sys/user/max_pid_namespaces";
    struct shell s;
    if (!enter_own_limits()) {
        printf("skipped: needs user namespaces\n");
        return;
    }
    if (!shell_at(&s, ISOLATION_CELL))
        return;
    await_standing(ISOLATION_CELL);
    ck_assert(put(most, "0"));
    shell_run(&s, "echo prepared");
    ck_assert_str_eq(buf_text(&s.result.output), "prepared\n");
    const char *const argv[] = {"/bin/true", NULL};
    struct launch_spec spec = {.argv = argv};
    struct launch_result result;
    ck_assert_int_eq(launcher_run(s.f.launcher, &spec, &result, &s.f.err), -1);
    ck_assert_int_eq(s.f.err.kind, ERR_ENVIRONMENT);
    ck_assert_msg(strstr(s.f.err.message, "/bin/true (process namespace)"), "%s", s.f.err.message);
    ck_assert(put(most, "100"));
    shell_run(&s, "echo again");
    ck_assert_str_eq(buf_text(&s.result.output), "again\n");
    shell_release(&s);
}
END_TEST

AT_EACH_LEVEL(standing_runner_ends_with_the_launcher)
AT_EACH_LEVEL(standing_runner_dies_with_a_killed_supervisor)
AT_EACH_LEVEL(standing_runner_dies_with_a_killed_zygote)
AT_EACH_LEVEL(lost_runner_is_replaced)
AT_EACH_LEVEL(launches_go_on_after_killed_runners)
AT_EACH_LEVEL(each_runner_serves_once)
AT_EACH_LEVEL(launches_share_nothing)
AT_EACH_LEVEL(standing_does_not_count)

UNIT_MAIN("sandbox/standing", standing_runner_ends_with_the_launcher,
          standing_runner_dies_with_a_killed_supervisor, standing_runner_dies_with_a_killed_zygote,
          lost_runner_is_replaced, launches_go_on_after_killed_runners, each_runner_serves_once,
          launches_share_nothing, standing_does_not_count, replaced_files_are_read,
          failure_to_prepare_is_told)
