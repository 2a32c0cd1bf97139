// SPDX-License-Identifier: Apache-2.0
// What the mutators' tests share: a C text as a target, mutations of it, and the proof by running: original
// and variant are compiled with warnings as errors and must print the same.
#ifndef ATOLL_TESTS_ISLAND_EVOLVE_RIG_H
#define ATOLL_TESTS_ISLAND_EVOLVE_RIG_H

#include "base/fs.h"
#include "base/proc.h"
#include "sandbox/launcher.h"
#include "steps/island-evolve/mutator.h"
#include "tests/unit/above.h"
#include "tests/unit/unit.h"

#include <stdio.h>

struct rig {
    struct arena arena;
    struct err err;
    char *folder;
    struct launcher *launcher;
    struct target target;
    struct oracle *oracle;
    struct rng rng;
    unsigned programs;
};

// One mutation and the syntax it borrows.
struct rig_mutation {
    struct mutation mutation;
    struct syntax *syntax;
};

#define RIG_OK(rig, call) ck_assert_msg((call) == 0, "%s", (rig)->err.message)

static inline void
rig_open(struct rig *rig, const char *text, const char *function)
{
    *rig = (struct rig){0};
    rig->folder = fs_temp_dir(&rig->arena, NULL, "rig", &rig->err);
    ck_assert_msg(rig->folder != NULL, "%s", rig->err.message);
    rig->launcher = launcher_new(above(&rig->arena, "atoll-cell"), ISOLATION_GUARD, &rig->err);
    ck_assert_msg(rig->launcher != NULL, "%s", rig->err.message);
    RIG_OK(rig, fs_write(fs_join(&rig->arena, rig->folder, "unit.c"), str_of(text), &rig->err));
    rig->target = (struct target){.repository = rig->folder,
                                  .file = "unit.c",
                                  .name = arena_dup(&rig->arena, function),
                                  .source = str_of(arena_dup(&rig->arena, text))};
    rig->target.recipe.cc = "gcc";
    rig->target.recipe.directory = ".";
    rig->target.syntax = syntax_new(rig->target.source, &rig->err);
    ck_assert_msg(rig->target.syntax != NULL, "%s", rig->err.message);
    RIG_OK(rig, function_find(&rig->arena, rig->target.syntax, function, &rig->target.function, &rig->err));
    rig->oracle =
        oracle_new(rig->launcher, &rig->target, fs_join(&rig->arena, rig->folder, "oracle"), &rig->err);
    ck_assert_msg(rig->oracle != NULL, "%s", rig->err.message);
    rng_init(&rig->rng, 1, 2);
}

static inline void
rig_close(struct rig *rig)
{
    oracle_free(rig->oracle);
    syntax_free(rig->target.syntax);
    launcher_free(rig->launcher);
    RIG_OK(rig, fs_remove_tree(rig->folder, &rig->err));
    arena_release(&rig->arena);
}

static inline const struct mutator_ops *
rig_mutator(const char *name)
{
    for (size_t i = 0; mutators[i] != NULL; i++) {
        if (strcmp(mutators[i]->name, name) == 0)
            return mutators[i];
    }
    ck_abort_msg("no mutator %s", name);
    return NULL;
}

// The file's text with `variant` in place of the function.
static inline const char *
rig_splice(struct rig *rig, const char *variant)
{
    struct str source = rig->target.source;
    const struct function *function = &rig->target.function;

    if (variant == NULL)
        return arena_str(&rig->arena, source);
    return arena_printf(&rig->arena, "%.*s%s%s", (int)function->start, source.ptr, variant,
                        source.ptr + function->end);
}

// A mutation of a parent (NULL: the original).
static inline struct rig_mutation
rig_mutation(struct rig *rig, const char *parent)
{
    struct rig_mutation m = {.syntax = syntax_new(str_of(rig_splice(rig, parent)), &rig->err)};
    const struct function *function = &rig->target.function;
    size_t length = parent == NULL ? function->end - function->start : strlen(parent);

    m.mutation = (struct mutation){.arena = &rig->arena,
                                   .target = &rig->target,
                                   .syntax = m.syntax,
                                   .variant_start = function->start,
                                   .variant_end = function->start + length,
                                   .oracle = rig->oracle,
                                   .rng = &rig->rng};
    RIG_OK(rig, function_find(&rig->arena, m.syntax, rig->target.name, &m.mutation.function, &rig->err));
    return m;
}

static inline size_t
rig_sites(struct rig *rig, const char *name, const char *parent)
{
    struct rig_mutation m = rig_mutation(rig, parent);
    size_t count = rig_mutator(name)->sites(&m.mutation);

    syntax_free(m.syntax);
    return count;
}

// The variant at a site, or NULL when there is none.
static inline const char *
rig_apply(struct rig *rig, const char *name, const char *parent, size_t index)
{
    struct rig_mutation m = rig_mutation(rig, parent);
    AUTO_BUF variant = BUF(1 << 20);
    char note[160] = "";

    int done = rig_mutator(name)->apply(&m.mutation, index, &variant, note, &rig->err);
    ck_assert_msg(done >= 0, "%s", rig->err.message);
    syntax_free(m.syntax);
    ck_assert(done == 0 || (strlen(note) > 0 && strchr(note, '\n') == NULL));
    return done == 1 ? arena_str(&rig->arena, buf_str(&variant)) : NULL;
}

// The end of a text, as much as a message holds.
static inline const char *
rig_tail(const char *text)
{
    size_t len = strlen(text);

    return len > 2000 ? text + len - 2000 : text;
}

static inline const char *
rig_output(struct rig *rig, const char *text, const char *driver)
{
    static const char *const flags[] = {"-Wall", "-Wextra", "-Wconversion", "-Werror",
                                        "-Wno-unused-function"};
    const char *source = arena_printf(&rig->arena, "%s/program%u.c", rig->folder, rig->programs);
    const char *program = arena_printf(&rig->arena, "%s/program%u", rig->folder, rig->programs++);
    const char *whole = arena_printf(&rig->arena, "%s\n#include <stdio.h>\n%s", text, driver);
    const char *argv[] = {"gcc",
                          "-O2",
                          "-fsanitize=undefined",
                          "-fno-sanitize-recover=all",
                          flags[0],
                          flags[1],
                          flags[2],
                          flags[3],
                          flags[4],
                          "-o",
                          program,
                          source,
                          NULL};
    AUTO_PROC_RESULT built = {0};
    AUTO_PROC_RESULT ran = {0};

    RIG_OK(rig, fs_write(source, str_of(whole), &rig->err));
    RIG_OK(rig, proc_run(&(struct proc_spec){.argv = argv, .merge_stderr = true}, &built, &rig->err));
    ck_assert_msg(built.exit_code == 0, "%s\n%s", rig_tail(text), rig_tail(buf_text(&built.out)));
    const char *run[] = {program, NULL};
    RIG_OK(rig, proc_run(&(struct proc_spec){.argv = run, .merge_stderr = true, .output_max_bytes = 8 << 20},
                         &ran, &rig->err));
    ck_assert_msg(ran.exit_code == 0, "%s\n%s", rig_tail(text), rig_tail(buf_text(&ran.out)));
    return arena_str(&rig->arena, buf_str(&ran.out));
}

// Original and variant, followed by `driver` (which defines main), print the same, and something.
static inline void
rig_same(struct rig *rig, const char *variant, const char *driver)
{
    const char *expected = rig_output(rig, rig_splice(rig, NULL), driver);

    ck_assert_ptr_nonnull(variant);
    ck_assert(strlen(expected) > 10);
    const char *text = rig_splice(rig, variant);
    ck_assert_msg(strcmp(expected, rig_output(rig, text, driver)) == 0, "%s", rig_tail(text));
}

static inline bool
rig_holds(const char *variant, const char *part)
{
    return variant != NULL && strstr(variant, part) != NULL;
}

#endif
