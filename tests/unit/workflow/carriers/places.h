// SPDX-License-Identifier: Apache-2.0
// A place of every kind of carrier, for tests that every carrier must pass.
#ifndef ATOLL_TESTS_PLACES_H
#define ATOLL_TESTS_PLACES_H

#include "base/git.h"
#include "base/host.h"
#include "tests/unit/git_server.h"
#include "tests/unit/ssh_server.h"
#include "workflow/carrier.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static struct arena arena;
static struct err err;
static char *root;                                     // scratch folder
static char place_home[64] = "/tmp/atoll-home-XXXXXX"; // of the test, before libgit2 looks for one

struct place {
    const char *name;
    // The specification of an empty place below `root`, or NULL when the machine lacks something.
    const char *(*make)(void);
};

static inline void
ok(int status)
{
    ck_assert_msg(status == 0, "%s: %s", err_name(err.kind), err.message);
}

static inline void
refused(int status, enum err_kind kind)
{
    ck_assert_int_eq(status, -1);
    ck_assert_msg(err.kind == kind, "%s: %s", err_name(err.kind), err.message);
}

static inline const char *
place_dir(void)
{
    return arena_printf(&arena, "dir:%s/state", root);
}

static inline const char *
place_git(void)
{
    ok(repo_init(fs_join(&arena, root, "origin.git"), true, &err));
    return arena_printf(&arena, "git:%s/origin.git#refs/atoll/state", root);
}

static inline const char *
place_http(void)
{
    if (!git_server_find())
        return NULL;
    place_git();
    int port = git_server_start(root, NULL);
    return arena_printf(&arena, "git:http://127.0.0.1:%d/origin.git#refs/atoll/state", port);
}

// libgit2 1.5 loses what it knew of the host with each connection over ssh: what is allocated in that place
// is not looked at.
static inline void
look_for_leaks(bool wanted)
{
    static bool looks = true;
    if (looks == wanted)
        return;
    looks = wanted;
#ifdef __SANITIZE_ADDRESS__
    if (wanted)
        __lsan_enable();
    else
        __lsan_disable();
#endif
}

static inline const char *
place_ssh(void)
{
    if (!ssh_server_find())
        return NULL;
    place_git();
    const char *host = ssh_server_start(&arena, fs_join(&arena, root, "ssh"), getenv("HOME"));
    look_for_leaks(false);
    return arena_printf(&arena, "git:ssh://%s%s/origin.git#refs/atoll/state", host, root);
}

// Every carrier stands here.
static const struct place places[] = {
    {"dir", place_dir}, {"git path", place_git}, {"git http", place_http}, {"git ssh", place_ssh}};
#define PLACE_COUNT (sizeof(places) / sizeof(places[0]))

// Begins with the next place; NULL when there is none here.
static inline const char *
place_begin(const struct place *place)
{
    if (strstr(place_home, "XXXXXX") ? !mkdtemp(place_home) : mkdir(place_home, 0700) < 0)
        ck_abort_msg("making %s", place_home);
    setenv("HOME", place_home, 1);
    root = fs_temp_dir(&arena, NULL, "atoll-carrier-", &err);
    ck_assert_msg(root != NULL, "%s", err.message);
    return place->make();
}

static inline void
place_end(void)
{
    look_for_leaks(true);
    ok(fs_remove_tree(root, &err));
    ok(fs_remove_tree(place_home, &err));
    arena_release(&arena);
}

// What a machine of that name sees: it has a cache of its own.
static inline struct carrier *
machine(const char *spec, const char *name)
{
    const struct carrier_options options = {root, fs_join(&arena, root, name), host_real()};
    struct carrier *carrier = carrier_open(spec, &options, &err);
    ck_assert_msg(carrier != NULL, "%s", err.message);
    return carrier;
}

#endif
