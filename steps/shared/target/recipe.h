// SPDX-License-Identifier: Apache-2.0
// How the repository compiles a file: compiler, flags, folder, further sources. Read from what the user
// gives, else from compile_commands.json, else from a dry run of make, else "-O2". Only flags that bear on
// the code survive (-O -m -f -D -U -I -std and their like); warnings, outputs, dependency files, debug
// information, profiling, sanitizers and link-time optimisation are left out.
#ifndef ATOLL_STEPS_SHARED_TARGET_RECIPE_H
#define ATOLL_STEPS_SHARED_TARGET_RECIPE_H

#include "base/arena.h"
#include "base/json.h"
#include "steps/shared/target/command.h"

struct launcher;

// JSON form: {"cc": "cc", "flags": ["-O2"], "directory": ".", "link": ["src/x.c", "lib/y.a", "-lm"], "write":
// ["/tmp/log"], "doubt": "..."}; flags may be one string too.
struct recipe {
    const char *cc; // found through PATH when not absolute; $CC of the environment, then cc
    const char *const
        *flags; // as the repository compiles it; -O2 is put first when no -O is there or it is lower
    size_t flag_count;
    const char *const *link; // what the function needs beside its file: source files, objects and archives
                             // (paths relative to the repository), -lNAME, -LFOLDER
    size_t link_count;
    bool link_given;          // `link` stands in the recipe
    const char *directory;    // relative to the repository; where the flags are meant
    const char *const *write; // absolute paths that a compiler wrapper may write to
    size_t write_count;
    const char *doubt; // why the flags are a guess; NULL when they are given or were found
};

// Where make may be asked: in the sandbox, on a view of the repository (sandbox/workspace.h) below `home`.
struct recipe_yard {
    struct launcher *launcher;
    const char *home; // absolute
};

// Reads the recipe of `file` (relative to `repository`, which is absolute and without symbolic links).
// `given` is the JSON form or NULL; its members win. Without a `yard` make is not asked. Everything lives in
// the arena.
int recipe_read(struct arena *arena, const char *repository, const char *file, const json_t *given,
                const struct recipe_yard *yard, struct recipe *recipe, struct err *err) MUST_USE;

// Says that `file` does not compile, with the first line of the compiler's diagnostics and what may be wrong
// with the recipe. -1.
int recipe_refused(const struct recipe *recipe, const char *file, struct str diagnostics, struct err *err);

// The words under `key` of the JSON form: a list of texts, or one text that is split as a shell does; none
// when there is no such member. In the arena.
int recipe_words(struct arena *arena, const json_t *given, const char *key, struct words *words,
                 struct err *err) MUST_USE;

// Whether sources of the repository may be added to what is linked: nothing is given, or nothing but objects,
// archives and libraries.
bool recipe_is_open(const struct recipe *recipe);

// The JSON form. Owned.
json_t *recipe_to_json(const struct recipe *recipe);

#endif
