// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/go/vet.h"

#include "base/embed.h"
#include "base/fs.h"
#include "steps/shared/target/target.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUTPUT_MAX_BYTES = 64 << 20, VERDICT_MAX_BYTES = 64 << 10 };

#define FOLDER "steps/shared/target/go/vet/"
EMBED(go_vet_main, FOLDER "main.go");
EMBED(go_vet_names, FOLDER "names.go");
EMBED(go_vet_view, FOLDER "view.go");
EMBED(go_vet_use, FOLDER "use.go");
EMBED(go_vet_habits, FOLDER "habits.go");
EMBED(go_vet_variant, FOLDER "variant.go");
EMBED(go_vet_table, FOLDER "table.go");
EMBED(go_vet_reach, FOLDER "reach.go");

struct go_vet {
    struct arena arena;
    struct go_tool *tool;
    const struct target *target;
    const char *program, *list, *file;
};

static int
complain(const struct go_vet *vet, const char *what, struct str output, struct err *err)
{
    return err_set(err, ERR_TARGET, "%s: %s: %" STR_FMT, vet->target->file, what,
                   STR_ARG(str_trim(str_head(output, 600))));
}

static int
compile(struct go_vet *vet, const char *scratch, struct err *err)
{
    static const char *const sources[] = {go_vet_main,   go_vet_names,   go_vet_view,  go_vet_use,
                                          go_vet_habits, go_vet_variant, go_vet_table, go_vet_reach};
    AUTO_BUF output = BUF(VERDICT_MAX_BYTES);
    struct words arguments = {0};
    bool ok;

    if (fs_mkdirs(scratch, err) != 0)
        return -1;
    vet->program = fs_join(&vet->arena, scratch, "vet");
    const char *const words[] = {"build",          "-trimpath", "-buildvcs=false",
                                 "-ldflags=-s -w", "-o",        vet->program};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words_add(&vet->arena, &arguments, words[i]);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const char *path = arena_printf(&vet->arena, "%s/vet%zu.go", scratch, i);
        words_add(&vet->arena, &arguments, path);
        if (fs_write_scratch(path, str_of(sources[i]), err) != 0)
            return -1;
    }
    if (go_tool_run(vet->tool, &arguments, &ok, &output, err) != 0)
        return -1;
    return ok ? 0 : complain(vet, "the program that vets variants does not compile", buf_str(&output), err);
}

// With the flags that variants are built with, so that what they import is compiled once.
static int
list_packages(struct go_vet *vet, const char *scratch, struct err *err)
{
    AUTO_BUF output = BUF(OUTPUT_MAX_BYTES);
    const struct recipe *recipe = &vet->target->recipe;
    struct words arguments = {0};
    bool ok;

    vet->list = fs_join(&vet->arena, scratch, "packages.json");
    words_add(&vet->arena, &arguments, "list");
    for (size_t i = 0; i < recipe->flag_count; i++)
        words_add(&vet->arena, &arguments, recipe->flags[i]);
    const char *const words[] = {"-trimpath",
                                 "-buildvcs=false",
                                 "-export",
                                 "-deps",
                                 "-json=Dir,ImportPath,Export,GoFiles,CgoFiles,ImportMap,DepOnly,Module",
                                 "."};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words_add(&vet->arena, &arguments, words[i]);
    if (go_tool_run(vet->tool, &arguments, &ok, &output, err) != 0)
        return -1;
    if (!ok) {
        struct str rest = buf_str(&output); // complaints, and then what could be listed
        return complain(vet, "go list fails", str_cut(&rest, '{'), err);
    }
    return fs_write_scratch(vet->list, buf_str(&output), err);
}

struct go_vet *
go_vet_new(struct go_tool *tool, const struct target *target, const char *scratch, struct err *err)
{
    struct go_vet *vet = calloc(1, sizeof *vet);

    if (vet == NULL)
        abort();
    vet->tool = tool;
    vet->target = target;
    vet->file = fs_join(&vet->arena, target->repository, target->file);
    if (compile(vet, scratch, err) == 0 && list_packages(vet, scratch, err) == 0)
        return vet;
    go_vet_free(vet);
    return NULL;
}

void
go_vet_free(struct go_vet *vet)
{
    if (vet == NULL)
        return;
    arena_release(&vet->arena);
    free(vet);
}

int
go_vet_run(struct go_vet *vet, const char *source, size_t length, char *refusal, size_t refusal_size,
           struct err *err)
{
    AUTO_ARENA arena = {0};
    AUTO_BUF output = BUF(VERDICT_MAX_BYTES);
    const struct function *function = &vet->target->function;
    const char *const argv[] = {vet->program,
                                vet->list,
                                vet->file,
                                arena_printf(&arena, "%zu", function->start),
                                arena_printf(&arena, "%zu", function->end),
                                source,
                                arena_printf(&arena, "%zu", function->start + length),
                                NULL};
    bool ok;

    if (go_tool_run_program(vet->tool, argv, true, &ok, &output, err) != 0)
        return -1;
    if (!ok)
        return complain(vet, "a variant can't be vetted", buf_str(&output), err);
    struct str verdict = str_trim(buf_str(&output));
    snprintf(refusal, refusal_size, "%" STR_FMT, STR_ARG(verdict));
    return verdict.len > 0;
}
