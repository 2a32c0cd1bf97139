// SPDX-License-Identifier: Apache-2.0
// Compiles variants of a target into objects, and links objects with a random code layout into what cells
// host: shared objects for C, programs for Go. All of it runs in the sandbox.
#ifndef ATOLL_STEPS_SHARED_TARGET_BUILDER_H
#define ATOLL_STEPS_SHARED_TARGET_BUILDER_H

#include "sandbox/duet.h"
#include "steps/shared/target/compiler.h"
#include "steps/shared/target/object.h"
#include "steps/shared/target/object_cache.h"

struct signature;
struct target;

// Compiles variants in `scratch` (absolute). Not thread safe.
struct builder;

// C: compiles the shim and what the recipe links. Unless `link` in the recipe names sources (or is empty),
// source files of the repository that define what the target's file needs are found and linked too; what
// nobody defines ends the process when it is called.
struct builder *builder_new(struct launcher *launcher, const struct target *target, const char *scratch,
                            struct err *err) MUST_USE;
void builder_free(struct builder *builder);

// A compiled variant. Objects stay in the scratch folder.
struct built {
    bool ok;
    char object[4096];      // the .o of the spliced file; of Go the package's assembly listing
    struct buf diagnostics; // compiler output, at most 8 KiB; release it
    char code_hash[65]; // of the machine code and constants, names and debug information left out; duplicates
                        // have the same
    size_t code_bytes;
    struct object_summary summary;
};

// How many variants were compiled before, and what is kept of them; zeros where the language's own tool has a
// cache (Go).
struct object_cache_counts builder_counts(const struct builder *builder);

// Compiles one variant, or takes the object of the same text from before. ok=false with diagnostics when the
// compiler refuses it; -1 only for failures of the machine.
int builder_compile(struct builder *builder, struct str variant, enum build_kind kind, struct built *built,
                    struct err *err) MUST_USE;

// Links a compiled variant for a cell, with a code layout drawn from `layout_seed` (C: random pads before
// .text, Go: a random order of functions; 0 = none). Writes an absolute path; the file is the caller's to
// remove.
int builder_link(struct builder *builder, const struct built *built, enum build_kind kind,
                 uint64_t layout_seed, char path[4096], struct err *err) MUST_USE;

// Reads the signature off the built baseline where the text does not tell it (Go); else does nothing. It
// lives in the arena.
int builder_signature(struct builder *builder, struct arena *arena, struct signature *signature,
                      struct err *err) MUST_USE;

// The first name that a built variant's object takes from elsewhere and `like` does not (object_foreign).
int builder_foreign(const struct builder *builder, struct str object, struct str like, char name[64],
                    struct err *err) MUST_USE;

// Asks the language's own tools what a built variant has that a function which only computes has no use for,
// unless the function had it already. 0 nothing, or nobody to ask; 1 with "CHEAT: what it is" in *refusal,
// the cheat as sandbox/cheat.h names it.
int builder_vet(struct builder *builder, const struct built *built, struct str variant, char *refusal,
                size_t refusal_size, struct err *err) MUST_USE;

// A duet variant of a compiled one: link() with fresh layouts. Both must outlive it.
struct built_variant {
    struct builder *builder;
    const struct built *built;
    char path[4096]; // of its last link, "" before the first
};
struct duet_variant built_duet_variant(struct built_variant *variant);

// Removes what was linked last; each further link does so itself.
void built_variant_release(struct built_variant *variant);

#endif
