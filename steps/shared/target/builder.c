// SPDX-License-Identifier: Apache-2.0
#include "steps/shared/target/builder.h"

#include "steps/shared/target/language.h"
#include "steps/shared/target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct builder {
    const struct language_ops *language;
    void *own; // the language's builder
};

struct builder *
builder_new(struct launcher *launcher, const struct target *target, const char *scratch, struct err *err)
{
    struct builder *builder = calloc(1, sizeof *builder);

    if (builder == NULL)
        abort();
    builder->language = target->language;
    builder->own = builder->language->builder.open(launcher, target, scratch, err);
    if (builder->own != NULL)
        return builder;
    builder_free(builder);
    return NULL;
}

void
builder_free(struct builder *builder)
{
    if (builder == NULL)
        return;
    builder->language->builder.close(builder->own);
    free(builder);
}

int
builder_compile(struct builder *builder, struct str variant, enum build_kind kind, struct built *built,
                struct err *err)
{
    return builder->language->builder.compile(builder->own, variant, kind, built, err);
}

struct object_cache_counts
builder_counts(const struct builder *builder)
{
    const struct builder_ops *ops = &builder->language->builder;

    return ops->counts != NULL ? ops->counts(builder->own) : (struct object_cache_counts){0};
}

int
builder_link(struct builder *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
             char path[4096], struct err *err)
{
    return builder->language->builder.link(builder->own, built, kind, layout_seed, path, err);
}

int
builder_signature(struct builder *builder, struct arena *arena, struct signature *signature, struct err *err)
{
    const struct builder_ops *ops = &builder->language->builder;

    return ops->signature != NULL ? ops->signature(builder->own, arena, signature, err) : 0;
}

int
builder_foreign(const struct builder *builder, struct str object, struct str like, char name[64],
                struct err *err)
{
    name[0] = '\0';
    return builder->language->foreign == NULL ? 0 : builder->language->foreign(object, like, name, err);
}

int
builder_vet(struct builder *builder, const struct built *built, struct str variant, char *refusal,
            size_t refusal_size, struct err *err)
{
    const struct builder_ops *ops = &builder->language->builder;

    return ops->vet == NULL ? 0 : ops->vet(builder->own, built, variant, refusal, refusal_size, err);
}

static int
link_variant(void *context, uint64_t layout_seed, char path[4096], struct err *err)
{
    struct built_variant *variant = context;

    built_variant_release(variant);
    if (builder_link(variant->builder, variant->built, BUILD_PLAIN, layout_seed, path, err) != 0)
        return -1;
    snprintf(variant->path, sizeof variant->path, "%s", path);
    return 0;
}

void
built_variant_release(struct built_variant *variant)
{
    if (variant->path[0] != '\0')
        unlink(variant->path);
    variant->path[0] = '\0';
}

struct duet_variant
built_duet_variant(struct built_variant *variant)
{
    const struct language_ops *language = variant->builder->language;

    return (struct duet_variant){.context = variant, .link = link_variant, .managed = language->managed};
}
