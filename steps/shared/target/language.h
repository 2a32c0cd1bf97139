// SPDX-License-Identifier: Apache-2.0
// What the pipeline needs from a language beside its grammar (syntax.h) and where its functions stand
// (function.h): how a function is opened, built into a program that a cell hosts, and called. One const table
// a language; language.c lists them.
#ifndef ATOLL_STEPS_SHARED_TARGET_LANGUAGE_H
#define ATOLL_STEPS_SHARED_TARGET_LANGUAGE_H

#include "base/json.h"
#include "base/rng.h"
#include "steps/shared/target/compiler.h"
#include "steps/shared/target/object_cache.h"
#include "steps/shared/target/syntax.h"

struct built;
struct corpus;
struct signature;
struct target;

// The calls of a function. Each does what the function of the same purpose does for any language:
// captured_add, corpus_call_json, distribution_of, generate_calls, generate_boundary, beyond_calls,
// signature_to_json.
struct call_ops {
    int (*add)(struct corpus *corpus, const struct signature *signature, const json_t *arguments,
               const char *name, struct err *err);
    json_t *(*json)(const struct corpus *corpus, size_t index, const struct signature *signature);
    json_t *(*distribution)(const struct corpus *corpus, const struct signature *signature);
    int (*generate)(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                    const struct corpus *like, struct rng *rng, size_t count, struct err *err);
    int (*boundary)(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                    struct rng *rng, struct err *err);
    int (*beyond)(struct corpus *corpus, const struct signature *signature, const json_t *distribution,
                  const struct corpus *like, struct rng *rng, struct err *err);
    json_t *(*signature)(const struct signature *signature);
    json_t *(*output)(const struct signature *signature, struct str output); // canonical output of a call
    bool (*returned)(struct str output); // the call gave its results; one that panics can't be timed
    bool (*same)(const struct signature *a, const struct signature *b); // a call of a is one of b
};

// A builder of the language's own; results as in builder.h.
struct builder_ops {
    void *(*open)(struct launcher *launcher, const struct target *target, const char *scratch,
                  struct err *err);
    void (*close)(void *builder); // NULL is allowed
    int (*compile)(void *builder, struct str variant, enum build_kind kind, struct built *built,
                   struct err *err);
    int (*link)(void *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
                char path[4096], struct err *err);
    // NULL when the language's own tool keeps what it has compiled.
    struct object_cache_counts (*counts)(const void *builder);
    // Asks the built baseline for the signature; NULL when `open` of the language reads it off the text.
    int (*signature)(void *builder, struct arena *arena, struct signature *signature, struct err *err);
    // As builder_vet; NULL where the object tells.
    int (*vet)(void *builder, const struct built *built, struct str variant, char *refusal,
               size_t refusal_size, struct err *err);
};

struct language_ops {
    enum language id;
    const char *name;       // "c", "go"
    bool managed;           // what is linked is a program with a runtime of its own (cell.h)
    unsigned budget_factor; // on a full duet's time: what a launch takes beyond its quads, which is to link
    // Reads recipe and signature of a target whose function was found. `description` is target_open's, and so
    // is the `yard`.
    int (*open)(struct arena *arena, const json_t *description, const struct recipe_yard *yard,
                struct target *target, struct err *err);
    // What stands behind a file that is built for a cell (arena); NULL for nothing.
    const char *(*epilogue)(struct arena *arena, const struct target *target);
    // As object_foreign, of what a built variant's `object` holds; NULL where `vet` tells.
    int (*foreign)(struct str object, struct str like, char name[64], struct err *err);
    struct builder_ops builder;
};

// The language's table.
const struct language_ops *language_ops(enum language language);

// The tables, one a file.
extern const struct language_ops language_c, language_go;

#endif
