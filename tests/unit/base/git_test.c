// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/fs.h"
#include "base/git.h"
#include "base/proc.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
// libgit2 1.5 loses the match data of PCRE2 whenever a regular expression does not match.
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
    return "leak:libpcre2-8.so\n";
}
#endif

static struct arena arena;
static struct err err;
static char *dir;
static const struct repo_author author = {"A U Thor", "author@example.org", 1700000000};

static void
ok(int status)
{
    ck_assert_msg(status == 0, "%s", err.message);
}

static void
refused(int status, enum err_kind kind)
{
    ck_assert_int_eq(status, -1);
    ck_assert_msg(err.kind == kind, "%s: %s", err_name(err.kind), err.message);
}

static char *
path_of(const char *name)
{
    if (!dir)
        dir = fs_temp_dir(&arena, NULL, "atoll-git-", &err);
    return fs_join(&arena, dir, name);
}

static struct repo *
make(const char *name, bool bare)
{
    ok(repo_init(path_of(name), bare, &err));
    struct repo *repo = repo_open(path_of(name), &err);
    ck_assert_msg(repo != NULL, "%s", err.message);
    return repo;
}

static void
finish(struct repo *repo)
{
    repo_free(repo);
    ok(fs_remove_tree(dir, &err));
    arena_release(&arena);
}

// Commits one file; `*oid` is the parent ("" for none) and then the new commit.
static void
commit(struct repo *repo, const char *branch, const char *path, const char *text, char oid[REPO_OID_SIZE])
{
    const struct repo_change change = {.path = path, .content = str_of(text)};
    ok(repo_commit(repo, *oid ? oid : NULL, branch, &change, 1, "message", &author, oid, &err));
}

static void
ck_content(struct repo *repo, const char *revision, const char *path, const char *text)
{
    AUTO_BUF content = BUF(1000);
    ok(repo_read(repo, revision, path, 1000, &content, &err));
    ck_assert_str_eq(buf_text(&content), text);
}

static void
ck_at(struct repo *repo, const char *ref, const char *oid)
{
    char now[REPO_OID_SIZE];
    ok(repo_resolve(repo, ref, now, &err));
    ck_assert_str_eq(now, oid);
}

START_TEST(opens_upwards)
{
    struct repo *repo = make("r", false);
    ok(fs_mkdirs(path_of("r/a/b"), &err));
    struct repo *inner = repo_open(path_of("r/a/b"), &err);
    ck_assert_ptr_nonnull(inner);
    ck_assert_str_eq(repo_workdir(inner), repo_workdir(repo));
    ck_assert_str_eq(repo_head_ref(inner, &arena, &err), "refs/heads/main");
    repo_free(inner);
    ck_assert_ptr_null(repo_open(dir, &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    char oid[REPO_OID_SIZE];
    refused(repo_resolve(repo, "HEAD", oid, &err), ERR_NOT_FOUND); // no commit yet
    struct repo *bare = make("bare.git", true);
    ck_assert_ptr_null(repo_workdir(bare));
    ok(repo_init(path_of("bare.git"), true, &err)); // again: left alone
    repo_free(bare);
    repo_free(NULL);
    finish(repo);
}
END_TEST

START_TEST(opens_what_another_user_owns)
{
    struct repo *repo = make("r", false);
    repo_free(repo);
    if (geteuid() != 0) {
        printf("skipped: needs root\n");
        finish(NULL);
        return;
    }
    ck_assert_int_eq(chown(path_of("r"), 12345, 12345), 0);
    ck_assert_int_eq(chown(path_of("r/.git"), 12345, 12345), 0);
    repo = repo_open(path_of("r"), &err);
    ck_assert_msg(repo != NULL, "%s", err.message);
    finish(repo);
}
END_TEST

START_TEST(commits_without_a_work_tree)
{
    struct repo *repo = make("r", false);
    char first[REPO_OID_SIZE] = "", second[REPO_OID_SIZE];
    const struct repo_change changes[] = {
        {.path = "src/a.c", .content = STR("int a;\n")},
        {.path = "run.sh", .content = STR("#!/bin/sh\n"), .executable = true},
        {.path = "old", .content = STR("old")},
        {.path = "empty"},
    };
    ok(repo_commit(repo, NULL, "refs/heads/main", changes, 4, "first", &author, first, &err));
    ck_at(repo, "HEAD", first);
    ck_assert(!fs_exists(path_of("r/run.sh")));
    ck_assert(!fs_exists(path_of("r/.git/index")));
    const struct repo_change more[] = {
        {.path = "src/a.c", .content = STR("int b;\n")},
        {.path = "run.sh", .content = STR("#!/bin/bash\n")},
        {.path = "old", .remove = true},
        {.path = "never/was", .remove = true},
    };
    ok(repo_commit(repo, "HEAD", NULL, more, 4, "second\n\nwhy\n", &author, second, &err));
    ck_at(repo, "HEAD", first); // no branch was named
    ck_content(repo, first, "src/a.c", "int a;\n");
    ck_content(repo, second, "src/a.c", "int b;\n");
    ck_content(repo, second, "empty", "");
    AUTO_BUF text = BUF(1000);
    refused(repo_read(repo, second, "old", 1000, &text, &err), ERR_NOT_FOUND);
    refused(repo_read(repo, second, "src", 1000, &text, &err), ERR_NOT_FOUND);
    refused(repo_read(repo, second, "src/a.c", 6, &text, &err), ERR_LIMIT);
    ok(repo_message(repo, first, &text, &err));
    ck_assert_str_eq(buf_text(&text), "first\n");
    ok(repo_message(repo, second, &text, &err));
    ck_assert_str_eq(buf_text(&text), "second\n\nwhy\n");
    int64_t when_s;
    ok(repo_commit_time(repo, second, &when_s, &err));
    ck_assert_int_eq(when_s, author.when_s);
    ok(repo_checkout(repo, second, path_of("out"), &err));
    struct stat st;
    ck_assert_int_eq(stat(path_of("out/run.sh"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0111, 0111); // the mode was kept
    finish(repo);
}
END_TEST

START_TEST(replaces_folders_and_files)
{
    struct repo *repo = make("r", true);
    char oid[REPO_OID_SIZE] = "";
    commit(repo, NULL, "a/b/c", "deep", oid);
    commit(repo, NULL, "a", "flat", oid);
    ck_content(repo, oid, "a", "flat");
    commit(repo, NULL, "a/x", "deep again", oid);
    ck_content(repo, oid, "a/x", "deep again");
    finish(repo);
}
END_TEST

START_TEST(refuses_hostile_paths)
{
    struct repo *repo = make("r", true);
    static const char *const paths[] = {"../x", "a/../../x", ".git/config", "a/.git/hooks/x", "/abs",
                                        "a//b", ""};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct repo_change change = {.path = paths[i], .content = STR("x")};
        char oid[REPO_OID_SIZE];
        ck_assert_msg(repo_commit(repo, NULL, NULL, &change, 1, "m", &author, oid, &err) < 0, "%s", paths[i]);
    }
    finish(repo);
}
END_TEST

START_TEST(moves_a_branch_only_from_its_parent)
{
    struct repo *repo = make("r", true);
    char base[REPO_OID_SIZE] = "", next[REPO_OID_SIZE], stale[REPO_OID_SIZE], other[REPO_OID_SIZE];
    commit(repo, "refs/heads/main", "a", "1", base);
    memcpy(next, base, sizeof(next));
    memcpy(stale, base, sizeof(stale));
    memcpy(other, base, sizeof(other));
    commit(repo, "refs/heads/main", "a", "2", next);
    const struct repo_change change = {.path = "a", .content = STR("3")};
    refused(repo_commit(repo, stale, "refs/heads/main", &change, 1, "m", &author, stale, &err), ERR_CONFLICT);
    ck_at(repo, "refs/heads/main", next);
    refused(repo_commit(repo, NULL, "refs/heads/main", &change, 1, "m", &author, stale, &err), ERR_CONFLICT);
    commit(repo, "refs/heads/atoll/f", "a", "4", other); // a new branch starts at any parent
    ck_at(repo, "refs/heads/atoll/f", other);
    refused(repo_commit(repo, next, "no such..ref", &change, 1, "m", &author, stale, &err), ERR_USAGE);
    bool is_ancestor;
    ok(repo_is_ancestor(repo, base, next, &is_ancestor, &err));
    ck_assert(is_ancestor);
    ok(repo_is_ancestor(repo, next, next, &is_ancestor, &err));
    ck_assert(is_ancestor);
    ok(repo_is_ancestor(repo, other, next, &is_ancestor, &err));
    ck_assert(!is_ancestor);
    finish(repo);
}
END_TEST

START_TEST(compares_and_swaps_refs)
{
    struct repo *repo = make("r", true);
    char a[REPO_OID_SIZE] = "", b[REPO_OID_SIZE] = "", now[REPO_OID_SIZE];
    commit(repo, NULL, "a", "1", a);
    commit(repo, NULL, "a", "2", b);
    static const char ref[] = "refs/atoll/state";
    ok(repo_set_ref(repo, ref, a, REPO_NO_OID, &err));
    refused(repo_set_ref(repo, ref, b, REPO_NO_OID, &err), ERR_CONFLICT);
    refused(repo_set_ref(repo, ref, b, b, &err), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, a)); // says where it stands
    ok(repo_set_ref(repo, ref, b, a, &err));
    ck_at(repo, ref, b);
    ok(repo_set_ref(repo, ref, a, NULL, &err));
    refused(repo_set_ref(repo, ref, NULL, b, &err), ERR_CONFLICT);
    ok(repo_set_ref(repo, ref, NULL, a, &err));
    refused(repo_resolve(repo, ref, now, &err), ERR_NOT_FOUND);
    ok(repo_set_ref(repo, ref, NULL, NULL, &err)); // already gone
    refused(repo_set_ref(repo, ref, b, a, &err), ERR_CONFLICT);
    refused(repo_set_ref(repo, ref, "abc", NULL, &err), ERR_INTERNAL);
    finish(repo);
}
END_TEST

// A killed process leaves a lock file behind; whoever comes next waits until it is old, and then goes on.
START_TEST(outlasts_a_lock_that_was_left)
{
    struct repo *repo = make("r", true);
    char a[REPO_OID_SIZE] = "";
    commit(repo, "refs/heads/main", "a", "1", a);
    const char *lock = path_of("r/refs/heads/main.lock");
    ok(fs_write(lock, STR(""), &err));
    const char *const argv[] = {"touch", "-d", "17 seconds ago", lock, NULL};
    AUTO_PROC_RESULT touched = {0};
    ok(proc_run(&(struct proc_spec){.argv = argv}, &touched, &err));
    int64_t start_ns = clock_mono_ns();
    ok(repo_set_ref(repo, "refs/heads/main", a, NULL, &err));
    ck_assert_int_gt(clock_mono_ns() - start_ns, 2 * CLOCK_S_NS); // while it was fresh
    ck_assert(!fs_exists(lock));
    finish(repo);
}
END_TEST

START_TEST(pushes_to_a_local_remote)
{
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    const char *url = path_of("origin.git");
    static const char ref[] = "refs/heads/main";
    char a[REPO_OID_SIZE] = "", b[REPO_OID_SIZE], fork[REPO_OID_SIZE];
    commit(repo, NULL, "dir/a", "1", a);
    memcpy(b, a, sizeof(b));
    memcpy(fork, a, sizeof(fork));
    commit(repo, NULL, "dir/a", "2", b);
    commit(repo, NULL, "dir/a", "3", fork);
    ok(repo_push(repo, url, a, ref, REPO_NO_OID, &err));
    ck_at(origin, ref, a);
    ck_content(origin, ref, "dir/a", "1");
    refused(repo_push(repo, url, b, ref, REPO_NO_OID, &err), ERR_CONFLICT);
    ok(repo_push(repo, url, b, ref, NULL, &err)); // a fast-forward
    refused(repo_push(repo, url, fork, ref, NULL, &err), ERR_CONFLICT);
    refused(repo_push(repo, url, fork, ref, a, &err), ERR_CONFLICT); // stale
    ck_at(origin, ref, b);
    ok(repo_push(repo, arena_printf(&arena, "file://%s", url), fork, ref, b, &err));
    ck_at(origin, ref, fork);
    ck_content(origin, ref, "dir/a", "3");
    ok(repo_push(repo, url, fork, ref, fork, &err)); // nothing to do
    char oid[REPO_OID_SIZE];
    ok(repo_remote_ref(repo, url, ref, oid, &err));
    ck_assert_str_eq(oid, fork);
    refused(repo_remote_ref(repo, url, "refs/heads/none", oid, &err), ERR_NOT_FOUND);
    ok(repo_push(repo, url, NULL, ref, fork, &err));
    refused(repo_remote_ref(repo, url, ref, oid, &err), ERR_NOT_FOUND);
    ck_assert_int_eq(repo_push(repo, path_of("none.git"), a, ref, NULL, &err), -1);
    repo_free(origin);
    finish(repo);
}
END_TEST

START_TEST(refuses_to_move_a_checked_out_branch)
{
    struct repo *repo = make("r", true), *other = make("other", false);
    char a[REPO_OID_SIZE] = "";
    commit(repo, NULL, "a", "1", a);
    refused(repo_push(repo, path_of("other"), a, "refs/heads/main", NULL, &err), ERR_CONFLICT);
    ok(repo_push(repo, path_of("other"), a, "refs/heads/side", NULL, &err));
    ck_content(other, "refs/heads/side", "a", "1");
    repo_free(other);
    finish(repo);
}
END_TEST

START_TEST(finds_remotes_by_name)
{
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    AUTO_BUF config = BUF(10000);
    ok(fs_read(path_of("r/.git/config"), 10000, &config, &err));
    buf_puts(&config, "[remote \"origin\"]\n\turl = ../origin.git\n"); // relative to the work tree
    ok(fs_write(path_of("r/.git/config"), buf_str(&config), &err));
    repo_free(repo);
    repo = repo_open(path_of("r"), &err);
    ck_assert_str_eq(repo_remote_url(repo, &arena, "origin", &err), "../origin.git");
    ck_assert_ptr_null(repo_remote_url(repo, &arena, "upstream", &err));
    ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    commit(repo, NULL, "a", "1", a);
    ok(repo_push(repo, "origin", a, "refs/heads/main", NULL, &err));
    ok(repo_remote_ref(repo, "origin", "refs/heads/main", oid, &err));
    ck_assert_str_eq(oid, a);
    ck_content(origin, "refs/heads/main", "a", "1");
    repo_free(origin);
    finish(repo);
}
END_TEST

START_TEST(tells_no_password)
{
    struct repo *repo = make("r", false);
    char a[REPO_OID_SIZE] = "", tip[REPO_OID_SIZE];
    commit(repo, NULL, "a", "1", a);
    const char *url = "http://user:secret@127.0.0.1:1/r.git";
    const char *config = arena_printf(&arena, "[remote \"origin\"]\n\turl = %s\n", url);
    ok(fs_write(path_of("r/.git/config"), str_of(config), &err));
    ck_assert_str_eq(repo_remote_url(repo, &arena, "origin", &err), "http://127.0.0.1:1/r.git");
    const char *const names[] = {"origin", url, "nowhere://user:secret@h/r"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(repo_remote_ref(repo, names[i], "refs/heads/main", tip, &err), -1);
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
        ck_assert_int_eq(repo_push(repo, names[i], a, "refs/heads/main", NULL, &err), -1);
        ck_assert_msg(strstr(err.message, "secret") == NULL, "%s", err.message);
    }
    finish(repo);
}
END_TEST

START_TEST(fetches_without_moving_refs)
{
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    commit(origin, "refs/atoll/state", "deep/er/a", "1", a);
    ok(repo_fetch(repo, path_of("origin.git"), "refs/atoll/state", oid, &err));
    ck_assert_str_eq(oid, a);
    ck_content(repo, oid, "deep/er/a", "1");
    refused(repo_resolve(repo, "refs/atoll/state", oid, &err), ERR_NOT_FOUND);
    ck_assert(!fs_exists(path_of("r/.git/FETCH_HEAD")));
    refused(repo_fetch(repo, path_of("origin.git"), "refs/none", oid, &err), ERR_NOT_FOUND);
    repo_free(origin);
    finish(repo);
}
END_TEST

START_TEST(commits_blobs_that_are_there)
{
    struct repo *repo = make("r", true);
    char blob[REPO_OID_SIZE], same[REPO_OID_SIZE], oid[REPO_OID_SIZE];
    AUTO_BUF content = BUF(100);
    ok(repo_blob_put(repo, STR("content"), blob, &err));
    const struct repo_change changes[] = {{.path = "a/b", .blob = blob}, {.path = "c", .content = STR("c")}};
    ok(repo_commit(repo, NULL, NULL, changes, 2, "m", &author, oid, &err));
    ck_content(repo, oid, "a/b", "content");
    ok(repo_blob_of(repo, oid, "a/b", same, &err));
    ck_assert_str_eq(same, blob);
    ok(repo_blob_get(repo, blob, 7, &content, &err));
    ck_assert_str_eq(buf_text(&content), "content");
    refused(repo_blob_get(repo, blob, 6, &content, &err), ERR_LIMIT);
    refused(repo_blob_get(repo, REPO_NO_OID, 100, &content, &err), ERR_NOT_FOUND);
    refused(repo_blob_of(repo, oid, "a", same, &err), ERR_NOT_FOUND);
    refused(repo_blob_of(repo, oid, "none", same, &err), ERR_NOT_FOUND);
    ok(repo_blob_put(repo, STR(""), blob, &err));
    ok(repo_blob_get(repo, blob, 0, &content, &err));
    ck_assert_uint_eq(content.len, 0);
    finish(repo);
}
END_TEST

// How many bytes the packs of a repository have.
static size_t
pack_bytes(const char *name)
{
    struct fs_list packs;
    size_t bytes = 0;
    ok(fs_glob(&arena, path_of(arena_printf(&arena, "%s/objects/pack/*.pack", name)), &packs, &err));
    for (size_t i = 0; i < packs.count; i++) {
        AUTO_BUF pack = BUF(1 << 20);
        ok(fs_read(packs.paths[i], 1 << 20, &pack, &err));
        bytes += pack.len;
    }
    return bytes;
}

// So many that they are sent in a pack.
#define MANY_FILES 120

// Fills the changes from `first` on with small files, all different.
static void
many_files(struct repo_change *changes, int first)
{
    for (int i = first; i < MANY_FILES; i++)
        changes[i] = (struct repo_change){.path = arena_printf(&arena, "many/%d", i),
                                          .content = str_of(arena_printf(&arena, "%d", i))};
}

// A few objects are put where they are found at once; many stay together.
START_TEST(sends_few_objects_without_a_pack)
{
    struct repo *repo = make("r", true), *origin = make("origin.git", true), *copy = make("copy", true);
    char one[REPO_OID_SIZE], two[REPO_OID_SIZE], three[REPO_OID_SIZE], got[REPO_OID_SIZE];
    const struct repo_change first = {.path = "deep/er/a", .content = STR("one")};
    const struct repo_change second = {.path = "deep/b", .content = STR("two")};
    struct repo_change many[MANY_FILES];
    many_files(many, 0);
    ok(repo_commit(repo, NULL, NULL, &first, 1, "1", &author, one, &err));
    ok(repo_commit(repo, one, NULL, &second, 1, "2", &author, two, &err));
    ok(repo_commit(repo, two, NULL, many, MANY_FILES, "3", &author, three, &err));
    ok(repo_push(repo, path_of("origin.git"), two, "refs/heads/x", REPO_NO_OID, &err));
    ck_assert_uint_eq(pack_bytes("origin.git"), 0);
    ck_content(origin, two, "deep/er/a", "one");
    ck_content(origin, two, "deep/b", "two");
    ok(repo_fetch(copy, path_of("origin.git"), "refs/heads/x", got, &err));
    ck_assert_str_eq(got, two);
    ck_assert_uint_eq(pack_bytes("copy"), 0);
    ck_content(copy, one, "deep/er/a", "one");
    ok(repo_push(repo, path_of("origin.git"), three, "refs/heads/x", two, &err));
    ck_assert_uint_gt(pack_bytes("origin.git"), 0);
    ck_content(origin, three, "many/77", "77");
    repo_free(origin);
    repo_free(copy);
    finish(repo);
}
END_TEST

// Two files that differ in a byte are sent as one and a difference, or as two.
START_TEST(sends_without_deltas_when_told)
{
    struct repo *repo = make("r", true), *origin = make("origin.git", true), *plain = make("plain.git", true);
    uint32_t noise = 1;
    char oid[REPO_OID_SIZE];
    AUTO_BUF one = BUF(8000), two = BUF(8000);
    for (int i = 0; i < 2000; i++)
        buf_add_u32(&one, noise = noise * 1664525 + 1013904223);
    buf_add_str(&two, buf_str(&one));
    two.ptr[4000] ^= 1;
    struct repo_change changes[MANY_FILES] = {{.path = "a", .content = buf_str(&one)},
                                              {.path = "b", .content = buf_str(&two)}};
    many_files(changes, 2);
    ok(repo_commit(repo, NULL, NULL, changes, MANY_FILES, "m", &author, oid, &err));
    ok(repo_push(repo, path_of("origin.git"), oid, "refs/heads/x", REPO_NO_OID, &err));
    repo_free(repo);
    repo = repo_open(path_of("r"), &err);
    ok(repo_skip_deltas(repo, &err));
    ok(repo_skip_deltas(repo, &err));
    ok(repo_push(repo, path_of("plain.git"), oid, "refs/heads/x", REPO_NO_OID, &err));
    ck_assert_uint_gt(pack_bytes("origin.git"), 8000);
    ck_assert_uint_lt(pack_bytes("origin.git"), 16000);
    ck_assert_uint_gt(pack_bytes("plain.git"), 18000);
    struct repo *copy = make("copy", true);
    ok(repo_skip_deltas(copy, &err));
    ok(repo_fetch(copy, path_of("origin.git"), "refs/heads/x", oid, &err));
    ck_assert_uint_gt(pack_bytes("copy"), 18000);
    repo_free(copy);
    repo_free(origin);
    repo_free(plain);
    finish(repo);
}
END_TEST

START_TEST(borrows_the_remotes_of_another)
{
    struct repo *repo = make("r", true), *other = make("other", false), *origin = make("origin.git", true);
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    AUTO_BUF config = BUF(10000);
    ok(fs_read(path_of("other/.git/config"), 10000, &config, &err));
    buf_puts(&config, "[remote \"mine\"]\n\turl = ../origin.git\n");
    ok(fs_write(path_of("other/.git/config"), buf_str(&config), &err));
    commit(repo, "refs/heads/main", "a", "1", a);
    ck_assert_int_eq(repo_push(repo, "mine", a, "refs/heads/x", REPO_NO_OID, &err), -1);
    repo_use_remotes_of(repo, other);
    ok(repo_push(repo, "mine", a, "refs/heads/x", REPO_NO_OID, &err));
    ok(repo_resolve(origin, "refs/heads/x", oid, &err));
    ck_assert_str_eq(oid, a);
    repo_free(origin);
    finish(repo);
    repo_free(other);
}
END_TEST

START_TEST(knows_names_of_refs)
{
    ck_assert(repo_is_ref_name("refs/atoll/state"));
    static const char *const bad[] = {"", "main", "refs/", "refs/a..b", "refs/a b", "refs/x.lock", "HEAD"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!repo_is_ref_name(bad[i]), "%s", bad[i]);
}
END_TEST

// Adds `wins` commits on top of whatever the remote holds, trying again after every conflict.
static void
race(const char *name, int wins)
{
    struct repo *repo = make(name, true);
    static const char ref[] = "refs/heads/main";
    while (wins > 0) {
        char base[REPO_OID_SIZE], oid[REPO_OID_SIZE];
        ok(repo_fetch(repo, path_of("origin.git"), ref, base, &err));
        const struct repo_change change = {.path = name, .content = str_of(arena_printf(&arena, "%d", wins))};
        ok(repo_commit(repo, base, NULL, &change, 1, "m", &author, oid, &err));
        if (repo_push(repo, path_of("origin.git"), oid, ref, base, &err) == 0)
            wins--;
        else
            ck_assert_msg(err.kind == ERR_CONFLICT, "%s", err.message);
    }
    repo_free(repo);
}

START_TEST(loses_no_update_between_writers)
{
    struct repo *origin = make("origin.git", true);
    char oid[REPO_OID_SIZE] = "";
    commit(origin, "refs/heads/main", "a", "1", oid);
    pid_t writers[3];
    for (int i = 0; i < 3; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            race(arena_printf(&arena, "writer%d", i), 8);
            _exit(0);
        }
    }
    for (int i = 0; i < 3; i++) {
        int status;
        ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
        ck_assert_int_eq(status, 0);
    }
    ok(repo_resolve(origin, "refs/heads/main~24", oid, &err));
    refused(repo_resolve(origin, "refs/heads/main~25", oid, &err), ERR_NOT_FOUND);
    finish(origin);
}
END_TEST

START_TEST(makes_patches)
{
    struct repo *repo = make("r", false);
    char a[REPO_OID_SIZE] = "", b[REPO_OID_SIZE];
    commit(repo, "refs/heads/main", "f.txt", "one\ntwo\n", a);
    const struct repo_change changes[] = {{.path = "f.txt", .content = STR("one\n2\n")},
                                          {.path = "bin", .content = STR("\0\1\2\3 binary \0")}};
    ok(repo_commit(repo, a, NULL, changes, 2, "m", &author, b, &err));
    AUTO_BUF patch = BUF(10000);
    ok(repo_diff(repo, a, b, &patch, &err));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&patch), "--- a/f.txt\n+++ b/f.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"));
    AUTO_BUF whole = BUF(10000), none = BUF(1000), small = BUF(20);
    ok(repo_diff(repo, NULL, a, &whole, &err));
    ck_assert_ptr_nonnull(strstr(buf_text(&whole), "--- /dev/null\n+++ b/f.txt\n@@ -0,0 +1,2 @@\n"));
    ok(repo_diff(repo, a, a, &none, &err));
    ck_assert_uint_eq(none.len, 0);
    refused(repo_diff(repo, a, b, &small, &err), ERR_LIMIT);
    const char *const argv[] = {"git", "apply", "--index", "-", NULL};
    if (!proc_find(&arena, "git")) {
        printf("skipped: needs git\n");
    } else {
        ok(repo_checkout(repo, a, path_of("r"), &err));
        const char *const reset[] = {"git", "reset", "-q", "--hard", NULL};
        AUTO_PROC_RESULT applied = {0}, is_reset = {0};
        ok(proc_run(&(struct proc_spec){.argv = reset, .cwd = path_of("r")}, &is_reset, &err));
        ok(proc_run(&(struct proc_spec){.argv = argv, .cwd = path_of("r"), .stdin_text = buf_str(&patch)},
                    &applied, &err));
        ck_assert_msg(applied.exit_code == 0, "%s", buf_text(&applied.err));
        AUTO_BUF text = BUF(100);
        ok(fs_read(path_of("r/bin"), 100, &text, &err));
        ck_assert(str_eq(buf_str(&text), STR("\0\1\2\3 binary \0")));
    }
    finish(repo);
}
END_TEST

START_TEST(compares_texts)
{
    AUTO_BUF patch = BUF(1000);
    ok(repo_diff_text("x.c", STR("a\nb\nc\n"), "x.c", STR("a\nB\nc\n"), &patch, &err));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&patch), "--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"));
    AUTO_BUF none = BUF(1000);
    ok(repo_diff_text("x", STR("same\n"), "x", STR("same\n"), &none, &err));
    ck_assert_str_eq(buf_text(&none), "");
    AUTO_BUF added = BUF(1000);
    ok(repo_diff_text("x", (struct str){0}, "x", STR("new"), &added, &err));
    ck_assert_ptr_nonnull(strstr(buf_text(&added), "+new\n\\ No newline at end of file\n"));
}
END_TEST

START_TEST(checks_out_elsewhere)
{
    struct repo *repo = make("r", false), *bare = make("bare.git", true);
    char a[REPO_OID_SIZE] = "", b[REPO_OID_SIZE];
    commit(repo, "refs/heads/main", "dir/f", "one", a);
    memcpy(b, a, sizeof(b));
    commit(repo, "refs/heads/main", "dir/g", "two", b);
    ok(repo_checkout(repo, a, path_of("out/here"), &err));
    struct fs_list files;
    ok(fs_walk(&arena, path_of("out/here"), &files, &err));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_str_eq(files.paths[0], "dir/f");
    ok(fs_write(path_of("out/here/dir/f"), STR("changed"), &err));
    ok(repo_checkout(repo, b, path_of("out/here"), &err));
    AUTO_BUF text = BUF(100);
    ok(fs_read(path_of("out/here/dir/f"), 100, &text, &err));
    ck_assert_str_eq(buf_text(&text), "one");
    ck_assert(fs_exists(path_of("out/here/dir/g")));
    ck_assert(!fs_exists(path_of("r/dir")));
    ck_assert(!fs_exists(path_of("r/.git/index")));
    ok(repo_push(repo, path_of("bare.git"), b, "refs/heads/main", NULL, &err));
    ok(repo_checkout(bare, "refs/heads/main", path_of("out/bare"), &err));
    ck_assert(fs_exists(path_of("out/bare/dir/g")));
    refused(repo_checkout(bare, "refs/heads/none", path_of("out/none"), &err), ERR_NOT_FOUND);
    repo_free(bare);
    finish(repo);
}
END_TEST

START_TEST(sees_a_dirty_work_tree)
{
    struct repo *repo = make("r", false);
    bool dirty = true;
    char a[REPO_OID_SIZE] = "";
    commit(repo, "refs/heads/main", "f", "one", a);
    const char *const reset[] = {"git", "reset", "-q", "--hard", NULL};
    if (!proc_find(&arena, "git")) {
        printf("skipped: needs git\n");
        finish(repo);
        return;
    }
    AUTO_PROC_RESULT result = {0};
    ok(proc_run(&(struct proc_spec){.argv = reset, .cwd = path_of("r")}, &result, &err));
    ok(repo_status_dirty(repo, &dirty, &err));
    ck_assert(!dirty);
    ok(fs_write(path_of("r/untracked"), STR("x"), &err));
    ok(repo_status_dirty(repo, &dirty, &err));
    ck_assert(!dirty);
    ok(fs_write(path_of("r/f"), STR("other"), &err));
    ok(repo_status_dirty(repo, &dirty, &err));
    ck_assert(dirty);
    finish(repo);
}
END_TEST

START_TEST(makes_and_removes_work_trees)
{
    struct repo *repo = make("r", false);
    char first[REPO_OID_SIZE] = "", second[REPO_OID_SIZE], head[REPO_OID_SIZE];
    commit(repo, "refs/heads/main", "f", "one", first);
    memcpy(second, first, sizeof(first));
    commit(repo, "refs/heads/main", "f", "two", second);
    for (int round = 0; round < 2; round++) {
        ok(repo_worktree_add(repo, "tree", path_of("t"), first, &err));
        AUTO_BUF text = BUF(100);
        ok(fs_read(path_of("t/f"), 100, &text, &err));
        ck_assert_str_eq(buf_text(&text), "one");
        struct repo *linked = repo_open(path_of("t"), &err);
        ck_assert_ptr_nonnull(linked);
        ok(repo_resolve(linked, "HEAD", head, &err));
        ck_assert_str_eq(head, first);
        ck_assert_ptr_null(repo_head_ref(linked, &arena, &err));
        repo_free(linked);
    }
    // No branch is left of it, and the repository stands where it stood.
    refused(repo_resolve(repo, "refs/heads/tree", head, &err), ERR_NOT_FOUND);
    ok(repo_resolve(repo, "HEAD", head, &err));
    ck_assert_str_eq(head, second);
    ok(repo_worktree_remove(repo, "tree", path_of("t"), &err));
    ck_assert(!fs_exists(path_of("t")));
    ck_assert(!fs_exists(path_of("r/.git/worktrees/tree")));
    ok(repo_worktree_remove(repo, "tree", path_of("t"), &err));
    refused(repo_worktree_add(repo, "tree", path_of("t"), "1111111111111111111111111111111111111111", &err),
            ERR_NOT_FOUND);
    ck_assert(!fs_exists(path_of("t")));
    finish(repo);
}
END_TEST

UNIT_MAIN("base/git", opens_upwards, opens_what_another_user_owns, commits_without_a_work_tree,
          replaces_folders_and_files, refuses_hostile_paths, moves_a_branch_only_from_its_parent,
          compares_and_swaps_refs, outlasts_a_lock_that_was_left, pushes_to_a_local_remote,
          refuses_to_move_a_checked_out_branch, finds_remotes_by_name, tells_no_password,
          fetches_without_moving_refs, commits_blobs_that_are_there, sends_few_objects_without_a_pack,
          sends_without_deltas_when_told, borrows_the_remotes_of_another, knows_names_of_refs,
          loses_no_update_between_writers, makes_patches, compares_texts, checks_out_elsewhere,
          sees_a_dirty_work_tree, makes_and_removes_work_trees)
