// SPDX-License-Identifier: Apache-2.0
#include "sandbox/workspace.h"
#include "tests/unit/sandbox/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct yard {
    struct fixture f;
    char *source, *home;
};

static char *
in(struct yard *y, const char *folder, const char *name)
{
    return fs_join(&y->f.arena, folder, name);
}

static void
put(struct yard *y, const char *name, const char *text)
{
    OK(fs_mkdirs(fs_dir_name(&y->f.arena, in(y, y->source, name)), &y->f.err), &y->f.err);
    OK(fs_write(in(y, y->source, name), str_of(text), &y->f.err), &y->f.err);
}

// A small repository.
static void
yard_init(struct yard *y)
{
    fixture_init(&y->f);
    y->source = fs_real(&y->f.arena, y->f.folder, &y->f.err);
    y->source = in(y, y->source, "original");
    y->home = in(y, y->f.folder, "home");
    put(y, "Makefile", "all:\n");
    put(y, "src/a.c", "int a;\n");
    put(y, ".git/config", "[core]\n");
    put(y, "vendor/.git/HEAD", "ref: refs/heads/main\n");
}

static void
yard_release(struct yard *y)
{
    fixture_release(&y->f);
}

static struct workspace *
view(struct yard *y, const char *const *without, size_t max_bytes)
{
    struct workspace_spec spec = {y->source, y->home, without, max_bytes};
    return workspace_new(&spec, &y->f.err);
}

static struct workspace *
plain_view(struct yard *y)
{
    struct workspace *workspace = view(y, NULL, 0);
    ck_assert_msg(workspace != NULL, "%s", y->f.err.message);
    return workspace;
}

static void
expect(struct yard *y, const char *path, const char *text)
{
    AUTO_BUF found = BUF(1 << 16);
    OK(fs_read(path, 1 << 16, &found, &y->f.err), &y->f.err);
    ck_assert_str_eq(buf_text(&found), text);
}

static void
write_in_place(const char *path, int flags)
{
    int fd = open(path, O_WRONLY | flags);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "evil", 4), 4);
    close(fd);
}

START_TEST(what_is_written_stays_in_the_view)
{
    struct yard y;
    yard_init(&y);
    // Two names of one file, as a package manager's store makes them.
    ck_assert_int_eq(link(in(&y, y.source, "src/a.c"), in(&y, y.source, "src/b.c")), 0);
    struct workspace *a = plain_view(&y), *b = plain_view(&y);
    ck_assert_str_ne(workspace_path(a), workspace_path(b));
    write_in_place(in(&y, workspace_path(a), "src/a.c"), 0);
    write_in_place(in(&y, workspace_path(a), "src/b.c"), O_TRUNC);
    write_in_place(in(&y, workspace_path(a), "Makefile"), O_APPEND);
    ck_assert_int_eq(unlink(in(&y, workspace_path(a), ".git/config")), 0);
    expect(&y, in(&y, y.source, "src/a.c"), "int a;\n");
    expect(&y, in(&y, y.source, "src/b.c"), "int a;\n");
    expect(&y, in(&y, workspace_path(b), "src/b.c"), "int a;\n");
    expect(&y, in(&y, workspace_path(b), "Makefile"), "all:\n");
    expect(&y, in(&y, y.source, ".git/config"), "[core]\n");
    workspace_free(a);
    workspace_free(b);
    yard_release(&y);
}
END_TEST

START_TEST(a_view_is_as_the_original_is)
{
    struct yard y;
    struct stat there, here;
    char target[4096] = "";
    yard_init(&y);
    char *script = in(&y, y.source, "run.sh");
    put(&y, "run.sh", "#!/bin/sh\n");
    ck_assert_int_eq(chmod(script, 04755), 0);
    const struct timespec times[2] = {{1000000000, 123}, {1100000000, 456}};
    ck_assert_int_eq(utimensat(AT_FDCWD, script, times, 0), 0);
    ck_assert_int_eq(symlink("../Makefile", in(&y, y.source, "src/relative")), 0);
    ck_assert_int_eq(symlink(in(&y, y.source, "Makefile"), in(&y, y.source, "absolute")), 0);
    ck_assert_int_eq(symlink("/etc/passwd", in(&y, y.source, "elsewhere")), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, in(&y, y.source, "src"), times, 0), 0);
    ck_assert_int_eq(mkfifo(in(&y, y.source, "pipe"), 0600), 0);
    struct workspace *w = plain_view(&y);
    ck_assert_int_eq(stat(in(&y, workspace_path(w), "run.sh"), &here), 0);
    ck_assert_int_eq(here.st_mode & 07777, 0755);
    ck_assert(here.st_mtim.tv_sec == 1100000000 && here.st_mtim.tv_nsec == 456);
    ck_assert_int_eq(stat(in(&y, workspace_path(w), "src"), &here), 0);
    ck_assert_int_eq(here.st_mtim.tv_sec, 1100000000);
    ck_assert_int_eq(stat(in(&y, workspace_path(w), "Makefile"), &there), 0);
    ck_assert_int_eq(stat(in(&y, workspace_path(w), "absolute"), &here), 0);
    ck_assert_uint_eq(here.st_ino, there.st_ino);
    ck_assert_int_eq(stat(in(&y, workspace_path(w), "src/relative"), &here), 0);
    ck_assert_uint_eq(here.st_ino, there.st_ino);
    ck_assert_int_gt(readlink(in(&y, workspace_path(w), "elsewhere"), target, sizeof(target) - 1), 0);
    ck_assert_str_eq(target, "/etc/passwd");
    ck_assert_int_eq(lstat(in(&y, workspace_path(w), "pipe"), &here), -1);
    workspace_free(w);
    yard_release(&y);
}
END_TEST

START_TEST(names_and_sizes_are_obeyed)
{
    struct yard y;
    static const char *const without[] = {".git", "home", NULL};
    yard_init(&y);
    struct workspace *w = view(&y, without, 0);
    ck_assert_msg(w != NULL, "%s", y.f.err.message);
    ck_assert(!fs_exists(in(&y, workspace_path(w), ".git")));
    ck_assert(!fs_exists(in(&y, workspace_path(w), "vendor/.git")));
    ck_assert(fs_exists(in(&y, workspace_path(w), "vendor")));
    bool copies = workspace_way(w) == WORKSPACE_COPY;
    workspace_free(w);
    if (copies) {
        ck_assert_ptr_null(view(&y, NULL, 10));
        ck_assert_int_eq(y.f.err.kind, ERR_LIMIT);
        ck_assert_int_eq(rmdir(y.home), 0); // nothing was left
    }
    y.source = in(&y, y.f.folder, "none");
    ck_assert_ptr_null(view(&y, NULL, 0));
    ck_assert_int_eq(y.f.err.kind, ERR_NOT_FOUND);
    yard_release(&y);
}
END_TEST

START_TEST(a_home_below_the_source_is_no_part_of_it)
{
    struct yard y;
    yard_init(&y);
    y.home = in(&y, y.source, "work/home");
    struct workspace *a = plain_view(&y), *b = plain_view(&y);
    ck_assert(fs_is_dir(in(&y, workspace_path(b), "work")));
    ck_assert(!fs_exists(in(&y, workspace_path(b), "work/home")));
    workspace_free(a);
    workspace_free(b);
    yard_release(&y);
}
END_TEST

static size_t
left_in(struct yard *y)
{
    struct fs_list found;
    OK(fs_glob(&y->f.arena, in(y, y->home, "*"), &found, &y->f.err), &y->f.err);
    return found.count;
}

START_TEST(what_a_killed_owner_left_is_swept)
{
    struct yard y;
    int ready[2];
    char byte;
    yard_init(&y);
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct workspace *w = plain_view(&y);
        // As untrusted code might leave it.
        chmod(in(&y, workspace_path(w), "src"), 0);
        (void)!write(ready[1], "x", 1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    OK(workspace_sweep(y.home, &y.f.err), &y.f.err);
    ck_assert_uint_eq(left_in(&y), 2); // its owner lives
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    struct workspace *own = plain_view(&y); // sweeps first
    ck_assert_uint_eq(left_in(&y), 2);
    OK(workspace_sweep(y.home, &y.f.err), &y.f.err);
    ck_assert(fs_exists(in(&y, workspace_path(own), "Makefile")));
    workspace_free(own);
    ck_assert_uint_eq(left_in(&y), 0);
    OK(workspace_sweep(in(&y, y.home, "none"), &y.f.err), &y.f.err);
    yard_release(&y);
}
END_TEST

// ---- a build script that wants more than its view
// -----------------------------------------------------------------------------------------------------

static int
run_script(struct yard *y, const char *folder, bool sandboxed, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "script", y->source, NULL};
    const char *const writable[] = {folder, NULL};
    const char *const readable[] = {y->source, NULL};
    if (!sandboxed) {
        struct proc_spec spec = {.argv = argv, .cwd = folder, .merge_stderr = true};
        AUTO_PROC_RESULT result = {0};
        OK(proc_run(&spec, &result, &y->f.err), &y->f.err);
        return result.exit_code;
    }
    struct launch_spec spec = {.profile = LAUNCH_BUILD,
                               .argv = argv,
                               .cwd = folder,
                               .read_paths = readable,
                               .write_paths = writable,
                               .limits = {.wall_ms = 20000}};
    struct launch_result result;
    OK(launcher_run(y->f.launcher, &spec, &result, &y->f.err), &y->f.err);
    launch_result_release(&result);
    return result.exit_code;
}

// Scripts end with 0 when they could write; $1 is the original.
static const struct {
    const char *name, *script;
    bool needs_landlock; // what keeps them from it
} escapes[] = {
    {"in the view", "echo evil >>src/a.c && echo evil >.git/hooks && rm Makefile", false},
    {"by an absolute link of the repository", "echo evil >>absolute", false},
    {"by its path", "echo evil >>\"$1/src/a.c\"", true},
    {"into .git", "echo evil >>\"$1/.git/config\"", true},
    {"by a symbolic link", "ln -s \"$1/src/a.c\" out && echo evil >>out", true},
    {"by a relative link of the repository", "echo evil >>outside/src/a.c", true},
    {"by a hard link", "ln \"$1/src/a.c\" out && echo evil >>out", true},
    {"by renaming", "mv \"$1/src/a.c\" src/", true},
};

static void
plant(struct yard *y)
{
    struct err ignored;
    (void)!fs_remove_tree(y->source, &ignored);
    put(y, "Makefile", "all:\n");
    put(y, "src/a.c", "int a;\n");
    put(y, ".git/config", "[core]\n");
    ck_assert_int_eq(symlink(in(y, y->source, "src/a.c"), in(y, y->source, "absolute")), 0);
    ck_assert_int_eq(symlink("../../original", in(y, y->source, "outside")), 0);
}

static void
try_escape(struct yard *y, size_t which, bool has_landlock)
{
    bool stays = !escapes[which].needs_landlock;
    plant(y);
    struct workspace *w = plain_view(y);
    int code = run_script(y, workspace_path(w), true, escapes[which].script);
    if (stays || has_landlock) {
        ck_assert_msg((code == 0) == stays, "%s: %d", escapes[which].name, code);
        expect(y, in(y, y->source, "src/a.c"), "int a;\n");
        expect(y, in(y, y->source, "Makefile"), "all:\n");
        expect(y, in(y, y->source, ".git/config"), "[core]\n");
    }
    workspace_free(w);
    if (stays)
        return;
    w = plain_view(y);
    ck_assert_msg(run_script(y, workspace_path(w), false, escapes[which].script) == 0,
                  "%s fails without the sandbox, too", escapes[which].name);
    workspace_free(w);
}

START_TEST(a_build_script_cannot_reach_the_original)
{
    struct yard y;
    yard_init(&y);
    bool has_landlock = launcher_level(y.f.launcher) >= ISOLATION_FENCE;
    if (!has_landlock)
        skip_without_landlock("a build script that leaves its workspace", 3);
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        try_escape(&y, i, has_landlock);
    yard_release(&y);
}
END_TEST

// Why a view is not made of hard links: the policy speaks of folders, and this one may be written.
START_TEST(a_hard_link_would_lead_into_the_original)
{
    struct yard y;
    yard_init(&y);
    char *linked = in(&y, y.f.folder, "linked");
    OK(fs_mkdirs(linked, &y.f.err), &y.f.err);
    ck_assert_int_eq(link(in(&y, y.source, "src/a.c"), in(&y, linked, "a.c")), 0);
    ck_assert_int_eq(run_script(&y, linked, true, "echo evil >>a.c"), 0);
    expect(&y, in(&y, y.source, "src/a.c"), "int a;\nevil\n");
    yard_release(&y);
}
END_TEST

UNIT_MAIN("sandbox/workspace", what_is_written_stays_in_the_view, a_view_is_as_the_original_is,
          names_and_sizes_are_obeyed, a_home_below_the_source_is_no_part_of_it,
          what_a_killed_owner_left_is_swept, a_build_script_cannot_reach_the_original,
          a_hard_link_would_lead_into_the_original)
