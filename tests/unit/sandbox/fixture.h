// SPDX-License-Identifier: Apache-2.0
// What the sandbox's tests share: a launcher, a scratch folder, C sources made into objects and programs.
#ifndef ATOLL_TESTS_SANDBOX_FIXTURE_H
#define ATOLL_TESTS_SANDBOX_FIXTURE_H

#include "base/arena.h"
#include "base/fs.h"
#include "base/proc.h"
#include "sandbox/cell.h"
#include "sandbox/launcher.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OK(call, error) ck_assert_msg((call) == 0, "%s", (error)->message)

struct fixture {
    struct arena arena;
    struct err err;
    char *folder;
    struct launcher *launcher;
};

// A scratch folder, and a launcher of the built atoll-cell that meets the demand. False when this machine
// does not.
static inline bool
fixture_try(struct fixture *fixture, const struct isolation_demand *demand)
{
    *fixture = (struct fixture){0};
    char *cell = above(&fixture->arena, "atoll-cell");
    fixture->folder = fs_temp_dir(&fixture->arena, NULL, "sandbox", &fixture->err);
    ck_assert_msg(fixture->folder != NULL, "%s", fixture->err.message);
    fixture->launcher = launcher_new_at(cell, demand, &fixture->err);
    return fixture->launcher != NULL;
}

// At the best level; skips nothing: a machine without seccomp fails here and says so.
static inline void
fixture_init(struct fixture *fixture)
{
    struct isolation_demand demand = {.require = ISOLATION_GUARD};
    ck_assert_msg(fixture_try(fixture, &demand), "%s", fixture->err.message);
}

// Ends the launcher and removes the folder.
static inline void
fixture_release(struct fixture *fixture)
{
    launcher_free(fixture->launcher);
    OK(fs_remove_tree(fixture->folder, &fixture->err), &fixture->err);
    arena_release(&fixture->arena);
}

// At just this level, vault without a control group where there is none; says so and is false when this
// machine does not give it.
static inline bool
fixture_at(struct fixture *fixture, enum isolation_level level)
{
    struct isolation_demand demand = {.require = level, .most = level, .degraded = PART(PART_CGROUP)};
    if (fixture_try(fixture, &demand))
        return true;
    printf("skipped: needs isolation level %s: %s\n", isolation_name(level), fixture->err.message);
    fixture_release(fixture);
    return false;
}

// Says what is left out for want of Landlock of this version. In CI it may not be: there it fails where the
// kernel, asked past the sandbox's own probe, has that version.
static inline void
skip_without_landlock(const char *what, int abi)
{
    const char *ci = getenv("CI");
    long has = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u); // the version
    printf("skipped: %s needs Landlock %d, this kernel has %ld\n", what, abi, has > 0 ? has : 0);
    ck_assert_msg(has < abi || !ci || strcmp(ci, "true") != 0,
                  "%s was skipped for want of Landlock, which this kernel has", what);
}

// Compiles `source` into folder/name with these flags ("" or one flag each in a NULL-terminated list).
static char *
fixture_compile(struct fixture *fixture, const char *name, const char *source, const char *const *flags)
{
    char *out = fs_join(&fixture->arena, fixture->folder, name);
    char *in = arena_printf(&fixture->arena, "%s.c", out);
    OK(fs_write(in, str_of(source), &fixture->err), &fixture->err);
    const char *argv[20] = {"gcc", "-O1", "-w", "-I.", "-D_GNU_SOURCE", "-o", out, in};
    for (size_t i = 8; flags && *flags && i < 19; flags++)
        argv[i++] = *flags;
    struct proc_spec spec = {.argv = argv, .merge_stderr = true};
    AUTO_PROC_RESULT result = {0};
    OK(proc_run(&spec, &result, &fixture->err), &fixture->err);
    ck_assert_msg(result.exit_code == 0, "%s", buf_text(&result.out));
    return out;
}

// A shared object of `source` as folder/name; its path.
static inline char *
fixture_object(struct fixture *fixture, const char *name, const char *source)
{
    static const char *const flags[] = {"-shared", "-fPIC", NULL};
    return fixture_compile(fixture, name, source, flags);
}

// A program of `source` as folder/name; its path.
static inline char *
fixture_program(struct fixture *fixture, const char *name, const char *source)
{
    return fixture_compile(fixture, name, source, NULL);
}

#endif
