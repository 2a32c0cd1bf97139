// SPDX-License-Identifier: Apache-2.0
// A small repository in a temporary folder, a scratch folder beside it, and a launcher: for tests that
// compile.
#ifndef ATOLL_TESTS_TARGET_WORKSHOP_H
#define ATOLL_TESTS_TARGET_WORKSHOP_H

#include "base/fs.h"
#include "base/proc.h"
#include "sandbox/cell.h"
#include "steps/shared/target/target.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#define OK(call, error) ck_assert_msg((call) == 0, "%s", (error)->message)

struct workshop {
    struct arena arena;
    struct err err;
    char *folder;
    char *repository, *scratch;
    char *cell; // path of atoll-cell
    struct launcher *launcher;
};

// Makes the folders and starts the launcher.
static inline void
workshop_init(struct workshop *w)
{
    *w = (struct workshop){0};
    w->folder = fs_temp_dir(&w->arena, NULL, "target", &w->err);
    ck_assert_msg(w->folder != NULL, "%s", w->err.message);
    w->repository = fs_join(&w->arena, w->folder, "repository");
    w->scratch = fs_join(&w->arena, w->folder, "scratch");
    OK(fs_mkdirs(w->repository, &w->err), &w->err);
    OK(fs_mkdirs(w->scratch, &w->err), &w->err);
    w->cell = above(&w->arena, "atoll-cell");
    w->launcher = launcher_new(w->cell, ISOLATION_GUARD, &w->err);
    ck_assert_msg(w->launcher != NULL, "%s", w->err.message);
}

// Stops the launcher and removes the folders.
static inline void
workshop_release(struct workshop *w)
{
    launcher_free(w->launcher);
    OK(fs_remove_tree(w->folder, &w->err), &w->err);
    arena_release(&w->arena);
}

#define AUTO_WORKSHOP __attribute__((cleanup(workshop_release))) struct workshop

// Writes a file of the repository and gives its absolute path.
static inline const char *
workshop_file(struct workshop *w, const char *path, const char *text)
{
    const char *full = fs_join(&w->arena, w->repository, path);

    OK(fs_write(full, str_of(text), &w->err), &w->err);
    return full;
}

// Opens a function as a target; `description` is JSON text or NULL. Close it with target_close.
static inline struct target
workshop_target(struct workshop *w, const char *file, const char *function, const char *description)
{
    struct target target;
    AUTO_JSON *given = description == NULL ? NULL : json_read(str_of(description), "description", &w->err);

    struct recipe_yard yard = {w->launcher, fs_join(&w->arena, w->scratch, "views")};
    ck_assert(description == NULL || given != NULL);
    OK(target_open(&w->arena, w->repository, file, function, given, &yard, &target, &w->err), &w->err);
    return target;
}

// Runs a command on the test's own behalf, outside of the sandbox.
static inline void
workshop_run(struct workshop *w, const char *const *argv)
{
    struct proc_spec spec = {.argv = argv, .merge_stderr = true, .cwd = w->folder};
    AUTO_PROC_RESULT result = {0};

    OK(proc_run(&spec, &result, &w->err), &w->err);
    ck_assert_msg(result.exit_code == 0, "%s: %s", argv[0], buf_text(&result.out));
}

#endif
