// SPDX-License-Identifier: Apache-2.0
// Code under optimisation: one function of one file of a repository, how it is built, and variants of it. A variant is
// the text that replaces the function's definition (it may define helpers and tables before the function). Everything
// is compiled in the sandbox with the repository's own flags, at least -O2.
#ifndef ATOLL_STEPS_SHARED_TARGET_TARGET_H
#define ATOLL_STEPS_SHARED_TARGET_TARGET_H

#include "sandbox/duet.h"
#include "steps/shared/target/function.h"

// How the repository compiles the file. JSON form: {"cc": "cc", "flags": [..], "directory": ".", "link": ["src/x.c"]}.
struct recipe {
    const char *cc;           // found through PATH when not absolute; $CC of the environment, then cc
    const char *const *flags; // as the repository compiles it; -O2 is put first when no -O is there or it is lower
    size_t flag_count;
    const char *const *link; // further source files of the repository that the function needs, relative paths
    size_t link_count;
};

struct target {
    const char *repository; // absolute
    const char *file;       // relative to the repository
    const char *name;       // of the function
    const char *commit;     // HEAD when it was opened, "" outside of git
    struct str source;      // text of the file
    struct syntax *syntax;
    struct function function;
    struct signature signature;
    struct recipe recipe;
};

// Opens FILE:FUNCTION. `description` may hold "params" (role overrides), "recipe" ({cc, flags, link}); a recipe without
// flags is read from compile_commands.json, else from `make -n -B` of the repository's Makefile, else "-O2".
// Everything lives in the arena except the syntax, which target_close frees.
int target_open(struct arena *arena, const char *repository, const char *file, const char *name,
                const json_t *description, struct target *target, struct err *err) MUST_USE;
void target_close(struct target *target);

// The file's text with the function's definition replaced by `variant` (arena). With `for_cell`, the declaration of
// `atoll_target` is appended.
struct str target_splice(struct arena *arena, const struct target *target, struct str variant, bool for_cell);

// The baseline variant: the definition as it stands.
struct str target_baseline(const struct target *target);

// Compiles variants in `scratch` (absolute). Not thread safe.
struct builder;
struct builder *builder_new(struct launcher *launcher, const struct target *target, const char *scratch,
                            struct err *err) MUST_USE;
void builder_free(struct builder *builder);

enum build_kind { BUILD_PLAIN, BUILD_SANITIZED };

// A compiled variant. Objects stay in the scratch folder.
struct built {
    bool ok;
    char object[4096];     // the .o of the spliced file
    struct buf diagnostics; // compiler output, at most 8 KiB; release it
    char code_hash[65];    // of the machine code and constants, names and debug information left out; duplicates have the same
    size_t code_bytes;
};

// Compiles one variant. ok=false with diagnostics when the compiler refuses it; -1 only for failures of the machine.
int builder_compile(struct builder *builder, struct str variant, enum build_kind kind, struct built *built,
                    struct err *err) MUST_USE;

// Links a compiled variant into a shared object for a cell, with a code layout drawn from `layout_seed` (random pads
// before .text, 0 = none). Writes an absolute path; the file is the caller's to remove.
int builder_link(struct builder *builder, const struct built *built, enum build_kind kind, uint64_t layout_seed,
                 char path[4096], struct err *err) MUST_USE;

// A duet variant of a compiled one: link() with fresh layouts. Both must outlive it.
struct built_variant {
    struct builder *builder;
    const struct built *built;
};
struct duet_variant built_duet_variant(struct built_variant *variant);

#endif
