// SPDX-License-Identifier: Apache-2.0
// Builds variants of a Go function into programs for cells: the test binary of the function's own package,
// with the harness (harness.h) in place of its tests. The repository is not copied: the compiler sees the
// variant and the harness through an overlay. A fresh layout is the linker's own random order of functions.
#ifndef ATOLL_STEPS_SHARED_TARGET_GO_BUILDER_H
#define ATOLL_STEPS_SHARED_TARGET_GO_BUILDER_H

#include "steps/shared/target/builder.h"
#include "steps/shared/target/go/type.h"

struct go_builder;

// The results are as in builder.h; `scratch` is absolute. ERR_ENVIRONMENT when there is no go command,
// ERR_TARGET when the function is generic or its file in no module.
struct go_builder *go_builder_new(struct launcher *launcher, const struct target *target, const char *scratch,
                                  struct err *err) MUST_USE;
void go_builder_free(struct go_builder *builder);

// built->object is the compiler's listing (go_listing.h).
int go_builder_compile(struct go_builder *builder, struct str variant, enum build_kind kind,
                       struct built *built, struct err *err) MUST_USE;
int go_builder_link(struct go_builder *builder, const struct built *built, enum build_kind kind,
                    uint64_t layout_seed, char path[4096], struct err *err) MUST_USE;

// As builder_vet.
int go_builder_vet(struct go_builder *builder, const struct built *built, struct str variant, char *refusal,
                   size_t refusal_size, struct err *err) MUST_USE;

// Builds the baseline and asks it for the types of its arguments and results. Everything lives in the arena.
int go_builder_signature(struct go_builder *builder, struct arena *arena, struct go_signature *signature,
                         struct err *err) MUST_USE;

#endif
