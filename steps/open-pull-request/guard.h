// SPDX-License-Identifier: Apache-2.0
// The change a maintainer reviews: the old function stays, word for word, as NAME_control; the new one stands
// beside it as NAME_treatment; NAME itself chooses between them by a flag that is off until somebody switches
// it on.
#ifndef ATOLL_STEPS_OPEN_PULL_REQUEST_GUARD_H
#define ATOLL_STEPS_OPEN_PULL_REQUEST_GUARD_H

#include "steps/shared/target/target.h"

#define GUARD_HEADER "atoll_flag.h"

// When the flag is read: once in the life of the process, or on every call.
enum guard_template { GUARD_PER_PROCESS, GUARD_PER_CALL };

// The text of the header that is put beside a C file: C99, libc alone. Static.
const char *guard_header(void);

// The text of the file that is put beside the target's source, and its name: GUARD_HEADER, or go_guard.h's
// file. In the arena or static; NULL when a Go file has no package clause.
const char *guard_companion(struct arena *arena, const struct target *target, const char **name);

// What branch, flag and rollout file are called after: the function, or FILE--FUNCTION for a static one
// ("tag--trim" for src/tag.c:trim), because another file may have a function of that name. In Go names are
// those of a package, so it is FOLDER--FUNCTION in a folder ("tags--Trim", "tags--List-Trim" for a method). A
// letter of the file's or folder's name that C has no use for becomes '_'. In the arena, or the target's.
const char *guard_name(struct arena *arena, const struct target *target);

// The key of the flag of a guard_name, "normalize_tag" -> "atoll-normalize-tag"; in the arena.
const char *guard_flag_key(struct arena *arena, const char *name);

// The environment variable that overrides the flag, "ATOLL_FLAG_NORMALIZE_TAG", "ATOLL_FLAG_TAG__TRIM"; in
// the arena.
const char *guard_variable(struct arena *arena, const char *name);

// What the change to `function` of `file` calls the old function, the new one, and the file that reads the
// flag. In the arena or static.
struct guard_names {
    const char *control, *treatment, *flag_file;
};
struct guard_names guard_names(struct arena *arena, const char *file, const char *function);

// Writes the source file with `variant` (definitions before the function, and the function) as treatment.
// ERR_TARGET when the variant does not define the function or the definition can't be doubled (variadic, or
// named by a macro).
int guard_write(struct arena *arena, const struct target *target, struct str variant,
                enum guard_template template, struct buf *file, struct err *err) MUST_USE;

#endif
