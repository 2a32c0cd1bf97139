// SPDX-License-Identifier: Apache-2.0
// What each level adds. Every refusal has its control: the same words succeed a level below, or outside.
#include "tests/unit/sandbox/fixture.h"

#include <signal.h>
#include <sys/stat.h>

// The exit code of a shell command line under BUILD, with the scratch folder writable and `outside` readable;
// what it printed is in *output.
static struct launch_result
shell(struct fixture *f, const char *outside, const char *command, struct launch_limits limits)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const char *const write_paths[] = {f->folder, NULL}, *const read_paths[] = {outside, NULL};
    limits.wall_ms = limits.wall_ms ? limits.wall_ms : 60000;
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .cwd = f->folder,
                               .read_paths = read_paths,
                               .write_paths = write_paths,
                               .limits = limits};
    struct launch_result result;
    OK(launcher_run(f->launcher, &spec, &result, &f->err), &f->err);
    return result;
}

static bool
succeeds(struct fixture *f, const char *outside, const char *command)
{
    struct launch_result result = shell(f, outside, command, (struct launch_limits){0});
    bool good = result.exit_code == 0;
    launch_result_release(&result);
    return good;
}

// What a command prints.
static void
prints(struct fixture *f, const char *command, const char *expected)
{
    struct launch_result result = shell(f, NULL, command, (struct launch_limits){0});
    ck_assert_msg(strcmp(buf_text(&result.output), expected) == 0, "%s prints %s", command,
                  buf_text(&result.output));
    launch_result_release(&result);
}

static const char *const mode_attacks[] = {
    "chmod 666 %s",
    "cd / && chmod 666 .%s",
    "python3 -c 'import os; os.fchmod(os.open(\"%s\", os.O_RDONLY), 0o666)'",
    "python3 -c 'import os; os.chmod(\"/proc/self/fd/%%d\" %% os.open(\"%s\", os.O_RDONLY), 0o666)'",
    "python3 -c 'import os; os.utime(\"%s\", (1, 1))'",
    "python3 -c 'import os; os.utime(os.open(\"%s\", os.O_RDONLY), (1, 1))'",
    "python3 -c 'import os; os.chown(\"%s\", -1, os.getgid())'",
    "ln -s %s link-$$ && chmod 666 link-$$",
};
enum { MODE_ATTACKS = sizeof(mode_attacks) / sizeof(mode_attacks[0]) };

// `pattern` with its %s replaced by `path`, and %% by %.
static char *
about(struct fixture *f, const char *pattern, const char *path)
{
    AUTO_BUF text = BUF(4096);
    for (; *pattern; pattern++) {
        bool special = *pattern == '%';
        if (special && pattern[1] == 's')
            buf_puts(&text, path);
        else
            buf_putc(&text, *pattern);
        pattern += special;
    }
    return arena_printf(&f->arena, "%s", buf_text(&text));
}

// Whether each attack on a file outside succeeds or fails, as `expected`, and the file is as it was when they
// fail.
static void
try_modes(enum isolation_level level, bool expected)
{
    struct fixture f;
    struct stat before, after;
    if (!fixture_at(&f, level))
        return;
    char *outside = fs_temp_dir(&f.arena, NULL, "outside", &f.err);
    char *file = fs_join(&f.arena, outside, "file");
    OK(fs_write(file, STR("kept"), &f.err), &f.err);
    ck_assert_int_eq(chmod(outside, 0755), 0);
    ck_assert_int_eq(chmod(file, 0644), 0);
    ck_assert_int_eq(stat(file, &before), 0);
    for (size_t i = 0; i < MODE_ATTACKS; i++) {
        char *command = about(&f, mode_attacks[i], file);
        ck_assert_msg(succeeds(&f, outside, command) == expected, "%s at level %s", command,
                      isolation_name(level));
    }
    ck_assert_int_eq(stat(file, &after), 0);
    ck_assert_int_eq(before.st_mode == after.st_mode && before.st_mtime == after.st_mtime, !expected);
    OK(fs_remove_tree(outside, &f.err), &f.err);
    fixture_release(&f);
}

START_TEST(modes_outside_change_at_guard_only)
{
    try_modes(ISOLATION_GUARD, true);
    try_modes(ISOLATION_FENCE, false);
    try_modes(ISOLATION_CELL, false);
    try_modes(ISOLATION_VAULT, false);
}
END_TEST

START_TEST(modes_inside_change_at_every_level)
{
    for (enum isolation_level level = ISOLATION_GUARD; level <= ISOLATION_VAULT; level++) {
        struct fixture f;
        if (!fixture_at(&f, level))
            continue;
        prints(&f, "touch f && chmod 750 f && stat -c %a f", "750\n");
        prints(&f, "touch -d 2001-02-03 f && stat -c %y f | cut -c 1-10", "2001-02-03\n");
        prints(&f, "touch -h -d 2002-02-03 f; ln -s f l; touch -h l && stat -c %y f | cut -c 1-10",
               "2002-02-03\n");
        prints(&f, "cp -p f g && stat -c %a g; chown $(id -u) f && echo owned", "750\nowned\n");
        prints(&f, "mkdir d && chmod 700 d && cd d && touch e && chmod 640 e && stat -c %a ../d/e", "640\n");
        prints(&f,
               "python3 -c 'import os; f = open(\"h\", \"w\"); os.fchmod(f.fileno(), 0o604);"
               " os.utime(f.fileno(), (7, 8)); s = os.stat(\"h\"); print(oct(s.st_mode), s.st_mtime)'",
               "0o100604 8.0\n");
        prints(&f, "chmod 4755 f 2>/dev/null || echo refused; stat -c %a f", "refused\n750\n");
        fixture_release(&f);
    }
}
END_TEST

START_TEST(a_name_inside_of_a_file_outside_is_outside)
{
    struct fixture f;
    struct stat info;
    if (!fixture_at(&f, ISOLATION_FENCE))
        return;
    char *outside = fs_temp_dir(&f.arena, NULL, "outside", &f.err);
    char *file = fs_join(&f.arena, outside, "file");
    OK(fs_write(file, STR("kept"), &f.err), &f.err);
    ck_assert_int_eq(chmod(file, 0644), 0);
    ck_assert_int_eq(link(file, fs_join(&f.arena, f.folder, "hard")), 0);
    ck_assert(!succeeds(&f, outside, "chmod 666 hard"));
    ck_assert_int_eq(stat(file, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0644);
    OK(fs_remove_tree(outside, &f.err), &f.err);
    fixture_release(&f);
}
END_TEST

START_TEST(cell_sees_nobody_else)
{
    struct fixture f;
    AUTO_ARENA arena = {0};
    if (!fixture_at(&f, ISOLATION_CELL))
        return;
    char *me = arena_printf(&arena, "test -d /proc/%ld", (long)getpid());
    ck_assert(!succeeds(&f, NULL, me));
    prints(&f, "hostname; ls /sys/class/net 2>/dev/null; cd /proc && echo [0-9]*", "atoll\n1 2\n");
    prints(&f, "cat /proc/self/net/dev | grep -c :", "1\n");
    prints(&f, "kill -9 -1 2>/dev/null; echo alive", "alive\n");
    prints(&f, "kill -9 1 2>/dev/null; kill -TERM 1 2>/dev/null; echo alive", "alive\n");
    // A child has its own /proc/self, too.
    prints(&f, "sh -c 'readlink /proc/self/exe >/dev/null && echo read'", "read\n");
    fixture_release(&f);
    if (!fixture_at(&f, ISOLATION_GUARD))
        return;
    ck_assert(succeeds(&f, NULL, me));
    fixture_release(&f);
}
END_TEST

START_TEST(cell_has_a_file_system_of_its_own)
{
    struct fixture f;
    if (!fixture_at(&f, ISOLATION_CELL))
        return;
    prints(&f, "echo x >/tmp/left && echo y >/dev/shm/left && cat /tmp/left /dev/shm/left", "x\ny\n");
    prints(&f, "ls /dev/shm; cat /tmp/left 2>/dev/null; echo nothing", "nothing\n");
    ck_assert(!fs_exists("/dev/shm/left"));
    prints(&f, "touch /var/tmp/x 2>&1 | grep -c 'Read-only file system'", "1\n");
    prints(&f, "cat >kept <<'E'\nkept\nE\ncat kept", "kept\n");
    ck_assert(fs_exists(fs_join(&f.arena, f.folder, "kept")));
    // It ends before the memory does.
    struct launch_result result =
        shell(&f, NULL, "head -c 40000000 /dev/zero >/tmp/fill; stat -c %s /tmp/fill",
              (struct launch_limits){.memory_bytes = 32 << 20});
    ck_assert_msg(strstr(buf_text(&result.output), "33554432\n") != NULL, "%s", buf_text(&result.output));
    launch_result_release(&result);
    fixture_release(&f);
}
END_TEST

START_TEST(vault_is_a_user_of_its_own)
{
    struct fixture f;
    if (!fixture_at(&f, ISOLATION_VAULT))
        return;
    prints(&f, "test $(id -u) -ne 0 && echo other; echo w >f && cat f", "other\nw\n");
    struct stat info;
    ck_assert_int_eq(stat(fs_join(&f.arena, f.folder, "f"), &info), 0);
    ck_assert_int_eq(info.st_uid, geteuid());
    // What only its owner may enter and read is given all the same, and only that.
    char *outside = fs_temp_dir(&f.arena, "/root", "outside", &f.err);
    char *given = fs_join(&f.arena, outside, "given"), *kept = fs_join(&f.arena, outside, "kept");
    OK(fs_write(given, STR("given"), &f.err), &f.err);
    OK(fs_write(kept, STR("kept"), &f.err), &f.err);
    ck_assert_int_eq(chmod(given, 0600), 0);
    ck_assert(succeeds(&f, given, arena_printf(&f.arena, "grep -q given %s", given)));
    ck_assert(!succeeds(&f, given, arena_printf(&f.arena, "test -e %s", kept)));
    OK(fs_remove_tree(outside, &f.err), &f.err);
    // Not even the superuser's limit is needed: the kernel counts the user's processes.
    struct launch_result result =
        shell(&f, NULL, "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3 & done 2>&1; wait",
              (struct launch_limits){.processes = 5});
    ck_assert_msg(strstr(buf_text(&result.output), "Cannot fork") != NULL, "%s", buf_text(&result.output));
    launch_result_release(&result);
    ck_assert(!succeeds(&f, NULL, "chown 0 f"));
    fixture_release(&f);
}
END_TEST

UNIT_MAIN("sandbox/level", modes_outside_change_at_guard_only, modes_inside_change_at_every_level,
          a_name_inside_of_a_file_outside_is_outside, cell_sees_nobody_else,
          cell_has_a_file_system_of_its_own, vault_is_a_user_of_its_own)
