// SPDX-License-Identifier: Apache-2.0
// A function of a small file, run through cells from end to end: compiled, loaded, called, compared.
#ifndef ATOLL_TESTS_TARGET_KINDS_H
#define ATOLL_TESTS_TARGET_KINDS_H

#include "steps/shared/target/captured.h"
#include "steps/shared/target/differential.h"
#include "steps/shared/target/generate.h"
#include "tests/unit/steps/attempt.h"

struct kind {
    struct workshop w;
    struct attempt attempt;
    struct workbench bench;
};

#define AUTO_KIND __attribute__((cleanup(kind_release))) struct kind

static const struct step_ops kind_step = {.name = "none"};

// Opens a function of a file, whose text is `source`, in a workshop that is there. `more` is the JSON of a
// target without its file and function.
static inline void
kind_open_file(struct kind *k, const char *file, const char *function, const char *source, const char *more)
{
    workshop_file(&k->w, file, source);
    attempt_init(&k->attempt, &k->w, &kind_step, "{}");
    AUTO_JSON *target = json_read(str_of(more), "target", &k->w.err);
    ck_assert_msg(target != NULL, "%s", k->w.err.message);
    json_set_text(target, "file", file);
    json_set_text(target, "function", function);
    OK(workbench_open(&k->attempt.step, target, &k->bench, &k->w.err), &k->w.err);
    k->bench.limits.wall_ms = 30000; // of a busy machine
    corpus_init(&k->bench.train, 8 << 20);
}

// The same of function f of x.c.
static inline void
kind_open(struct kind *k, const char *source, const char *more)
{
    kind_open_file(k, "x.c", "f", source, more);
}

// The same in a workshop of its own. `params` is the JSON of the overrides, or NULL.
static inline void
kind_init(struct kind *k, const char *source, const char *params)
{
    *k = (struct kind){0};
    workshop_init(&k->w);
    kind_open(k, source,
              arena_printf(&k->w.arena,
                           "{\"params\": %s, \"recipe\": {\"cc\": \"gcc\", \"flags\": [\"-O2\"]}}",
                           params != NULL ? params : "{}"));
}

// The same of a Go function in a workshop of its own; `source` is its package without the clause.
static inline void
kind_open_go(struct kind *k, const char *function, const char *source)
{
    *k = (struct kind){0};
    workshop_init(&k->w);
    workshop_file(&k->w, "go.mod", "module example.com/m\n\ngo 1.21\n");
    kind_open_file(k, "x.go", function, arena_printf(&k->w.arena, "package m\n\n%s\n", source), "{}");
}

// Stops what runs and removes the folders.
static inline void
kind_release(struct kind *k)
{
    workbench_release(&k->bench);
    attempt_release(&k->attempt);
    workshop_release(&k->w);
}

// Adds a captured call, and checks that it comes back from the corpus as the same call.
static inline void
kind_add(struct kind *k, const char *arguments)
{
    AUTO_JSON *call = json_read(str_of(arguments), "call", &k->w.err);
    struct corpus *train = &k->bench.train;
    const struct signature *signature = &k->bench.target.signature;
    ck_assert_msg(call != NULL, "%s", k->w.err.message);
    OK(captured_add(train, signature, call, "x.jsonl:1", &k->w.err), &k->w.err);
    AUTO_JSON *back = corpus_call_json(train, train->count - 1, signature);
    OK(captured_add(train, signature, back, "back", &k->w.err), &k->w.err);
    ck_assert(str_eq(corpus_call(train, train->count - 2), corpus_call(train, train->count - 1)));
    corpus_drop_last(train);
}

// Adds calls that are made up, at random and at the boundaries.
static inline void
kind_make_up(struct kind *k, size_t count)
{
    struct rng rng;
    struct corpus *train = &k->bench.train;
    const struct signature *signature = &k->bench.target.signature;
    AUTO_JSON *learned = distribution_of(train, signature);
    rng_init(&rng, 7, 7);
    OK(generate_calls(train, signature, learned, train, &rng, count, &k->w.err), &k->w.err);
    OK(generate_boundary(train, signature, learned, &rng, &k->w.err), &k->w.err);
}

// Compares a variant of f on all calls.
static inline struct differential
kind_compare(struct kind *k, const char *variant, enum build_kind build)
{
    struct differential found;
    OK(differential_run(&k->bench, str_of(variant), build, &k->bench.train, &found, &k->w.err), &k->w.err);
    return found;
}

// The variant does the same on all calls, of which there are some; sanitizers agree.
static inline void
kind_same(struct kind *k, const char *variant)
{
    for (int build = BUILD_PLAIN; build <= BUILD_SANITIZED; build++) {
        struct differential found = kind_compare(k, variant, (enum build_kind)build);
        char *example = found.differ > 0 ? json_compact(found.counterexample) : NULL;
        ck_assert_msg(found.differ == 0, "build %d: %zu differ: %s", build, found.differ, example);
        ck_assert_uint_gt(found.compared, 0);
        ck_assert_uint_eq(found.left_out, 0);
        free(example);
    }
}

// The variant is caught, and this is what a person is shown as the two outputs.
static inline void
kind_differs_as(struct kind *k, const char *variant, const char *expected, const char *got)
{
    struct differential found = kind_compare(k, variant, BUILD_PLAIN);
    ck_assert_msg(found.differ > 0, "%s was not caught in %zu calls", variant, found.compared);
    char *one = json_canonical(json_object_get(found.counterexample, "expected"));
    char *other = json_canonical(json_object_get(found.counterexample, "got"));
    ck_assert_str_eq(one, expected);
    ck_assert_str_eq(other, got);
    free(one);
    free(other);
    json_decref(found.counterexample);
}

// The variant is caught. The arguments of the counterexample, as text of the arena.
static inline const char *
kind_differs(struct kind *k, const char *variant)
{
    struct differential found = kind_compare(k, variant, BUILD_PLAIN);
    ck_assert_msg(found.differ > 0, "%s was not caught in %zu calls", variant, found.compared);
    char *text = json_compact(json_object_get(found.counterexample, "args"));
    const char *kept = arena_dup(&k->w.arena, text);
    free(text);
    json_decref(found.counterexample);
    return kept;
}

#endif
