// SPDX-License-Identifier: Apache-2.0
#include "base/fs.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena arena;
static struct err err;

// A scratch folder that teardown by the caller removes.
static char *
scratch(void)
{
    char *dir = fs_temp_dir(&arena, NULL, "atoll-fs-", &err);
    ck_assert_ptr_nonnull(dir);
    return dir;
}

static void
scratch_end(const char *dir)
{
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
    ck_assert(!fs_exists(dir));
    arena_release(&arena);
}

static void
put(const char *dir, const char *name, const char *text)
{
    ck_assert_msg(fs_write(fs_join(&arena, dir, name), str_of(text), &err) == 0, "%s", err.message);
}

static void
ck_file(const char *dir, const char *name, const char *text)
{
    AUTO_BUF content = BUF(1000);
    ck_assert_msg(fs_read(fs_join(&arena, dir, name), 1000, &content, &err) == 0, "%s", err.message);
    ck_assert_str_eq(buf_text(&content), text);
}

static mode_t
mode_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(lstat(path, &st), 0);
    return st.st_mode;
}

START_TEST(reads_and_replaces)
{
    char *dir = scratch();
    put(dir, "a", "one");
    AUTO_BUF content = BUF(1000);
    buf_puts(&content, "left over");
    ck_assert_int_eq(fs_read(fs_join(&arena, dir, "a"), 3, &content, &err), 0);
    ck_assert_str_eq(buf_text(&content), "one");
    scratch_end(dir);
}
END_TEST

START_TEST(refuses_too_large_and_missing)
{
    char *dir = scratch();
    put(dir, "a", "four");
    AUTO_BUF content = BUF(1000);
    ck_assert_int_eq(fs_read(fs_join(&arena, dir, "a"), 3, &content, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    AUTO_BUF small = BUF(3);
    ck_assert_int_eq(fs_read(fs_join(&arena, dir, "a"), 1000, &small, &err), -1);
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_int_eq(fs_read(fs_join(&arena, dir, "b"), 1000, &content, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "/b"));
    ck_assert_int_eq(fs_read(dir, 1000, &content, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    scratch_end(dir);
}
END_TEST

// A reader that opened the old file keeps the whole old content: the file is replaced, not rewritten.
START_TEST(write_replaces_whole_and_keeps_mode)
{
    char *dir = scratch();
    put(dir, "sub/deep/file", "old content");
    char *path = fs_join(&arena, dir, "sub/deep/file");
    ck_assert_int_eq(chmod(path, 0750), 0);
    int fd = open(path, O_RDONLY);
    put(dir, "sub/deep/file", "new");
    char text[32] = "";
    ck_assert_int_eq(read(fd, text, sizeof(text)), 11);
    ck_assert_str_eq(text, "old content");
    close(fd);
    ck_file(dir, "sub/deep/file", "new");
    ck_assert_uint_eq(mode_of(path) & 07777, 0750);
    struct fs_list list;
    ck_assert_int_eq(fs_walk(&arena, dir, &list, &err), 0);
    ck_assert_uint_eq(list.count, 1); // no temporary file stays
    scratch_end(dir);
}
END_TEST

START_TEST(write_obeys_umask_and_leaves_nothing_on_failure)
{
    char *dir = scratch();
    umask(027);
    put(dir, "a", "x");
    ck_assert_uint_eq(mode_of(fs_join(&arena, dir, "a")) & 07777, 0640);
    ck_assert_int_eq(fs_mkdirs(fs_join(&arena, dir, "folder/x"), &err), 0);
    ck_assert_int_eq(fs_write(fs_join(&arena, dir, "folder"), STR("y"), &err), -1);
    struct fs_list list;
    ck_assert_int_eq(fs_walk(&arena, dir, &list, &err), 0);
    ck_assert_uint_eq(list.count, 1);
    scratch_end(dir);
}
END_TEST

START_TEST(makes_folders)
{
    char *dir = scratch();
    char *deep = fs_join(&arena, dir, "a//b/c/");
    ck_assert_int_eq(fs_mkdirs(deep, &err), 0);
    ck_assert_int_eq(fs_mkdirs(deep, &err), 0);
    ck_assert(fs_is_dir(deep));
    put(dir, "file", "");
    ck_assert_int_eq(fs_mkdirs(fs_join(&arena, dir, "file"), &err), -1);
    ck_assert_int_eq(fs_mkdirs(fs_join(&arena, dir, "file/x"), &err), -1);
    ck_assert(!fs_is_dir(fs_join(&arena, dir, "file")));
    scratch_end(dir);
}
END_TEST

// Removal deletes a link, never what it points to, and opens folders that were closed.
START_TEST(removes_without_following)
{
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0); // modes mean nothing to root
    char *dir = scratch(), *other = scratch();
    put(other, "keep", "kept");
    put(dir, "locked/file", "x");
    ck_assert_int_eq(chmod(fs_join(&arena, dir, "locked"), 0), 0);
    ck_assert_int_eq(symlink(other, fs_join(&arena, dir, "link")), 0);
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
    ck_assert(!fs_exists(dir));
    ck_file(other, "keep", "kept");
    ck_assert_int_eq(fs_remove_tree(dir, &err), 0); // already gone
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    scratch_end(other);
}
END_TEST

START_TEST(copies_a_tree)
{
    char *dir = scratch();
    put(dir, "from/a", "alpha");
    put(dir, "from/sub/b", "beta");
    put(dir, "from/.git/HEAD", "ref");
    ck_assert_int_eq(chmod(fs_join(&arena, dir, "from/a"), 0555), 0);
    ck_assert_int_eq(symlink("sub/b", fs_join(&arena, dir, "from/link")), 0);
    put(dir, "to/a", "before");
    ck_assert_msg(fs_copy_tree(fs_join(&arena, dir, "from"), fs_join(&arena, dir, "to"), &err) == 0, "%s",
                  err.message);
    ck_file(dir, "to/a", "alpha");
    ck_file(dir, "to/sub/b", "beta");
    ck_file(dir, "to/link", "beta");
    ck_file(dir, "to/.git/HEAD", "ref");
    ck_assert(S_ISLNK(mode_of(fs_join(&arena, dir, "to/link"))));
    ck_assert_uint_eq(mode_of(fs_join(&arena, dir, "to/a")) & 07777, 0555);
    ck_assert_int_eq(fs_copy_tree(fs_join(&arena, dir, "none"), dir, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    scratch_end(dir);
}
END_TEST

START_TEST(copies_into_itself_once)
{
    char *dir = scratch();
    put(dir, "a", "alpha");
    ck_assert_int_eq(fs_copy_tree(dir, fs_join(&arena, dir, "copy"), &err), 0);
    ck_file(dir, "copy/a", "alpha");
    ck_assert(!fs_exists(fs_join(&arena, dir, "copy/copy")));
    scratch_end(dir);
}
END_TEST

START_TEST(joins_and_splits)
{
    ck_assert_str_eq(fs_join(&arena, "a", "b"), "a/b");
    ck_assert_str_eq(fs_join(&arena, "a/", "b"), "a/b");
    ck_assert_str_eq(fs_join(&arena, "a", "/b"), "/b");
    ck_assert_str_eq(fs_join(&arena, "", "b"), "b");
    ck_assert_str_eq(fs_dir_name(&arena, "a/b/c"), "a/b");
    ck_assert_str_eq(fs_dir_name(&arena, "a"), ".");
    ck_assert_str_eq(fs_dir_name(&arena, "/a"), "/");
    ck_assert_str_eq(fs_base_name("a/b"), "b");
    ck_assert_str_eq(fs_base_name("b"), "b");
    arena_release(&arena);
}
END_TEST

START_TEST(resolves)
{
    char *dir = scratch();
    put(dir, "sub/a", "x");
    ck_assert_int_eq(symlink("sub", fs_join(&arena, dir, "link")), 0);
    char *real = fs_real(&arena, fs_join(&arena, dir, "link/../link/a"), &err);
    ck_assert_str_eq(real + strlen(real) - 6, "/sub/a");
    ck_assert_ptr_null(fs_real(&arena, fs_join(&arena, dir, "none"), &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    char *self = NULL;
    ck_assert_int_eq(fs_self_dir(&arena, &self, &err), 0);
    ck_assert(fs_exists(fs_join(&arena, self, "fs_test")));
    scratch_end(dir);
}
END_TEST

START_TEST(globs_in_order)
{
    char *dir = scratch();
    put(dir, "b.txt", "");
    put(dir, "a.txt", "");
    put(dir, "c.log", "");
    struct fs_list list;
    ck_assert_int_eq(fs_glob(&arena, fs_join(&arena, dir, "*.{txt,log}"), &list, &err), 0);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(fs_base_name(list.paths[0]), "a.txt");
    ck_assert_str_eq(fs_base_name(list.paths[1]), "b.txt");
    ck_assert_str_eq(fs_base_name(list.paths[2]), "c.log");
    ck_assert_int_eq(fs_glob(&arena, fs_join(&arena, dir, "*.none"), &list, &err), 0);
    ck_assert_uint_eq(list.count, 0);
    scratch_end(dir);
}
END_TEST

START_TEST(walks_regular_files)
{
    char *dir = scratch();
    put(dir, "z", "");
    put(dir, "sub/b", "");
    put(dir, "sub/a", "");
    put(dir, ".git/config", "");
    put(dir, "sub/.git/config", "");
    ck_assert_int_eq(symlink("sub", fs_join(&arena, dir, "link")), 0);
    struct fs_list list;
    ck_assert_int_eq(fs_walk(&arena, arena_printf(&arena, "%s/", dir), &list, &err), 0);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.paths[0], "sub/a");
    ck_assert_str_eq(list.paths[1], "sub/b");
    ck_assert_str_eq(list.paths[2], "z");
    ck_assert_int_eq(fs_walk(&arena, fs_join(&arena, dir, "link"), &list, &err), 0);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(fs_walk(&arena, fs_join(&arena, dir, "none"), &list, &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    scratch_end(dir);
}
END_TEST

// Makes files and removes them until it is killed.
static void
come_and_go(const char *dir)
{
    for (unsigned i = 0;; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%u", dir, i % 16);
        (void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        (void)unlink(path);
    }
}

START_TEST(what_goes_while_it_walks_is_left_out)
{
    char *dir = scratch();
    put(dir, "stays", "");
    pid_t other = fork();
    if (other == 0)
        come_and_go(dir);
    ck_assert_int_gt(other, 0);
    for (unsigned i = 0; i < 5000; i++) {
        struct arena list_arena = {0};
        struct fs_list list;
        ck_assert_msg(fs_walk(&list_arena, dir, &list, &err) == 0, "walk %u: %s", i, err.message);
        ck_assert_str_eq(list.paths[list.count - 1], "stays");
        arena_release(&list_arena);
    }
    ck_assert_int_eq(kill(other, SIGKILL), 0);
    ck_assert_int_eq(waitpid(other, NULL, 0), other);
    scratch_end(dir);
}
END_TEST

START_TEST(temp_dirs_differ_and_are_private)
{
    char *a = scratch(), *b = fs_temp_dir(&arena, a, "in-", &err);
    ck_assert_ptr_nonnull(b);
    ck_assert(strncmp(b, a, strlen(a)) == 0);
    ck_assert_uint_eq(mode_of(b) & 07777, 0700);
    ck_assert_ptr_null(fs_temp_dir(&arena, fs_join(&arena, a, "none"), "x", &err));
    scratch_end(a);
}
END_TEST

// How many files stand in a folder.
static size_t
files_in(const char *dir)
{
    struct fs_list list;
    ck_assert_int_eq(fs_walk(&arena, dir, &list, &err), 0);
    return list.count;
}

START_TEST(create_never_replaces)
{
    char *dir = scratch();
    const char *path = fs_join(&arena, dir, "sub/a");
    ck_assert_msg(fs_create(path, STR("one"), &err) == 0, "%s", err.message);
    ck_assert_int_eq(fs_create(path, STR("two"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_file(dir, "sub/a", "one");
    ck_assert_int_eq(symlink("nowhere", fs_join(&arena, dir, "link")), 0);
    ck_assert_int_eq(fs_create(fs_join(&arena, dir, "link"), STR("x"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_CONFLICT);
    put(dir, "file", "");
    ck_assert_int_eq(fs_create(fs_join(&arena, dir, "file/a"), STR("x"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_uint_eq(files_in(dir), 2);
    scratch_end(dir);
}
END_TEST

#define CREATORS 4

// Tries to create 100 files with its own name in them; its exit code is how many it made.
static void
create_all(const char *dir, char name)
{
    int made = 0;
    for (int i = 0; i < 100; i++) {
        if (fs_create(arena_printf(&arena, "%s/%d", dir, i), str_n(&name, 1), &err) == 0)
            made++;
        else if (err.kind != ERR_CONFLICT)
            _exit(255);
    }
    _exit(made);
}

START_TEST(of_racing_creators_one_wins)
{
    char *dir = scratch();
    pid_t creators[CREATORS];
    int owned[CREATORS] = {0}, made = 0;
    for (int i = 0; i < CREATORS; i++) {
        creators[i] = fork();
        ck_assert_int_ge(creators[i], 0);
        if (creators[i] == 0)
            create_all(dir, (char)('a' + i));
    }
    for (int i = 0; i < CREATORS; i++) {
        int status;
        ck_assert_int_eq(waitpid(creators[i], &status, 0), creators[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 100);
        owned[i] = WEXITSTATUS(status);
        made += owned[i];
    }
    ck_assert_int_eq(made, 100);
    ck_assert_uint_eq(files_in(dir), 100);
    for (int i = 0; i < 100; i++) {
        AUTO_BUF content = BUF(10);
        ck_assert_int_eq(fs_read(arena_printf(&arena, "%s/%d", dir, i), 10, &content, &err), 0);
        ck_assert_uint_eq(content.len, 1);
        owned[buf_text(&content)[0] - 'a']--;
    }
    for (int i = 0; i < CREATORS; i++)
        ck_assert_int_eq(owned[i], 0);
    scratch_end(dir);
}
END_TEST

// Stands in for libc's in this program: what was synced, and whether the file had its name by then.
static const char *awaited;
static unsigned files_synced, folders_synced;
static bool named_too_early;

int
fsync(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    if (S_ISDIR(st.st_mode)) {
        folders_synced++;
    } else {
        files_synced++;
        named_too_early = awaited && fs_exists(awaited);
    }
    return 0;
}

START_TEST(write_syncs_before_it_names_and_the_folder_after)
{
    char *dir = scratch();
    awaited = fs_join(&arena, dir, "a");
    files_synced = folders_synced = 0;
    put(dir, "a", "one");
    ck_assert_uint_eq(files_synced, 1);
    ck_assert_uint_eq(folders_synced, 1);
    ck_assert(!named_too_early);
    awaited = NULL;
    scratch_end(dir);
}
END_TEST

START_TEST(create_syncs_before_it_names_and_the_folder_after)
{
    char *dir = scratch();
    const char *path = fs_join(&arena, dir, "a");
    awaited = path;
    files_synced = folders_synced = 0;
    ck_assert_int_eq(fs_create(path, STR("one"), &err), 0);
    ck_assert_uint_eq(files_synced, 1);
    ck_assert_uint_eq(folders_synced, 1);
    ck_assert(!named_too_early);
    awaited = NULL;
    scratch_end(dir);
}
END_TEST

START_TEST(what_is_scratch_waits_for_no_disk)
{
    char *dir = scratch();
    char *path = fs_join(&arena, dir, "file");
    AUTO_BUF content = BUF(100);
    awaited = path;
    files_synced = folders_synced = 0;
    ck_assert_int_eq(fs_write_scratch(path, STR("longer than the next"), &err), 0);
    ck_assert_int_eq(fs_write_scratch(path, STR("short"), &err), 0);
    ck_assert_uint_eq(files_synced + folders_synced, 0);
    ck_assert_int_eq(fs_read(path, 100, &content, &err), 0);
    ck_assert_str_eq(buf_text(&content), "short");
    ck_assert_int_eq(fs_write_scratch(fs_join(&arena, dir, "no/file"), STR("x"), &err), -1);
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "no/file"));
    awaited = NULL;
    scratch_end(dir);
}
END_TEST

UNIT_MAIN("base/fs", reads_and_replaces, refuses_too_large_and_missing, write_replaces_whole_and_keeps_mode,
          write_obeys_umask_and_leaves_nothing_on_failure, makes_folders, removes_without_following,
          copies_a_tree, copies_into_itself_once, joins_and_splits, resolves, globs_in_order,
          walks_regular_files, what_goes_while_it_walks_is_left_out, temp_dirs_differ_and_are_private,
          create_never_replaces, of_racing_creators_one_wins,
          write_syncs_before_it_names_and_the_folder_after, create_syncs_before_it_names_and_the_folder_after,
          what_is_scratch_waits_for_no_disk)
