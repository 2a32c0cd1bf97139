// SPDX-License-Identifier: Apache-2.0
// Go: the signature is asked of the built baseline, a cell is the package's test binary.
#include "steps/shared/target/go/builder.h"
#include "steps/shared/target/go/calls.h"
#include "steps/shared/target/target.h"

#include <string.h>

// A benchmark file tells the types of parameters; nothing else can be said of them.
static int
check_params(const struct target *target, const json_t *params, struct err *err)
{
    const char *name, *key;
    json_t *given, *value;

    json_object_foreach((json_t *)(uintptr_t)params, name, given)
    {
        json_object_foreach(given, key, value)
        {
            if (strcmp(key, "type") != 0)
                return err_set(err, ERR_TARGET,
                               "%s: params: '%s' has a '%s', but parameters of a Go function are what their "
                               "types say; how they are drawn stands in the benchmark file, under inputs: "
                               "distribution:",
                               target->file, name, key);
        }
    }
    return 0;
}

// The recipe has flags for the go command alone: tags, say.
static int
open_go(struct arena *arena, const json_t *description, const struct recipe_yard *yard, struct target *target,
        struct err *err)
{
    (void)yard;
    struct words words;

    if (check_params(target, json_object_get(description, "params"), err) != 0 ||
        recipe_words(arena, json_object_get(description, "recipe"), "flags", &words, err) != 0)
        return -1;
    target->recipe =
        (struct recipe){.cc = "go", .flags = words.items, .flag_count = words.count, .directory = "."};
    return 0;
}

static const char *
epilogue(struct arena *arena, const struct target *target)
{
    (void)arena;
    (void)target;
    return NULL;
}

static void *
open_builder(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    return go_builder_new(launcher, target, scratch, err);
}

static void
close_builder(void *builder)
{
    go_builder_free(builder);
}

static int
compile_variant(void *builder, struct str variant, enum build_kind kind, struct built *built, struct err *err)
{
    return go_builder_compile(builder, variant, kind, built, err);
}

static int
link_variant(void *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
             char path[4096], struct err *err)
{
    return go_builder_link(builder, built, kind, layout_seed, path, err);
}

static int
vet_variant(void *builder, const struct built *built, struct str variant, char *refusal, size_t refusal_size,
            struct err *err)
{
    return go_builder_vet(builder, built, variant, refusal, refusal_size, err);
}

static int
ask_signature(void *builder, struct arena *arena, struct signature *signature, struct err *err)
{
    struct go_signature *go = ARENA_NEW(arena, struct go_signature);

    if (go_builder_signature(builder, arena, go, err) != 0)
        return -1;
    *signature = (struct signature){.result_type = "", .result_element = "", .calls = &go_call_ops, .go = go};
    return 0;
}

const struct language_ops language_go = {
    .id = LANGUAGE_GO,
    .name = "go",
    .managed = true,
    .budget_factor = 4, // a run-time library is linked with it
    .open = open_go,
    .epilogue = epilogue,
    .builder = {.open = open_builder,
                .close = close_builder,
                .compile = compile_variant,
                .link = link_variant,
                .signature = ask_signature,
                .vet = vet_variant},
};
