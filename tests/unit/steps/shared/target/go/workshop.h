// SPDX-License-Identifier: Apache-2.0
// A Go module in a workshop, and one of its functions with a builder: for tests that need go. Without it they
// say so and are left out.
#ifndef ATOLL_TESTS_TARGET_GO_WORKSHOP_H
#define ATOLL_TESTS_TARGET_GO_WORKSHOP_H

#include "base/json.h"
#include "steps/shared/target/captured.h"
#include "steps/shared/target/go/value.h"
#include "tests/unit/steps/shared/target/workshop.h"

#include <stdlib.h>

// Whether there is a go command; says so when not.
static inline bool
has_go(void)
{
    struct arena arena = {0};
    bool there = proc_find(&arena, "go") != NULL || fs_exists("/usr/local/go/bin/go");

    arena_release(&arena);
    if (!there)
        printf("skipped: needs go\n");
    return there;
}

struct go_bench {
    struct workshop w;
    struct target target;
    struct builder *builder;
    struct corpus corpus;
};

static inline void
go_bench_release(struct go_bench *b)
{
    corpus_release(&b->corpus);
    builder_free(b->builder);
    target_close(&b->target);
    workshop_release(&b->w);
}

// A workshop with a module "example.com/m" whose file tag.go is `text`.
static inline void
go_bench_init(struct go_bench *b, const char *text)
{
    *b = (struct go_bench){0};
    workshop_init(&b->w);
    corpus_init(&b->corpus, 1 << 20);
    workshop_file(&b->w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    workshop_file(&b->w, "tag.go", text);
}

// Opens a function of tag.go; -1 with b->w.err.
static inline int
go_bench_try(struct go_bench *b, const char *function)
{
    struct workshop *w = &b->w;

    if (target_open(&w->arena, w->repository, "tag.go", function, NULL, NULL, &b->target, &w->err) != 0)
        return -1;
    b->builder = builder_new(w->launcher, &b->target, w->scratch, &w->err);
    return b->builder == NULL ? -1 : builder_signature(b->builder, &w->arena, &b->target.signature, &w->err);
}

static inline void
go_bench_open(struct go_bench *b, const char *text, const char *function)
{
    go_bench_init(b, text);
    OK(go_bench_try(b, function), &b->w.err);
}

// Adds a captured call given as JSON arguments.
static inline void
go_bench_add(struct go_bench *b, const char *arguments)
{
    AUTO_JSON *json = json_read(str_of(arguments), "call", &b->w.err);

    ck_assert_msg(json != NULL, "%s", b->w.err.message);
    OK(captured_add(&b->corpus, &b->target.signature, json, "calls:1", &b->w.err), &b->w.err);
}

// A cell with a variant and the corpus loaded.
static inline struct cell *
go_bench_cell(struct go_bench *b, struct str variant, enum build_kind kind)
{
    struct err *err = &b->w.err;
    struct built built;
    char path[4096];
    struct cell_inputs inputs = corpus_inputs(&b->corpus);

    OK(builder_compile(b->builder, variant, kind, &built, err), err);
    ck_assert_msg(built.ok, "%s", buf_text(&built.diagnostics));
    OK(builder_link(b->builder, &built, kind, 0, path, err), err);
    buf_release(&built.diagnostics);
    struct cell_options options = {.object_path = path,
                                   .limits = {.wall_ms = 20000, .memory_bytes = (size_t)1 << 31},
                                   .managed = true,
                                   .sanitized = kind == BUILD_SANITIZED};
    struct cell *cell = cell_new(b->w.launcher, &options, err);
    ck_assert_msg(cell != NULL, "%s", err->message);
    OK(cell_load(cell, &inputs, err), err);
    return cell;
}

#endif
