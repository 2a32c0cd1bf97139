// SPDX-License-Identifier: Apache-2.0
// Against `git http-backend` behind the test server.
#include "base/fs.h"
#include "base/git.h"
#include "base/proc.h"
#include "tests/unit/git_server.h"

#include <sys/stat.h>
#include <sys/wait.h>

static struct arena arena;
static struct err err;
static char *dir;
static const char *required_header; // Authorization that the server wants
static const struct repo_author author = {"A U Thor", "author@example.org", 1700000000};
static const char ref[] = "refs/heads/main";

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

// Starts the server and makes a scratch folder; false when the machine has no git.
static bool
begin(void)
{
    dir = fs_temp_dir(&arena, NULL, "atoll-remote-", &err);
    return git_server_find();
}

static int
start(void)
{
    return git_server_start(dir, required_header);
}

static struct repo *
make(const char *name, bool bare)
{
    ok(repo_init(fs_join(&arena, dir, name), bare, &err));
    struct repo *repo = repo_open(fs_join(&arena, dir, name), &err);
    ck_assert_msg(repo != NULL, "%s", err.message);
    return repo;
}

static const char *
url_of(int port)
{
    return arena_printf(&arena, "http://127.0.0.1:%d/origin.git", port);
}

static void
commit(struct repo *repo, const char *text, char oid[REPO_OID_SIZE])
{
    const struct repo_change change = {.path = "dir/a", .content = str_of(text)};
    ok(repo_commit(repo, *oid ? oid : NULL, NULL, &change, 1, "message", &author, oid, &err));
}

static void
ck_at(struct repo *repo, const char *oid)
{
    char now[REPO_OID_SIZE];
    ok(repo_resolve(repo, ref, now, &err));
    ck_assert_str_eq(now, oid);
}

static void
finish(struct repo *repo, struct repo *origin)
{
    repo_free(repo);
    repo_free(origin);
    ok(fs_remove_tree(dir, &err));
    arena_release(&arena);
}

START_TEST(pushes_and_fetches)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    const char *url = url_of(start());
    char a[REPO_OID_SIZE] = "", b[REPO_OID_SIZE], fork[REPO_OID_SIZE], oid[REPO_OID_SIZE];
    commit(repo, "1", a);
    memcpy(b, a, sizeof(b));
    memcpy(fork, a, sizeof(fork));
    commit(repo, "2", b);
    commit(repo, "3", fork);
    ok(repo_push(repo, url, a, ref, REPO_NO_OID, &err));
    ck_at(origin, a);
    refused(repo_push(repo, url, b, ref, REPO_NO_OID, &err), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, a));
    ok(repo_push(repo, url, b, ref, NULL, &err));
    refused(repo_push(repo, url, fork, ref, NULL, &err), ERR_CONFLICT);
    refused(repo_push(repo, url, fork, ref, a, &err), ERR_CONFLICT);
    ck_at(origin, b);
    ok(repo_push(repo, url, fork, ref, b, &err));
    ck_at(origin, fork);
    ok(repo_remote_ref(repo, url, ref, oid, &err));
    ck_assert_str_eq(oid, fork);
    struct repo *other = make("other", true);
    ok(repo_fetch(other, url, ref, oid, &err));
    AUTO_BUF text = BUF(100);
    ok(repo_read(other, oid, "dir/a", 100, &text, &err));
    ck_assert_str_eq(buf_text(&text), "3");
    repo_free(other);
    ok(repo_push(repo, url, a, "refs/heads/side", REPO_NO_OID, &err));
    refused(repo_push(repo, url, NULL, "refs/heads/side", b, &err), ERR_CONFLICT);
    ok(repo_push(repo, url, NULL, "refs/heads/side", a, &err));
    refused(repo_remote_ref(repo, url, "refs/heads/side", oid, &err), ERR_NOT_FOUND);
    refused(repo_push(repo, url, NULL, ref, fork, &err), ERR_CONFLICT); // git keeps the branch HEAD is on
    struct fs_list refs;
    ok(fs_walk(&arena, fs_join(&arena, dir, "r/.git/refs"), &refs, &err));
    ck_assert_uint_eq(refs.count, 0); // what the pushes needed is gone
    refused(repo_remote_ref(repo, "http://127.0.0.1:1/x.git", ref, oid, &err), ERR_NET);
    finish(repo, origin);
}
END_TEST

// The transport says success although the server refused: only its word about the ref tells.
START_TEST(hears_the_servers_refusal)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    const char *url = url_of(start()), *hook = fs_join(&arena, dir, "origin.git/hooks/update");
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    commit(repo, "1", a);
    ok(fs_write(hook, STR("#!/bin/sh\nexit 1\n"), &err));
    ck_assert_int_eq(chmod(hook, 0755), 0);
    refused(repo_push(repo, url, a, ref, REPO_NO_OID, &err), ERR_CONFLICT);
    ck_assert_msg(strstr(err.message, "hook declined") != NULL, "%s", err.message);
    refused(repo_resolve(origin, ref, oid, &err), ERR_NOT_FOUND);
    finish(repo, origin);
}
END_TEST

START_TEST(shows_its_credentials)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    required_header = "Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0"; // x-access-token:secret
    const char *url = url_of(start());
    char a[REPO_OID_SIZE] = "";
    commit(repo, "1", a);
    ck_assert_int_eq(repo_push(repo, url, a, ref, NULL, &err), -1);
    repo_set_token(repo, "wrong");
    ck_assert_int_eq(repo_push(repo, url, a, ref, NULL, &err), -1);
    repo_set_token(repo, "secret");
    ok(repo_push(repo, url, a, ref, NULL, &err));
    repo_set_token(repo, NULL);
    ck_assert_int_eq(repo_push(repo, url, a, "refs/heads/b", NULL, &err), -1);
    finish(repo, origin);
}
END_TEST

// As checkout actions leave it: a header in the configuration, and another name for the host.
START_TEST(obeys_the_configuration)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    required_header = "Basic Y2k6Y2k=";
    int port = start();
    AUTO_BUF config = BUF(10000);
    ok(fs_read(fs_join(&arena, dir, "r/.git/config"), 10000, &config, &err));
    buf_printf(&config,
               "[remote \"origin\"]\n\turl = forge:origin.git\n[url \"http://127.0.0.1:%d/\"]\n\tinsteadOf = "
               "forge:\n"
               "[http \"http://127.0.0.1:%d/\"]\n\textraheader = Authorization: %s\n"
               "[http \"http://elsewhere/\"]\n\textraheader = Authorization: wrong\n",
               port, port, required_header);
    ok(fs_write(fs_join(&arena, dir, "r/.git/config"), buf_str(&config), &err));
    repo_free(repo);
    repo = repo_open(fs_join(&arena, dir, "r"), &err);
    ck_assert_str_eq(repo_remote_url(repo, &arena, "origin", &err), url_of(port));
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    commit(repo, "1", a);
    ok(repo_push(repo, "origin", a, ref, NULL, &err));
    ok(repo_remote_ref(repo, "origin", ref, oid, &err));
    ck_assert_str_eq(oid, a);
    pid_t fetcher =
        fork(); // libgit2's download loses its copy of the headers, which a leak checker would report
    if (fetcher == 0)
        _exit(repo_fetch(repo, "origin", ref, oid, &err) == 0 ? 0 : 1);
    int status;
    waitpid(fetcher, &status, 0);
    ck_assert_int_eq(status, 0);
    finish(repo, origin);
}
END_TEST

// CI checks out one commit without its history.
START_TEST(pushes_from_a_shallow_clone)
{
    if (!begin())
        return;
    struct repo *seed = make("seed", true), *origin = make("origin.git", true);
    const char *url = url_of(start());
    char a[REPO_OID_SIZE] = "";
    for (int i = 0; i < 3; i++)
        commit(seed, arena_printf(&arena, "%d", i), a);
    ok(repo_push(seed, url, a, ref, NULL, &err));
    const char *const argv[] = {"git", "clone", "-q", "--depth=1", url, "r", NULL};
    AUTO_PROC_RESULT cloned = {0};
    ok(proc_run(&(struct proc_spec){.argv = argv, .cwd = dir}, &cloned, &err));
    ck_assert_msg(cloned.exit_code == 0, "%s", buf_text(&cloned.err));
    struct repo *repo = repo_open(fs_join(&arena, dir, "r"), &err);
    char b[REPO_OID_SIZE];
    memcpy(b, a, sizeof(b));
    commit(repo, "4", b);
    ok(repo_push(repo, url, b, "refs/heads/side", REPO_NO_OID, &err));
    ok(repo_push(repo, url, b, ref, NULL, &err));
    ok(repo_push(repo, fs_join(&arena, dir, "origin.git"), b, "refs/heads/local", REPO_NO_OID, &err));
    AUTO_BUF text = BUF(100);
    ok(repo_read(origin, "refs/heads/side", "dir/a", 100, &text, &err));
    ck_assert_str_eq(buf_text(&text), "4");
    repo_free(seed);
    finish(repo, origin);
}
END_TEST

START_TEST(stops_a_download_that_is_too_large)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true), *other = make("other", true);
    const char *url = url_of(start());
    uint32_t noise = 1;
    AUTO_BUF large = BUF(400000);
    for (int i = 0; i < 100000; i++)
        buf_add_u32(&large, noise = noise * 1664525 + 1013904223);
    char a[REPO_OID_SIZE] = "", oid[REPO_OID_SIZE];
    commit(repo, "small", a);
    ok(repo_push(repo, url, a, "refs/heads/small", REPO_NO_OID, &err));
    const struct repo_change change = {.path = "large", .content = buf_str(&large)};
    ok(repo_commit(repo, a, NULL, &change, 1, "message", &author, a, &err));
    ok(repo_push(repo, url, a, ref, REPO_NO_OID, &err));
    repo_limit_fetch(other, 100000);
    ok(repo_fetch(other, url, "refs/heads/small", oid, &err));
    refused(repo_fetch(other, url, ref, oid, &err), ERR_LIMIT);
    repo_limit_fetch(other, 0);
    ok(repo_fetch(other, url, ref, oid, &err));
    repo_free(other);
    finish(repo, origin);
}
END_TEST

static int
note_ref(void *context, const char *name, struct err *error)
{
    buf_printf(context, "%s ", name);
    return ((struct buf *)context)->len < 40 ? 0 : err_set(error, ERR_LIMIT, "enough");
}

START_TEST(lists_refs_below_a_prefix)
{
    if (!begin())
        return;
    struct repo *repo = make("r", false), *origin = make("origin.git", true);
    const char *url = url_of(start());
    static const char *const refs[] = {"refs/heads/main", "refs/atoll/inbox/a", "refs/atoll/inbox/b"};
    char a[REPO_OID_SIZE] = "";
    commit(repo, "1", a);
    for (size_t i = 0; i < 3; i++)
        ok(repo_push(repo, url, a, refs[i], REPO_NO_OID, &err));
    const char *const names[] = {url, fs_join(&arena, dir, "origin.git")};
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF found = BUF(1000);
        ok(repo_remote_refs(repo, names[i], "refs/atoll/inbox/", note_ref, &found, &err));
        ck_assert_str_eq(buf_text(&found), "refs/atoll/inbox/a refs/atoll/inbox/b ");
        buf_clear(&found);
        ok(repo_remote_refs(repo, names[i], "refs/none/", note_ref, &found, &err));
        ck_assert_uint_eq(found.len, 0);
        refused(repo_remote_refs(repo, names[i], "refs/", note_ref, &found, &err), ERR_LIMIT);
    }
    refused(repo_remote_refs(repo, "http://127.0.0.1:1/x.git", "refs/", note_ref, NULL, &err), ERR_NET);
    finish(repo, origin);
}
END_TEST

// Replaces the head by parentless commits, as state does; returns how often it won.
static int
replace(const char *name, const char *url, int tries)
{
    struct repo *repo = make(name, true);
    int won = 0;
    for (int i = 0; i < tries; i++) {
        char base[REPO_OID_SIZE], oid[REPO_OID_SIZE] = "";
        if (repo_remote_ref(repo, url, ref, base, &err) < 0)
            return -1;
        commit(repo, arena_printf(&arena, "%s %d", name, i), oid);
        if (repo_push(repo, url, oid, ref, base, &err) == 0)
            won++;
        else if (err.kind != ERR_CONFLICT)
            return -1;
    }
    repo_free(repo);
    return won;
}

START_TEST(acknowledges_each_swap_once)
{
    if (!begin())
        return;
    struct repo *origin = make("origin.git", true);
    const char *url = url_of(start());
    char first[REPO_OID_SIZE] = "";
    commit(origin, "0", first);
    ok(repo_set_ref(origin, ref, first, NULL, &err));
    ok(fs_write(fs_join(&arena, dir, "origin.git/logs/refs/heads/main"), STR(""),
                &err)); // the server's own count
    pid_t writers[2];
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            _exit(replace(i ? "two" : "one", url, 6));
    }
    int won = 0;
    for (int i = 0; i < 2; i++) {
        int status;
        waitpid(writers[i], &status, 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 6);
        won += WEXITSTATUS(status);
    }
    AUTO_BUF log = BUF(100000);
    ok(fs_read(fs_join(&arena, dir, "origin.git/logs/refs/heads/main"), 100000, &log, &err));
    int moves = 0;
    for (size_t i = 0; i < log.len; i++)
        moves += log.ptr[i] == '\n';
    ck_assert_int_ge(won, 6); // at least one wins each round
    ck_assert_int_eq(moves, won);
    finish(NULL, origin);
}
END_TEST

UNIT_MAIN("base/git_remote", pushes_and_fetches, hears_the_servers_refusal, shows_its_credentials,
          obeys_the_configuration, pushes_from_a_shallow_clone, stops_a_download_that_is_too_large,
          lists_refs_below_a_prefix, acknowledges_each_swap_once)
