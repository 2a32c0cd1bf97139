// SPDX-License-Identifier: Apache-2.0
// What a run writes in all has a limit (sandbox/cell/disk.c), at each level that this machine gives. Every
// command is tried without the limit first, where it succeeds.
#include "sandbox/namespaces.h"
#include "tests/unit/sandbox/shell.h"

enum { MIB = 1 << 20, SYSTEM_BYTES = 48 << 20 };

// Runs a command that goes on for a second after it wrote what it wrote.
static void
write_and_stay(struct shell *s, const char *writes, size_t disk_bytes)
{
    s->limits.disk_bytes = disk_bytes;
    shell_run(s, arena_printf(&s->f.arena, "set -e; %s; sleep %d", writes, disk_bytes > 0 ? 60 : 0));
}

static void
ends_at_its_limit(enum isolation_level level, const char *writes, size_t disk_bytes)
{
    struct shell s;
    if (!shell_at(&s, level))
        return;
    write_and_stay(&s, writes, 0);
    ck_assert_msg(s.result.exit_code == 0, "%s", buf_text(&s.result.output));
    OK(fs_remove_tree(s.f.folder, &s.f.err), &s.f.err);
    OK(fs_mkdirs(s.f.folder, &s.f.err), &s.f.err);
    write_and_stay(&s, writes, disk_bytes);
    ck_assert_msg(s.result.limit && strcmp(s.result.limit, "disk") == 0, "%s at %s: %s, exit code %d", writes,
                  isolation_name(level), s.result.limit ? s.result.limit : "no limit", s.result.exit_code);
    ck_assert_int_lt(s.result.wall_ns, INT64_C(30000000000));
    shell_release(&s);
}

START_TEST(many_files_end_at_the_limit)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++)
        ends_at_its_limit(
            level, "mkdir -p a/b; for i in 1 2 3 4 5; do head -c 1000000 /dev/zero >a/b/$i; done", 4 * MIB);
}
END_TEST

START_TEST(names_alone_end_at_the_limit)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++) {
        ends_at_its_limit(level, "python3 -c 'for i in range(2000): open(str(i), \"w\")'", 4 * MIB);
        ends_at_its_limit(
            level, "python3 -c 'import os; open(\"f\", \"w\")\nfor i in range(2000): os.link(\"f\", str(i))'",
            4 * MIB);
    }
}
END_TEST

START_TEST(what_grows_ends_at_the_limit)
{
    ends_at_its_limit(ISOLATION_GUARD, "for i in 1 2 3 4 5; do head -c 1000000 /dev/zero >>f; done", 4 * MIB);
}
END_TEST

// What was there, what holes hold, and what is gone again take nothing; folders in folders count once.
START_TEST(below_the_limit_all_is_well)
{
    struct shell s;
    if (!shell_at(&s, ISOLATION_GUARD))
        return;
    s.limits.disk_bytes = 4 * MIB;
    shell_run(&s, "head -c 3000000 /dev/zero >before; cp before more 2>/dev/null; exit 0");
    sleep_ms(100);
    shell_run(&s,
              "cat before more >/dev/null; truncate -s 1G hole; head -c 3000000 /dev/zero >new; sleep 0.6");
    ck_assert_msg(s.result.exit_code == 0 && !s.result.limit, "%s", s.result.limit);
    shell_run(&s, "for i in 1 2 3 4 5 6; do head -c 3000000 /dev/zero >f; rm f; sleep 0.1; done");
    ck_assert_msg(s.result.exit_code == 0 && !s.result.limit, "%s", s.result.limit);
    char *inner = fs_join(&s.f.arena, s.f.folder, "inner");
    OK(fs_mkdirs(inner, &s.f.err), &s.f.err);
    const char *const argv[] = {"/bin/sh", "-c", "head -c 3000000 /dev/zero >inner/f; sleep 0.6", NULL};
    const char *const paths[] = {s.f.folder, inner, s.f.folder, NULL};
    struct launch_spec spec = {
        .argv = argv, .cwd = s.f.folder, .write_paths = paths, .limits = {.disk_bytes = 4 * MIB}};
    struct launch_result result;
    OK(launcher_run(s.f.launcher, &spec, &result, &s.f.err), &s.f.err);
    ck_assert_msg(result.exit_code == 0 && !result.limit, "%s", result.limit);
    launch_result_release(&result);
    shell_release(&s);
}
END_TEST

// A scratch folder in a small file system of its own, where nobody else takes or frees anything.
static bool
small_shell_at(struct shell *s, enum isolation_level level)
{
    static bool entered;
    if (!entered && (namespaces_enter(PART_USER_NS) < 0 || namespaces_enter(PART_MOUNT_NS) < 0 ||
                     namespaces_attach(namespaces_tmpfs(SYSTEM_BYTES), "/var/tmp") < 0)) {
        printf("skipped: needs namespaces, for a small file system\n");
        return false;
    }
    entered = true;
    setenv("TMPDIR", "/var/tmp", 1);
    return shell_at(s, level);
}

static void
cannot_hide_at(enum isolation_level level, const char *writes, size_t disk_bytes)
{
    struct shell s;
    if (!small_shell_at(&s, level))
        return;
    write_and_stay(&s, arena_printf(&s.f.arena, "%s; sleep 0.6", writes), 0);
    ck_assert_msg(s.result.exit_code == 0, "%s", buf_text(&s.result.output));
    OK(fs_remove_tree(s.f.folder, &s.f.err), &s.f.err);
    OK(fs_mkdirs(s.f.folder, &s.f.err), &s.f.err);
    write_and_stay(&s, writes, disk_bytes);
    ck_assert_msg(s.result.limit && strcmp(s.result.limit, "disk") == 0, "%s at %s: %s", writes,
                  isolation_name(level), s.result.limit ? s.result.limit : "no limit");
    shell_release(&s);
}

START_TEST(what_cannot_be_entered_counts_by_what_is_lost)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_FENCE; level++)
        cannot_hide_at(level, "mkdir d; head -c 20000000 /dev/zero >d/f; chmod 0 d", 16 * MIB);
}
END_TEST

START_TEST(nobody_takes_the_last_tenth)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_FENCE; level++) {
        cannot_hide_at(level, "exec 3>f; rm f; head -c 47000000 /dev/zero >&3", (size_t)1 << 30);
        cannot_hide_at(level, "python3 -c 'for i in range(15000): open(str(i), \"w\")'", (size_t)1 << 30);
    }
}
END_TEST

UNIT_MAIN("sandbox/disk", many_files_end_at_the_limit, names_alone_end_at_the_limit,
          what_grows_ends_at_the_limit, below_the_limit_all_is_well,
          what_cannot_be_entered_counts_by_what_is_lost, nobody_takes_the_last_tenth)
