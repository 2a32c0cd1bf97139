// SPDX-License-Identifier: Apache-2.0
// Builds variants of a C function into shared objects; all is as builder.h says.
#ifndef ATOLL_STEPS_SHARED_TARGET_C_BUILDER_H
#define ATOLL_STEPS_SHARED_TARGET_C_BUILDER_H

#include "steps/shared/target/builder.h"

struct c_builder;

// Compiles the shim and what the recipe links; see builder_new.
struct c_builder *c_builder_new(struct launcher *launcher, const struct target *target, const char *scratch,
                                struct err *err) MUST_USE;
void c_builder_free(struct c_builder *builder);

// As builder_compile; built->object is an object file.
int c_builder_compile(struct c_builder *builder, struct str variant, enum build_kind kind,
                      struct built *built, struct err *err) MUST_USE;

// As builder_counts.
struct object_cache_counts c_builder_counts(const struct c_builder *builder);

// As builder_link; the layout is made of random pads.
int c_builder_link(struct c_builder *builder, const struct built *built, enum build_kind kind,
                   uint64_t layout_seed, char path[4096], struct err *err) MUST_USE;

#endif
